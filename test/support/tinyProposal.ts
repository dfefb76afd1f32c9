/** @file A made-up run of the tiny task that proposes two changes to its prompt and an adapter that the tiny model can load. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import type { Difference, Estimate, ChangedPrediction, MeasuredState } from '../../src/optimize/events.ts';
import type { RunEvent } from '../../src/run/record/events.ts';
import { fakeConfig } from '../../src/run/fakeRun.fixture.ts';
import { openJournal } from '../../src/run/record/journal.ts';
import { createRun, readSource } from '../../src/run/record/runDirectory.ts';
import { runDefaults } from '../../src/run/spec.ts';
import { tinyModel } from './paths.ts';
import { writeTinyTask } from './tinyTask.ts';

/** What the run proposes. */
export const proposed = {
  body: 'Is it a colour or an animal?\n\nText: ${input:text}\nAnswer:\n',
  reason: 'asked as a question with both answers in it',
  adapter: '.tandem/adapters/kind-5a5a5a5a',
};
const adapter = '5a5a5a5a00112233';

/** Writes the tiny task and a run of it that has ended. @returns the run's name */
export function writeTinyProposal(folder: string): string {
  writeTinyTask(folder);
  const prompt = join(folder, 'kind.prompt.md');
  const source = readSource(prompt);
  const directory = createRun({ ...runDefaults, prompt }, { source, data: {} });
  cpSync(join(tinyModel, 'adapter'), join(directory.adapters, adapter), { recursive: true });
  const body = source.slice(source.indexOf('Say'));
  const start = measured('0.0', body, 0.5);
  const first = measured('1.2', proposed.body, 0.62);
  const best = { ...measured('2.0', proposed.body, 0.81), adapter };
  const steps = Array.from({ length: 20 }, (_, i): RunEvent => {
    const step = { step: i + 1, steps: 20, loss: 1.2 / (i + 2), learningRate: 1e-3, gradientNorm: 1 };
    return { type: 'weightStep', phase: 2, ...step, tokensUsed: 3000 + 100 * i };
  });
  const { run } = directory;
  const events: RunEvent[] = [
    {
      type: 'runStarted',
      config: { ...fakeConfig, run, prompt: 'kind.prompt.md', data: ['rows.jsonl'], startedAt: new Date().toISOString() },
    },
    { type: 'rateMeasured', tokensPerSecond: 1000, budget: 6000 },
    { type: 'baselineMeasured', state: start, tokensUsed: 500 },
    { type: 'phaseStarted', phase: 1, target: 'prompt', because: 'the preflight test speaks for it' },
    {
      type: 'candidateProposed',
      phase: 1,
      candidate: '1.2',
      proposer: 'grounded templates',
      reason: proposed.reason,
      prompt: { body: proposed.body, demonstrations: [] },
    },
    { type: 'candidateMeasured', phase: 1, candidate: '1.2', score: difference(0.12, 16), logLikelihood: difference(0.2, 16), kept: true },
    decided(1, '1.2', 0.12, [fix(4, 'cat number 3', 'animal'), fix(11, 'dog number 10', 'animal')]),
    { type: 'phaseEnded', phase: 1, target: 'prompt', accepted: true, best: first, tokensUsed: 2900 },
    { type: 'phaseStarted', phase: 2, target: 'weights', because: 'the weights have not been tried' },
    ...steps,
    decided(2, '2.0', 0.19, [fix(2, 'green number 1', 'colour')]),
    { type: 'phaseEnded', phase: 2, target: 'weights', accepted: true, best, tokensUsed: 5200 },
    { type: 'testOpened', rows: 20 },
    {
      type: 'attributed',
      cells: (['old', 'new'] as const).flatMap((weights) =>
        (['old', 'new'] as const).map((text) => {
          const mean = 0.5 + (weights === 'new' ? 0.2 : 0) + (text === 'new' ? 0.1 : 0);
          return { weights, prompt: text, score: estimate(mean, 20), logLikelihood: estimate(mean - 2, 20) };
        }),
      ),
      total: difference(0.3, 20),
      promptAlone: difference(0.1, 20),
      weightsAlone: difference(0.2, 20),
      interaction: difference(0, 20),
      tokensUsed: 800,
    },
    { type: 'runEnded', because: 'the budget is spent' },
  ];
  const journal = openJournal(directory.journal, []);
  for (const event of events) journal.append(event);
  journal.close();
  return run;
}

const estimate = (mean: number, rows: number): Estimate => ({ mean, low: mean - 0.1, high: mean + 0.1, rows });
const difference = (mean: number, rows: number): Difference => ({
  ...estimate(mean, rows),
  probabilityBetter: mean > 0 ? 0.98 : 0.5,
});

function measured(candidate: string, body: string, mean: number): MeasuredState {
  return {
    candidate,
    prompt: { body, demonstrations: [] },
    score: estimate(mean, 24),
    logLikelihood: estimate(mean - 2, 24),
    objective: { logLikelihood: mean - 2, weightPenalty: 0.01, promptPenalty: 0.02, total: mean - 2.03 },
    promptTokens: body.length,
  };
}

function fix(line: number, text: string, gold: string): ChangedPrediction {
  const wrong = gold === 'animal' ? 'colour' : 'animal';
  return { line, inputs: { text }, gold, before: wrong, after: gold, better: true };
}

function decided(phase: number, candidate: string, mean: number, examples: readonly ChangedPrediction[]): RunEvent {
  return {
    type: 'gateDecided',
    phase,
    candidate,
    accepted: true,
    because: `the score rose by +${(mean * 100).toFixed(1)} points, P(better) 0.98`,
    score: difference(mean, 24),
    logLikelihood: difference(mean, 24),
    changedPredictions: { fixes: examples.length, regressions: 0, examples },
  };
}

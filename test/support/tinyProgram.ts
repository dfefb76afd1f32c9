/** @file A program of two steps that the tiny model can improve, and a made-up run that proposes changes to all its files. */
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Difference, Estimate, MeasuredState } from '../../src/optimize/events.ts';
import { asProgram, type Prompt } from '../../src/prompt/prompt.ts';
import type { RunEvent } from '../../src/run/record/events.ts';
import { fakeConfig } from '../../src/run/fakeRun.fixture.ts';
import { openJournal } from '../../src/run/record/journal.ts';
import { createRun, readSource } from '../../src/run/record/runDirectory.ts';
import { runDefaults } from '../../src/run/spec.ts';
import { tinyModel } from './paths.ts';
import { writeTinyTask } from './tinyTask.ts';

export const program = 'kinds.program.yaml';
const [first, last] = ['hint.prompt.md', 'sort.prompty'] as const;
export const steps = { first, last };

const bodies = {
  first: 'Give a hint.\n\nText: ${input:text}\nHint:\n',
  last: 'system:\nSay what it is.\n\nuser:\nHint: {{ hint }}\nText: {{ text }}\nKind:\n',
};

/** Writes `kinds.program.yaml`, a prompt file of either kind for its steps, and their rows, next to those of the tiny task. */
export function writeTinyProgram(folder: string): void {
  writeTinyTask(folder);
  writeFileSync(
    join(folder, program),
    `description: A hint first, then whether it is a colour or an animal
data: rows.jsonl
model: ${tinyModel}
steps:
  - prompt: ${first}
    output: hint
  - prompt: ${last}
    output: kind
`,
  );
  writeFileSync(join(folder, first), `---\ndescription: A hint\ntandem:\n  labels: [round, furry]\n---\n${bodies.first}`);
  writeFileSync(join(folder, last), `---\nname: Kind\ntandem:\n  labels: from-data\n---\n${bodies.last}`);
}

/** What the run proposes. */
export const proposed = {
  first: bodies.first.replace('Give a hint.', 'Is it round or furry?'),
  last: bodies.last.replace('Say what it is.', 'Say whether it is a colour or an animal.').replace('Kind:', 'Answer:'),
  normalize: 'sum',
  reasons: { first: 'asked as a question', last: 'names both answers' },
  adapter: '.tandem/adapters/kinds.program-5a5a5a5a',
} as const;
const adapter = '5a5a5a5a00112233';

/** Writes the program and a run of it that has ended. @returns the run's name */
export function writeTinyProgramProposal(folder: string): string {
  writeTinyProgram(folder);
  const prompt = join(folder, program);
  const sources = Object.fromEntries([first, last].map((name) => [join(folder, name), readSource(join(folder, name))]));
  const directory = createRun({ ...runDefaults, prompt }, { source: readSource(prompt), sources, data: {} });
  cpSync(join(tinyModel, 'adapter'), join(directory.adapters, adapter), { recursive: true });
  const asked = (own: string, other: string, decoding?: Prompt['decoding']): Prompt =>
    asProgram([
      { body: own, demonstrations: [] },
      { body: other, demonstrations: [], syntax: 'jinja', ...(decoding && { decoding }) },
    ]);
  const decoding = { normalize: proposed.normalize };
  const prompts = {
    start: asked(bodies.first, bodies.last),
    decoded: asked(bodies.first, bodies.last, decoding),
    last: asked(bodies.first, proposed.last, decoding),
    both: asked(proposed.first, proposed.last, decoding),
  };
  const start = measured('0.0', prompts.start, 0.5);
  const best = { ...measured('4.1', prompts.both, 0.81), adapter };
  const { run } = directory;
  const phase = (number: number, block: string, to: Prompt, mean: number, reason: string): RunEvent[] => [
    { type: 'phaseStarted', phase: number, target: 'prompt', block, because: 'most gain per token lately' },
    { type: 'candidateProposed', phase: number, candidate: `${number}.1`, proposer: 'grounded templates', reason, prompt: to },
    decided(number, `${number}.1`, mean),
    {
      type: 'phaseEnded',
      phase: number,
      target: 'prompt',
      accepted: true,
      best: number === 4 ? best : measured(`${number}.1`, to, 0.6),
      tokensUsed: 1000 * number,
    },
  ];
  const events: RunEvent[] = [
    {
      type: 'runStarted',
      config: { ...fakeConfig, run, prompt: program, data: ['rows.jsonl'], coordinator: 'coordinate', startedAt: new Date().toISOString() },
    },
    { type: 'rateMeasured', tokensPerSecond: 1000, budget: 6000 },
    { type: 'baselineMeasured', state: start, tokensUsed: 500 },
    ...phase(1, 'decoding', prompts.decoded, 0.04, 'scores are summed over the tokens of a label, in kind'),
    { type: 'phaseStarted', phase: 2, target: 'weights', block: 'adapter', because: 'adapter not tried yet' },
    ...Array.from({ length: 20 }, (_, i): RunEvent => {
      const step = { step: i + 1, steps: 20, loss: 1.2 / (i + 2), learningRate: 1e-3, gradientNorm: 1 };
      return { type: 'weightStep', phase: 2, ...step, tokensUsed: 1000 + 40 * i };
    }),
    decided(2, '2.0', 0.19),
    {
      type: 'phaseEnded',
      phase: 2,
      target: 'weights',
      accepted: true,
      best: { ...measured('2.0', prompts.decoded, 0.7), adapter },
      tokensUsed: 2000,
    },
    ...phase(3, 'instruction of kind', prompts.last, 0.12, proposed.reasons.last),
    ...phase(4, 'instruction of hint', prompts.both, 0.08, proposed.reasons.first),
    { type: 'runEnded', because: 'the budget is spent' },
  ];
  const journal = openJournal(directory.journal, []);
  for (const event of events) journal.append(event);
  journal.close();
  return run;
}

const estimate = (mean: number): Estimate => ({ mean, low: mean - 0.1, high: mean + 0.1, rows: 24 });
const difference = (mean: number): Difference => ({ ...estimate(mean), probabilityBetter: 0.98 });

function measured(candidate: string, prompt: Prompt, mean: number): MeasuredState {
  return {
    candidate,
    prompt,
    score: estimate(mean),
    logLikelihood: estimate(mean - 2),
    objective: { logLikelihood: mean - 2, weightPenalty: 0.01, promptPenalty: 0.02, total: mean - 2.03 },
    promptTokens: 40,
  };
}

const decided = (phase: number, candidate: string, mean: number): RunEvent => ({
  type: 'gateDecided',
  phase,
  candidate,
  accepted: true,
  because: `the score rose by +${(mean * 100).toFixed(1)} points, P(better) 0.98`,
  score: difference(mean),
  logLikelihood: difference(mean),
});

/** @file A run without a model, for the tests of resume, reducer and report: its coordinator does the same for the same seed. */
import { setImmediate as turn } from 'node:timers/promises';
import { makeRow, type Row } from '../data/dataset.ts';
import type { Adapter } from '../model/adapter.ts';
import type { Coordinator, OptimizationContext, OptimizationState } from '../optimize/coordinator.ts';
import type { Difference, Estimate, MeasuredState } from '../optimize/events.ts';
import { controlNames } from '../optimize/baselines/names.ts';
import { randomStream } from '../random.ts';
import type { Controls } from './controls.ts';
import type { RunConfig } from './record/events.ts';
import type { Execution } from './execute.ts';
import type { AttributedEvent } from './finalTest.ts';
import type { RunDirectory } from './record/runDirectory.ts';
import type { RunSpec } from './spec.ts';

export const fakeConfig: RunConfig = {
  run: '2026-01-01-000000-intent',
  prompt: 'intent.prompt.md',
  data: ['data/messages.jsonl'],
  model: { name: 'fake', fingerprint: 'f00d' },
  metric: 'accuracy',
  seed: 7,
  budget: { tokens: 60_000 },
  schedule: 'gated',
  strategy: 'default',
  tune: 'both',
  splits: { train: 200, val: 100, test: 300 },
  limits: {},
  executor: 'onnxruntime',
  threads: 2,
  versions: { tandem: '0.1.0', node: 'v20.19.0', platform: 'linux x64' },
  startedAt: '2026-01-01T00:00:00.000Z',
};

/** The options of such a run, without its prompt. */
export const fakeSpec: Omit<RunSpec, 'prompt'> = {
  seed: fakeConfig.seed,
  rows: {},
  executor: 'onnxruntime',
  budget: { tokens: 60_000 },
  schedule: 'gated',
  tune: 'both',
};

/** What executeRun needs, with fakes only. */
export function fakeExecution(directory: RunDirectory, onLine: Execution['onLine'], phases = 6): Execution {
  const adapters = new Map<string, Adapter>();
  return {
    directory,
    config: { ...fakeConfig, run: directory.run },
    notices: ['2 rows stand almost alike in train and val.'],
    coordinator: fakeCoordinator(phases),
    context: {
      seed: fakeConfig.seed,
      prompt: { body: 'Message: ${input:message}\nIntent:', demonstrations: [] },
      evaluator: { task: {} },
      trainset: [],
      valset: [],
      adapters: { put: async (adapter: Adapter) => void adapters.set(adapter.id, adapter), get: async (id: string) => adapters.get(id) },
    } as unknown as Execution['context'],
    measureRate: async () => ({ tokensPerSecond: 1000, tokensPerRow: 10 }),
    test: { rows: (most) => fakeRows(most), attribute: async (_, rows, start, best) => fakeAttribution(start, best, rows.length) },
    onLine,
  };
}

/** The same with controls, two phases each. */
export function withFakeControls(execution: Execution): Execution {
  const controls: Controls = {
    names: controlNames,
    choose: (name, valOf) => ({
      coordinator: fakeCoordinator(2),
      target: 'prompt',
      because: `${name}, after ${valOf('p -> p') ?? 'nothing'}`,
    }),
    measure: async (_, _rows, run, control) => ({
      score: control.score,
      logLikelihood: control.logLikelihood,
      difference: difference(run.score.mean - control.score.mean),
    }),
  };
  return { ...execution, config: { ...execution.config, controls: controlNames }, controls };
}

export function fakeCoordinator(phases: number): Coordinator {
  return {
    begin: async (context) => {
      await turn();
      const start = measured('0.0', 0.4, context.prompt.body);
      context.emit({ type: 'baselineMeasured', state: start, tokensUsed: 500 });
      return { version: 1, phase: 0, start, best: start, tokensUsed: 500, done: false, memory: { plateau: 0 } };
    },
    advance: async (context, state) => advance(context, state, phases),
  };
}

async function advance(context: OptimizationContext, state: OptimizationState, phases: number): Promise<OptimizationState> {
  const phase = state.phase + 1;
  const random = randomStream(context.seed, 'phase', phase);
  const target = phase % 2 === 1 ? 'weights' : 'prompt';
  const candidate = `${phase}.${target === 'prompt' ? 2 : 0}`;
  context.emit({ type: 'phaseStarted', phase, target, because: 'it gained most so far' });
  let tokensUsed = state.tokensUsed;
  for (let step = 1; step <= 4 && !context.signal?.aborted; step++) {
    await turn();
    tokensUsed += 1000;
    if (target === 'weights')
      context.emit({ type: 'weightStep', phase, step, steps: 4, loss: random.uniform(), learningRate: 1e-3, gradientNorm: 1, tokensUsed });
    else {
      const id = `${phase}.${step}`;
      context.emit({
        type: 'candidateProposed',
        phase,
        candidate: id,
        proposer: 'edits',
        reason: 'shorter',
        prompt: { body: `Prompt ${id} ${random.integer(100)}`, demonstrations: [] },
      });
      context.emit({
        type: 'candidateMeasured',
        phase,
        candidate: id,
        score: difference(random.normal() / 20),
        logLikelihood: difference(0.1),
        kept: step === 2,
      });
    }
  }
  const gain = random.uniform() / 10 - 0.03;
  const accepted = gain > 0;
  context.emit({
    type: 'gateDecided',
    phase,
    candidate,
    accepted,
    because: accepted ? 'better on the valset' : 'no evidence',
    score: difference(gain),
    logLikelihood: difference(gain),
  });
  const body = target === 'prompt' ? `Prompt ${candidate}` : state.best.prompt.body;
  const best = accepted ? measured(candidate, state.best.score.mean + gain, body) : state.best;
  context.emit({ type: 'phaseEnded', phase, target, accepted, best, tokensUsed });
  const plateau = accepted ? 0 : (state.memory as { plateau: number }).plateau + 1;
  const done = phase >= phases && 'the budget is spent';
  return { ...state, phase, best, tokensUsed, done, memory: { plateau } };
}

const fakeRows = (count: number): Row[] => Array.from({ length: count }, (_, i) => makeRow({ message: `test ${i}` }, i + 1));

function fakeAttribution(start: MeasuredState, best: MeasuredState, rows: number): AttributedEvent {
  const total = best.score.mean - start.score.mean;
  const cell = (weights: 'old' | 'new', prompt: 'old' | 'new', mean: number) => ({
    weights,
    prompt,
    score: estimate(mean),
    logLikelihood: estimate(-1.4),
  });
  return {
    type: 'attributed',
    cells: [
      cell('old', 'old', start.score.mean),
      cell('old', 'new', start.score.mean + total * 0.1),
      cell('new', 'old', start.score.mean + total * 0.6),
      cell('new', 'new', best.score.mean),
    ],
    total: difference(total),
    promptAlone: difference(total * 0.1),
    weightsAlone: difference(total * 0.6),
    interaction: difference(total * 0.3),
    tokensUsed: 330 * rows,
  };
}

function measured(candidate: string, mean: number, body: string): MeasuredState {
  return {
    candidate,
    prompt: { body, demonstrations: [] },
    ...(candidate === '0.0' ? {} : { adapter: `adapter-${candidate}` }),
    score: estimate(mean),
    logLikelihood: estimate(mean - 2),
    objective: { logLikelihood: mean - 2, weightPenalty: 0.01, promptPenalty: 0.02, total: mean - 2.03 },
    promptTokens: body.length,
  };
}

const estimate = (mean: number): Estimate => ({ mean, low: mean - 0.06, high: mean + 0.06, rows: 100 });
const difference = (mean: number): Difference => ({ ...estimate(mean), probabilityBetter: mean > 0 ? 0.98 : 0.3 });

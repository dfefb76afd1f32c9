/** @file A worker with fake runs and a fake model. The prompt's name determines how the run behaves. */
import { setTimeout as sleep } from 'node:timers/promises';
import { TandemError } from '../../errors.ts';
import type { TrainableModel } from '../../model/trainableModel.ts';
import { executeRun } from '../execute.ts';
import { fakeExecution } from '../fakeRun.fixture.ts';
import type { LineMeasurement, PromptMeasurement } from '../measure.ts';
import type { Notification, RunResult } from './protocol.ts';
import type { MeasuredPrompt } from '../record/results.ts';
import { createRun, findRun } from '../record/runDirectory.ts';
import { keepOneModel } from './modelKeeper.ts';
import { serve } from './serve.ts';
import type { SessionSpec, Split } from '../spec.ts';

let loads = 0;
const models = keepOneModel(async () => {
  loads++;
  return { forget: () => {}, dispose: async () => {} } as TrainableModel;
});

/** Opens the model as a session does, and reports how many were loaded so far. */
async function open({ model, executor, threads = 1, weights }: SessionSpec, tell: (notification: Notification) => void): Promise<void> {
  if (model === undefined) return;
  await models.open(model, executor, threads, weights);
  tell({ type: 'busy', what: `Loaded ${loads} in process ${process.pid}` });
}

serve({
  optimize: async ({ spec }, tell, signal, ask): Promise<RunResult> => {
    await open(spec, tell);
    if (spec.prompt.includes('missing'))
      throw new TandemError('no-prompt', 'There is no prompt file.', { where: { file: spec.prompt, line: 3 }, hint: 'Write one.' });
    if (spec.prompt.includes('crash')) {
      console.error('native code says goodbye');
      process.kill(process.pid, 'SIGKILL');
    }
    if (spec.prompt.includes('hang')) {
      tell({ type: 'busy', what: 'Waiting' });
      await sleep(60_000);
    }
    if (spec.prompt.includes('blocked')) {
      tell({ type: 'busy', what: 'Computing' });
      for (const until = Date.now() + 60_000; Date.now() < until;);
    }
    if (spec.prompt.includes('asks')) {
      const messages = [{ role: 'user', content: spec.prompt }] as const;
      const written = await ask('write', { model: 'large', messages, maxTokens: 10, temperature: 0, seed: 1 }, signal);
      return { directory: written.text };
    }
    if (spec.prompt.includes('slow')) {
      while (!signal.aborted) await sleep(5);
      return { directory: 'stopped gracefully' };
    }
    const directory = createRun(spec, { source: '', data: {} });
    tell({ type: 'runOpened', directory: directory.path });
    await executeRun(fakeExecution(directory, lineTeller(tell)));
    return { directory: directory.path };
  },
  resume: async ({ directory }, tell) => {
    await executeRun(fakeExecution(findRun(directory, directory), lineTeller(tell)));
    return { directory };
  },
  evaluate: async ({ spec, split }, tell, signal): Promise<PromptMeasurement> => {
    tell({ type: 'busy', what: `Measuring in process ${process.pid}` });
    if (spec.prompt.includes('slow')) await sleep(60_000, undefined, { signal });
    return { ...fakeMeasurement(split), promptTokens: 10, rows: [] };
  },
  attribute: async ({ spec, split }, tell): Promise<LineMeasurement> => {
    if (spec.prompt.includes('silent')) process.kill(process.pid, 'SIGSTOP');
    if (spec.prompt.includes('computing')) for (const until = Date.now() + 3000; Date.now() < until;);
    tell({ type: 'busy', what: 'Measuring on 2 rows' });
    await sleep(20);
    tell({ type: 'busy', what: 'Measured 1 of 2 lines', share: 0.5 });
    return { evaluation: fakeMeasurement(split), lines: [], items: [] };
  },
  export: () => Promise.reject(new Error('not needed')),
  preflight: async ({ spec }, tell, signal) => {
    await open(spec, tell);
    if (spec.prompt.includes('crash')) process.kill(process.pid, 'SIGKILL');
    if (spec.prompt.includes('slow')) await sleep(60_000, undefined, { signal });
    const score = { mean: 0.5, low: 0.4, high: 0.6, rows: 20 };
    return { now: { score }, targets: [], tokensUsed: 0 };
  },
  render: () => Promise.reject(new Error('not needed')),
  answer: async ({ spec, values, weights }, tell) => {
    tell({ type: 'written', weights: 'model', text: 'half' });
    return weights.map((each) => {
      return { weights: each, model: spec.model ?? 'fake', text: `half of ${values.text}`, promptTokens: 7, milliseconds: 5 };
    });
  },
  writerExample: () => Promise.reject(new Error('not needed')),
  rows: async ({ most }) => [
    { split: 'val', file: `data of process ${process.pid}`, rows: [{ line: 1, text: 'one' }].slice(0, most), total: 20 },
  ],
});

function fakeMeasurement(split: Split): MeasuredPrompt {
  const score = { mean: 0.5, low: 0.4, high: 0.6, rows: 20 };
  return { at: '2026-01-01T00:00:00.000Z', model: 'fake', metric: 'accuracy', split, score, logLikelihood: score };
}

const lineTeller =
  (tell: (notification: Notification) => void) =>
  (line: Extract<Notification, { type: 'line' }>['line'], replayed: boolean): void =>
    tell({ type: 'line', line, replayed });

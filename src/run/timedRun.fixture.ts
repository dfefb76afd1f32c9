/** @file A run on a simulated clock: every piece of work takes as long as the machine's current speed implies. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from '../data/dataset.ts';
import { attributeStates } from '../optimize/attribution.ts';
import type { Coordinator } from '../optimize/coordinator.ts';
import { partsOf } from '../optimize/kinds.fixture.ts';
import { localTrainer } from '../optimize/localTrainer.ts';
import { promptKey } from '../optimize/proposers/proposer.ts';
import { executeRun, type Execution } from './execute.ts';
import { fakeConfig, fakeSpec } from './fakeRun.fixture.ts';
import { createRun, type RunDirectory } from './record/runDirectory.ts';
import type { Budget } from './spec.ts';

/** Tokens per second after this many seconds. */
export type Speed = (seconds: number) => number;

/** Milliseconds, which pass only through work. */
export interface WorkClock {
  readonly now: () => number;
  readonly work: (tokensUsed: number) => void;
}

export function workClock(speed: Speed, from = 0): WorkClock {
  let milliseconds = from;
  return {
    now: () => milliseconds,
    work: (tokensUsed) => {
      // The speed may change in the middle of it.
      for (let left = tokensUsed; left > 0;) {
        const part = Math.min(left, speed(milliseconds / 1000) / 10);
        milliseconds += (1000 * part) / speed(milliseconds / 1000);
        left -= part;
      }
    },
  };
}

export interface TimedRun {
  readonly directory: RunDirectory;
  readonly budget: Budget;
  readonly clock: WorkClock;
  readonly speed: Speed;
  readonly coordinator: Coordinator;
  readonly context: Execution['context'];
  readonly testset: readonly Row[];
  /** Tokens that a row costs to measure. */
  readonly tokensPerRow: number;
  readonly rest?: Partial<Execution>;
}

export function newTimedDirectory(folder: string): RunDirectory {
  const workspace = mkdtempSync(join(folder, 'workspace-'));
  writeFileSync(join(workspace, 'kind.prompt.md'), '');
  return createRun({ prompt: join(workspace, 'kind.prompt.md'), ...fakeSpec }, { source: '', data: {} }, new Date(0));
}

export function timedExecution({
  directory,
  budget,
  clock,
  speed,
  coordinator,
  context,
  testset,
  tokensPerRow,
  rest,
}: TimedRun): Execution {
  const { train, val } = { train: context.trainset.length, val: context.valset.length };
  return {
    directory,
    config: { ...fakeConfig, run: directory.run, budget, splits: { train, val, test: testset.length } },
    notices: [],
    coordinator,
    context: metered(context, clock),
    measureRate: () => {
      clock.work(20 * tokensPerRow);
      return Promise.resolve({ tokensPerSecond: speed(clock.now() / 1000), tokensPerRow });
    },
    test: { rows: (most) => testset.slice(0, most), attribute: attributeStates },
    onLine: () => {},
    waited: clock.now,
    ...rest,
  };
}

/** Work takes time. An answer that a candidate gave before takes none until the run forgets it. */
function metered(context: Execution['context'], { work }: WorkClock): Execution['context'] {
  const { evaluator } = context;
  const trainer = partsOf(context.trainer);
  const known = new Map<string, Set<string>>();
  return {
    ...context,
    evaluator: {
      ...evaluator,
      async evaluate(candidate, rows, options) {
        const evaluation = await evaluator.evaluate(candidate, rows, options);
        // Changing only the label scoring takes no time.
        const key = `${promptKey({ ...candidate.prompt, decoding: undefined })} ${candidate.adapter?.id ?? ''}`;
        const seen = known.get(key) ?? new Set();
        known.set(key, seen);
        work((evaluation.tokensUsed * rows.filter(({ id }) => !seen.has(id)).length) / rows.length);
        for (const { id } of rows) seen.add(id);
        return evaluation;
      },
    },
    trainer: localTrainer({
      ...trainer,
      start(...from) {
        const training = trainer.start(...from);
        return {
          ...training,
          async step(...batch) {
            const result = await training.step(...batch);
            work(3 * result.tokens);
            return result;
          },
        };
      },
    }),
  };
}

export const timedRun = (run: TimedRun): ReturnType<typeof executeRun> => executeRun(timedExecution(run));

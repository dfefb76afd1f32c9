/**
 * @file A budget of time is kept on a machine whose speed changes, by every coordinator, on a simulated clock.
 * @module-tag long
 */
import fc from 'fast-check';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { compareEvaluations } from '../evaluate/evaluation.ts';
import type { LocalModel } from '../model/localModel.ts';
import { alternating } from '../optimize/alternating.ts';
import { baselines } from '../optimize/baselines/baselines.ts';
import { coordinate } from '../optimize/coordinate.ts';
import type { Coordinator } from '../optimize/coordinator.ts';
import { memoryAdapters } from '../optimize/jointOptimization.ts';
import { kindContext, kindRows, loadTinyModel, partsOf } from '../optimize/kinds.fixture.ts';
import { localTrainer } from '../optimize/localTrainer.ts';
import { simultaneous } from '../optimize/simultaneous.ts';
import type { JournalLine } from './record/events.ts';
import { executeRun } from './execute.ts';
import { noInterrupt } from './worker/interrupt.ts';
import { readJournal } from './record/journal.ts';
import { findRun, type RunDirectory } from './record/runDirectory.ts';
import { newTimedDirectory, timedExecution, timedRun, workClock, type Speed, type TimedRun } from './timedRun.fixture.ts';

vi.setConfig({ testTimeout: 120_000 });

const temporary = mkdtempSync(join(tmpdir(), 'tandem-timed-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));
let model: LocalModel;
beforeAll(async () => {
  model = await loadTinyModel();
});

const rows = kindRows(176);
const [trainset, valset, testset] = [rows.slice(0, 32), rows.slice(32, 56), rows.slice(56)];
const seconds = 300;
const training = { learningRate: 5e-3, batchRows: 8 };
const makers: Readonly<Record<string, () => Coordinator>> = {
  alternating: () => alternating(training),
  'alternating, a chain': () => baselines['p-w-p'].make(training),
  coordinate: () => coordinate(training),
  simultaneous: () => simultaneous({ batchRows: 8 }),
  'lora-on-gold': () => baselines['lora-on-gold'].make(training),
  'bootstrap-few-shot': () => baselines['bootstrap-few-shot'].make(training),
};
const speeds: Readonly<Record<string, Speed>> = {
  'three times slower after two fifths': (at) => (at < 120 ? 200 : 67),
  'three times faster after two fifths': (at) => (at < 120 ? 70 : 210),
};

function runOf(make: () => Coordinator, speed: Speed, more: Partial<TimedRun> = {}): TimedRun {
  const adapters = memoryAdapters();
  const context = kindContext(model, { adapters, trainset, valset, seed: 3, budget: 0 });
  // A new coordinator for each phase, as after a kill.
  const coordinator = {
    begin: (...asked) => make().begin(...asked),
    advance: (...asked) => make().advance(...asked),
  } satisfies Coordinator;
  const directory = newTimedDirectory(temporary);
  return {
    ...{ directory, budget: { seconds }, clock: workClock(speed), speed, coordinator, context, testset, tokensPerRow: 17 },
    rest: { forget: () => model.forget() },
    ...more,
  };
}

const linesOf = ({ directory }: { directory: RunDirectory }): JournalLine[] => readJournal(directory.journal);
/** Reported ends that come before the time is up. */
const ownEnds = /^(neither the prompt nor the weights improve|no block improves|all rounds are complete|every pair)/;

describe.each(Object.entries(speeds))('%s', (_, speed) => {
  test.each(Object.entries(makers))('%s ends within a tenth of its time, test included', async (_name, make) => {
    const run = runOf(make, speed);
    const state = await timedRun(run);
    expect(state.attribution).toBeDefined();
    expect(state.elapsed / 1000).toBeLessThan(1.1 * seconds);
    if (!ownEnds.test(state.because!)) expect(state.elapsed / 1000).toBeGreaterThan(0.9 * seconds);
    // A decision of the clock is in the journal before the work that it decided on.
    expect(linesOf(run).some(({ type }) => type === 'budgetPlanned')).toBe(true);
  });
});

describe('what the clock decides', () => {
  const speed: Speed = (at) => (at < 90 ? 200 : at < 180 ? 60 : 150);
  const timeless = (lines: readonly JournalLine[]) => lines.map((line) => ({ ...line, at: 0 }));

  test('is in the journal: a run that replays the same decisions is the same, line by line, at any speed', async () => {
    const run = runOf(makers.alternating, speed);
    await timedRun(run);
    const planned = linesOf(run).flatMap((line) => (line.type === 'budgetPlanned' ? [line] : []));
    expect(planned.length).toBeGreaterThan(3);
    // The optimizer again, with the decisions in place of the clock.
    const again = runOf(makers.alternating, speed);
    const events: unknown[] = [];
    const { budget: first } = linesOf(run).find(({ type }) => type === 'rateMeasured') as Extract<JournalLine, { type: 'rateMeasured' }>;
    const clock = (spent: number): number => planned.findLast(({ tokensUsed }) => tokensUsed <= spent)?.budget ?? first;
    const context = { ...again.context, emit: (event: unknown) => void events.push(event) };
    const tokensNow = (tokensUsed: number) => ({ ...context, budget: clock(tokensUsed), clock });
    let state = await again.coordinator.begin(tokensNow(0));
    while (!state.done) {
      model.forget();
      if (clock(state.tokensUsed) - state.tokensUsed < 700) break;
      state = await again.coordinator.advance(tokensNow(state.tokensUsed), state);
    }
    const ofOptimizer = linesOf(run).filter(({ type }) => !/^(run|rate|budget|test|attributed|noticed)/.test(type));
    expect(events).toEqual(ofOptimizer.map(({ version: _v, seq: _s, at: _a, ...event }) => event));
  });

  test('a run that is killed at any checkpoint keeps earlier decisions, counts the time that was used, and ends in time', async () => {
    const run = runOf(makers.alternating, speed);
    const kept: { readonly directory: RunDirectory; readonly at: number }[] = [];
    let last = 0;
    await executeRun({
      ...timedExecution(run),
      onLine: (line) => {
        // What a kill at this moment would leave on disk.
        if (line.type !== 'phaseStarted' && !(line.type === 'weightStep' && line.seq - last > 25)) return;
        last = line.seq;
        const copy = newTimedDirectory(temporary);
        cpSync(run.directory.path, copy.path, { recursive: true, filter: (path) => path !== run.directory.lock });
        kept.push({ directory: findRun(copy.path, copy.path), at: line.at });
      },
    });
    expect(kept.length).toBeGreaterThan(3);
    for (const { directory, at } of kept) {
      const before = timeless(readJournal(directory.journal));
      const { lines: standing } = JSON.parse(readFileSync(join(directory.path, 'checkpoint.json'), 'utf8')) as { lines: number };
      const clock = workClock((since) => speed(since + at / 1000));
      const resumed = await timedRun({ ...run, directory, clock });
      expect(timeless(readJournal(directory.journal)).slice(0, standing)).toEqual(before.slice(0, standing));
      expect(resumed.status).toBe('ended');
      expect(resumed.elapsed / 1000).toBeLessThan(1.1 * seconds);
      expect(resumed.elapsed).toBeGreaterThan(at);
      if (!ownEnds.test(resumed.because!)) expect(resumed.elapsed / 1000).toBeGreaterThan(0.9 * seconds);
    }
  });

  test('the time is kept whatever the speed does', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ at: fc.integer({ min: 0, max: 300 }), speed: fc.integer({ min: 60, max: 240 }) }), { maxLength: 4 }),
        fc.constantFrom('alternating', 'coordinate', 'lora-on-gold', 'bootstrap-few-shot'),
        async (changes, name) => {
          const sorted = [...changes].sort((a, b) => a.at - b.at);
          const state = await timedRun(runOf(makers[name], (at) => sorted.findLast((change) => change.at <= at)?.speed ?? 120));
          expect(state.elapsed / 1000).toBeLessThan(1.1 * seconds);
          if (!ownEnds.test(state.because!)) expect(state.elapsed / 1000).toBeGreaterThan(0.9 * seconds);
        },
      ),
      { numRuns: 8, seed: 18 },
    );
  });

  test('the time that preflight took counts as the run’s own', async () => {
    const run = runOf(makers.alternating, () => 120, { clock: workClock(() => 120, 100_000) });
    const state = await timedRun(run);
    expect(linesOf(run)[0].at).toBe(100_000);
    expect(state.elapsed / 1000).toBeLessThan(1.1 * seconds);
  });

  test('controls are inside the time, and one that does not fit is left out and named', async () => {
    const run = runOf(makers['lora-on-gold'], (at) => (at < 130 ? 200 : 67));
    const names = ['p -> p', 'w -> w'] as const;
    const execution = timedExecution(run);
    const interrupt = noInterrupt();
    const trainer = partsOf(execution.context.trainer);
    const state = await executeRun({
      ...execution,
      interrupt,
      config: { ...execution.config, controls: names },
      context: {
        ...execution.context,
        trainer: localTrainer({
          ...trainer,
          start: (...from) => {
            const training = trainer.start(...from);
            return { ...training, step: async (...batch) => (interrupt.check(), training.step(...batch)) };
          },
        }),
      },
      controls: {
        names,
        choose: () => ({ coordinator: makers['lora-on-gold'](), target: 'weights', because: 'as the run' }),
        measure: async (context, count, best, control) => {
          const on = testset.slice(0, count);
          const [a, b] = [
            await context.evaluator.evaluate({ prompt: best.prompt }, on),
            await context.evaluator.evaluate({ prompt: control.prompt }, on),
          ];
          return { score: b.score, logLikelihood: b.logLikelihood, difference: compareEvaluations(b, a).score };
        },
      },
    });
    expect(state.elapsed / 1000).toBeLessThan(1.1 * seconds);
    expect(state.controls.filter(({ measured }) => measured)).toHaveLength(1);
    expect(state.notices.at(-1)).toMatch(/^There was not enough time for the control w -> w with equal compute\./);
  });
});

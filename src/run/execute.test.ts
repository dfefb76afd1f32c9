/**
 * @file A run ends in the same journal whether or not it was killed, and at whatever moment.
 * @module-tag long
 */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeRow, type Row } from '../data/dataset.ts';
import { limitRows } from '../data/split.ts';
import { TandemError } from '../errors.ts';
import { randomStream } from '../random.ts';
import type { Coordinator, OptimizationContext } from '../optimize/coordinator.ts';
import type { JournalLine } from './record/events.ts';
import { eventText } from './words/eventText.ts';
import { executeRun, type Execution } from './execute.ts';
import { fakeCoordinator, fakeExecution, fakeSpec } from './fakeRun.fixture.ts';
import { noInterrupt } from './worker/interrupt.ts';
import { readJournal } from './record/journal.ts';
import { reportOf } from './words/report.ts';
import { headline } from './words/words.ts';
import { createRun, type RunDirectory } from './record/runDirectory.ts';
import { apply } from './record/fold.ts';
import { initialState, type RunState } from './record/state.ts';
import { bundleFixture } from './worker/bundle.fixture.ts';

const temporary = mkdtempSync(join(tmpdir(), 'tandem-execute-'));
const child = join(temporary, 'killedRun.mjs');

beforeAll(async () => {
  await bundleFixture(join(import.meta.dirname, 'killedRun.fixture.ts'), child);
});
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const newRun = (): RunDirectory => {
  const workspace = mkdtempSync(join(temporary, 'workspace-'));
  writeFileSync(join(workspace, 'intent.prompt.md'), 'Message: ${input:message}\nIntent:');
  return createRun(
    {
      prompt: join(workspace, 'intent.prompt.md'),
      ...fakeSpec,
    },
    { source: 'Message: ${input:message}\nIntent:', data: {} },
    new Date(0),
  );
};

/** The journal without what the clock wrote. */
const timeless = (directory: RunDirectory): JournalLine[] => readJournal(directory.journal).map((line) => ({ ...line, at: 0 }));
const fold = (lines: readonly JournalLine[]): RunState => lines.reduce(apply, initialState);

const unkilled = async (): Promise<JournalLine[]> => {
  const directory = newRun();
  await executeRun(fakeExecution(directory, () => {}));
  return timeless(directory);
};

const hasEnded = ({ journal }: RunDirectory): boolean => existsSync(journal) && fold(readJournal(journal)).status === 'ended';

/** @returns whether the run has reached its end */
const work = (directory: RunDirectory, { dieAfter, killAfter }: { dieAfter?: number; killAfter?: number }): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const worker = spawn(process.execPath, [child, directory.path, ...(dieAfter ? [String(dieAfter)] : [])], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let errors = '';
    worker.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    const timer = killAfter === undefined ? undefined : setTimeout(() => worker.kill('SIGKILL'), killAfter);
    worker.on('close', (code, signal) => {
      clearTimeout(timer);
      // A kill may come after the last line.
      if (signal === 'SIGKILL') resolve(hasEnded(directory));
      else if (code === 0) resolve(true);
      else reject(new Error(errors));
    });
  });

test('a run journals its start, rate, phases, test and end, in this order', async () => {
  const types = (await unkilled()).map(({ type }) => type);
  expect(types.slice(0, 5)).toEqual(['runStarted', 'noticed', 'rateMeasured', 'baselineMeasured', 'phaseStarted']);
  expect(types.slice(-4)).toEqual(['phaseEnded', 'testOpened', 'attributed', 'runEnded']);
});

test('a run that is killed after any number of lines and resumed ends in the same journal, line by line', async () => {
  const expected = await unkilled();
  for (const dieAfter of [1, 2, 3, 4, 7, 9, 12]) {
    const directory = newRun();
    for (let i = 0; !(await work(directory, i < 3 ? { dieAfter } : {})); i++);
    expect(timeless(directory), `killed after every ${dieAfter} lines`).toEqual(expected);
    expect(fold(timeless(directory))).toEqual(fold(expected));
  }
}, 120_000);

test('a run that is killed at random moments and resumed ends in the same journal, line by line', async () => {
  const expected = await unkilled();
  const random = randomStream('kill points');
  let kills = 0;
  for (let trial = 0; trial < 4; trial++) {
    const directory = newRun();
    for (let i = 0; !(await work(directory, i < 6 ? { killAfter: 30 + random.integer(60) } : {})); i++) kills++;
    expect(timeless(directory)).toEqual(expected);
  }
  expect(kills).toBeGreaterThan(0);
}, 120_000);

test('a half-written last line and lines without a checkpoint are dropped', async () => {
  const directory = newRun();
  await work(directory, { dieAfter: 12 });
  appendFileSync(directory.journal, '{"version":1,"seq":');
  await executeRun(fakeExecution(directory, () => {}));
  expect(timeless(directory)).toEqual(await unkilled());
});

test('the rate is measured once per run', async () => {
  const directory = newRun();
  await work(directory, { dieAfter: 4 });
  await executeRun({ ...fakeExecution(directory, () => {}), measureRate: () => Promise.reject(new Error('measured again')) });
  expect(fold(readJournal(directory.journal))).toMatchObject({ status: 'ended', tokensPerSecond: 1000, budget: 60_000 });
});

test('if there are many rows, a run measures as many as its budget pays for, says so, and takes the same rows after a kill', async () => {
  const directory = newRun();
  const { config, context, ...fake } = fakeExecution(directory, () => {});
  const valset = Array.from({ length: 3000 }, (_, i) => makeRow({ message: `number ${i}` }, i + 1));
  const measured: (readonly Row[])[] = [];
  const execution: Execution = {
    ...fake,
    config: { ...config, splits: { train: 9000, val: 3000, test: 4000 } },
    context: { ...context, valset },
    coordinator: {
      ...fake.coordinator,
      begin: (context) => {
        measured.push(context.valset);
        return fake.coordinator.begin(context);
      },
      advance: (context, state) => {
        measured.push(context.valset);
        if (measured.length === 3) throw new Error('no more memory');
        return fake.coordinator.advance(context, state);
      },
    },
    test: {
      ...fake.test!,
      attribute: async (context, rows, ...states) => ({
        ...(await fake.test!.attribute(context, rows, ...states)),
        tokensUsed: rows.length,
      }),
    },
  };
  await expect(executeRun(execution)).rejects.toThrow('no more memory');
  const resumed = await executeRun({ ...execution, measureRate: () => Promise.reject(new Error('measured again')) });
  // 60,000 tokens at 10 per row: a sixtieth for one measurement of the validation rows, half for four of the test rows.
  expect(new Set(measured.map((rows) => rows.map(({ id }) => id).join()))).toEqual(
    new Set([
      limitRows(valset, 100, 0)
        .map(({ id }) => id)
        .join(),
    ]),
  );
  expect(resumed).toMatchObject({ status: 'ended', config: { splits: { train: 9000, val: 100, test: 750 } }, testRows: 750 });
  expect(resumed.notices.at(-1)).toMatch(
    /^The run measures 100 of 3000 validation rows and 750 of 4000 test rows, as many .* A larger budget uses more\.$/,
  );
  expect(timeless(directory)).toContainEqual(expect.objectContaining({ type: 'attributed', tokensUsed: 750 }));
});

test('if the test rows contradict the result, a notice says so', async () => {
  const directory = newRun();
  const { test: sealed, ...fake } = fakeExecution(directory, () => {});
  const against = { mean: -0.25, low: -0.625, high: 0, rows: 8, probabilityBetter: 0.05 };
  const attribute: NonNullable<Execution['test']>['attribute'] = async (...words) => ({
    ...(await sealed!.attribute(...words)),
    total: against,
  });
  const { notices } = await executeRun({ ...fake, test: { ...sealed!, attribute } });
  expect(notices.at(-1)).toMatch(
    /^The held-out test rows speak against this result: -25\.0 points on \d+ rows? \(likely real\), 95% interval \[-62\.5, 0\.0\], P\(better\) 5%\. /,
  );
  expect((await executeRun(fakeExecution(newRun(), () => {}))).notices).toHaveLength(1);
});

describe('a stop', () => {
  /** Runs, and stops at the first matching line. Graphs poll the interrupt as in a real run. */
  const stopAt = async (isMeant: (line: JournalLine) => boolean, change: (execution: Execution) => Execution = (same) => same) => {
    const directory = newRun();
    const stop = new AbortController();
    const interrupt = noInterrupt();
    const onLine = (line: JournalLine): void => {
      if (isMeant(line)) stop.abort();
    };
    const fake = fakeExecution(directory, onLine);
    const asking: OptimizationContext['emit'] = () => interrupt.check();
    const coordinator: Coordinator = {
      begin: (context) => fake.coordinator.begin(context),
      advance: (context, state) =>
        fake.coordinator.advance({ ...context, signal: undefined, emit: (event) => (context.emit(event), asking(event)) }, state),
    };
    const state = await executeRun(change({ ...fake, coordinator, interrupt, signal: stop.signal }));
    return { state, lines: readJournal(directory.journal) };
  };

  test('ends the run in the middle of a phase, and leaves the test rows sealed if nothing was accepted', async () => {
    const { state, lines } = await stopAt(({ type }) => type === 'weightStep');
    expect(lines.slice(-3).map(({ type }) => type)).toEqual(['weightStep', 'stopRequested', 'runEnded']);
    expect(state).toMatchObject({ status: 'ended', because: 'stopped by the user', stopRequested: true });
    expect([state.testRows, state.attribution]).toEqual([undefined, undefined]);
    expect(eventText(lines.at(-1)!, state)).toMatch(/^Stopped after /);
    expect(reportOf(state)).toMatch(
      /^# intent\.prompt\.md: Stopped\. 40\.0% → 40\.0% on 100 validation rows\n\nStopped after .* stay unused\./,
    );
    expect(reportOf(state)).toContain('You stopped the run before anything was accepted: prompt and weights stay as they are.');
    expect(reportOf(state)).toMatch(/\| 1 \| weights \|.*\| not finished \|/);
  });

  test('measures on the test rows what was accepted before, and nothing from the interrupted phase', async () => {
    let accepted = false;
    const { state, lines } = await stopAt((line) => {
      accepted ||= line.type === 'phaseEnded' && line.accepted;
      return accepted && line.type === 'phaseStarted';
    });
    expect(lines.slice(-4).map(({ type }) => type)).toEqual(['stopRequested', 'testOpened', 'attributed', 'runEnded']);
    expect(state).toMatchObject({ because: 'stopped by the user', testRows: 300 });
    expect(headline(state)).toMatch(/^Stopped\. .* on 100 test rows$/);
  });

  test('waits at most a few seconds for the test of what was accepted, which then takes fewer rows', async () => {
    let accepted = false;
    let milliseconds = 0;
    const { state } = await stopAt(
      (line) => {
        accepted ||= line.type === 'phaseEnded' && line.accepted;
        return accepted && line.type === 'phaseStarted';
      },
      ({ test: sealed, ...execution }) => ({
        ...execution,
        waited: () => milliseconds,
        test: {
          ...sealed!,
          attribute: async (context, rows, ...states) => {
            if (rows.length <= 16) milliseconds += 4000;
            return { ...(await sealed!.attribute(context, rows, ...states)), tokensUsed: rows.length };
          },
        },
      }),
    );
    expect(milliseconds).toBe(12_000);
    expect(state.notices.at(-1)).toMatch(/^The test measured 48 of 300 held-out test rows/);
  });

  test('also ends a test that is in progress', async () => {
    const { state, lines } = await stopAt(
      ({ type }) => type === 'testOpened',
      ({ test: sealed, interrupt, ...execution }) => ({
        ...execution,
        interrupt: interrupt!,
        test: { ...sealed!, attribute: async (...asked) => (interrupt!.check(), sealed!.attribute(...asked)) },
      }),
    );
    expect(lines.slice(-3).map(({ type }) => type)).toEqual(['testOpened', 'stopRequested', 'runEnded']);
    expect(reportOf(state)).toContain('The test did not finish');
  });

  test('before anything is measured leaves a run that says so', async () => {
    const { state } = await stopAt(
      ({ type }) => type === 'rateMeasured',
      (execution) => ({
        ...execution,
        coordinator: {
          ...execution.coordinator,
          begin: async (context) => (execution.interrupt!.check(), execution.coordinator.begin(context)),
        },
      }),
    );
    expect(reportOf(state)).toMatch(/^# intent\.prompt\.md: Stopped\. Nothing was measured/);
  });
});

test('a run whose budget turns out to pay for no step ends with a budget that would', async () => {
  const spent: Coordinator = { ...fakeCoordinator(6), advance: async (_, state) => ({ ...state, done: 'the budget is spent' }) };
  const state = await executeRun({ ...fakeExecution(newRun(), () => {}), coordinator: spent, leastMeasurements: 4 });
  expect(state.because).toBe('the budget is too small for a first step; use a budget of at least 2.2k');
  expect(reportOf(state)).toContain(
    'The budget is too small for a first step; use a budget of at least 2.2k: prompt and weights stay as they are.',
  );
  expect(reportOf(state)).not.toContain('clearly better');
});

test('an ended run is not resumed', async () => {
  const directory = newRun();
  await executeRun(fakeExecution(directory, () => {}));
  await expect(executeRun(fakeExecution(directory, () => {}))).rejects.toMatchObject({ reason: 'run-ended' });
});

test('a failure is recorded in the journal, and the run can be resumed after it', async () => {
  const directory = newRun();
  let phase = 0;
  const fake = fakeCoordinator(6);
  const failing = {
    ...fake,
    advance: (...args: Parameters<typeof fake.advance>) =>
      ++phase === 3 ? Promise.reject(new TandemError('no-memory', 'Out of memory.')) : fake.advance(...args),
  };
  await expect(executeRun({ ...fakeExecution(directory, () => {}), coordinator: failing })).rejects.toMatchObject({ reason: 'no-memory' });
  expect(fold(readJournal(directory.journal))).toMatchObject({ status: 'failed', failure: { reason: 'no-memory' } });
  await executeRun(fakeExecution(directory, () => {}));
  expect(timeless(directory)).toEqual(await unkilled());
});

test.each(['phaseStarted', 'gateDecided', 'attributed', 'rateMeasured'])(
  'a run whose folder is removed during the run, at %s, ends and says so',
  async (type) => {
    const directory = newRun();
    const onLine = (line: JournalLine): void => {
      if (line.type === type) rmSync(join(directory.workspace, '.tandem'), { recursive: true, force: true });
    };
    await expect(executeRun(fakeExecution(directory, onLine))).rejects.toMatchObject({
      reason: 'run-removed',
      where: { file: directory.path },
    });
  },
);

test('a checkpoint that was changed is refused by name. Without it the run restarts from its measured rate', async () => {
  const directory = newRun();
  await work(directory, { dieAfter: 30 });
  const file = join(directory.path, 'checkpoint.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('"plateau": ', '"plateau": 1'));
  await expect(executeRun(fakeExecution(directory, () => {}))).rejects.toMatchObject({ reason: 'bad-file', where: { file } });
  rmSync(file);
  await executeRun(fakeExecution(directory, () => {}));
  expect(timeless(directory)).toEqual(await unkilled());
});

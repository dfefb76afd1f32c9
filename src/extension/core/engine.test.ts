/**
 * @file The engine on fake workers: turns are kept, runs are followed, and a process that falls silent or dies is noticed.
 * @module-tag long
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bundleFixture } from '../../run/worker/bundle.fixture.ts';
import { runDefaults, sessionDefaults } from '../../run/spec.ts';
import { makeEngine, type Engine } from './engine.ts';
import { isSilent, type Job, type Task } from './job.ts';

const temporary = mkdtempSync(join(tmpdir(), 'tandem-engine-'));
const workerFile = join(temporary, 'worker.mjs');
let engine: Engine;
let seen: Job[];

beforeAll(async () => {
  const entry = join(import.meta.dirname, '..', '..', 'run', 'worker', 'fakeWorker.fixture.ts');
  await bundleFixture(entry, workerFile);
  mkdirSync(join(temporary, '.tandem'));
});
beforeEach(() => {
  engine = makeEngine({ workerFile, patience: { run: 60_000, measurement: 60_000 } });
  seen = [];
  engine.onDidChange((job) => seen.push(job));
});
afterEach(() => engine.dispose());
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const evaluate = (name: string): Task => {
  const prompt = join(temporary, name);
  return { kind: 'evaluate', prompt, spec: { ...sessionDefaults, prompt }, split: 'val' };
};
const measureLines = (name: string): Task => ({ ...evaluate(name), kind: 'attribute' }) as Task;
const optimize = (name: string): Task => {
  const prompt = join(temporary, name);
  return { kind: 'optimize', prompt, spec: { ...runDefaults, prompt } };
};
/** An engine that does not wait half a minute before it calls a process busy. */
const impatient = async (): Promise<void> => {
  await engine.dispose();
  engine = makeEngine({ workerFile, beats: { idle: 1000, silence: 2000 } });
  engine.onDidChange((job) => seen.push(job));
};
/** Resolves with the first state of the job of which this holds. */
const once = (id: number, holds: (job: Job) => boolean): Promise<Job> =>
  new Promise((resolve) => {
    const known = seen.find((job) => job.id === id && holds(job));
    if (known) resolve(known);
    engine.onDidChange((job) => job.id === id && holds(job) && resolve(job));
  });
const busyWith = ({ busy }: Job): string => busy!.what;

test('jobs of one folder are done one after the other, those of another folder beside them', async () => {
  const slow = engine.start('a', evaluate('slow.prompt.md'));
  const next = engine.start('a', evaluate('intent.prompt.md'));
  const beside = engine.start('b', evaluate('intent.prompt.md'));
  expect((await beside.finished).status).toBe('done');
  expect(engine.jobs().map(({ id, status }) => [id, status])).toEqual([
    [slow.id, 'running'],
    [next.id, 'waiting'],
  ]);
  engine.stop(slow.id);
  expect(await slow.finished).toMatchObject({ status: 'stopped' });
  expect(await next.finished).toMatchObject({ status: 'done', measured: { model: 'fake', score: { mean: 0.5 } } });
  expect(engine.jobs()).toEqual([]);
});

test('a measurement that still waits is not asked for twice, and one that is stopped while it waits never begins', async () => {
  const slow = engine.start('a', evaluate('slow.prompt.md'));
  const [first, second] = [engine.start('a', evaluate('intent.prompt.md')), engine.start('a', evaluate('intent.prompt.md'))];
  expect(second.id).toBe(first.id);
  expect(engine.start('a', measureLines('intent.prompt.md')).id).not.toBe(first.id);
  engine.stop(first.id);
  expect(await first.finished).toMatchObject({ status: 'stopped' });
  engine.stop(slow.id);
  await slow.finished;
  expect(seen.some((job) => job.id === first.id && job.status === 'running')).toBe(false);
});

test('measurements share a warm process; a run has its own', async () => {
  const one = engine.start('a', evaluate('one.prompt.md'));
  const two = engine.start('a', evaluate('two.prompt.md'));
  await Promise.all([one.finished, two.finished]);
  const first = busyWith(await once(one.id, ({ busy }) => busy !== undefined));
  expect(busyWith(await once(two.id, ({ busy }) => busy !== undefined))).toBe(first);
  await engine.start('a', optimize('intent.prompt.md')).finished;
  const three = engine.start('a', evaluate('three.prompt.md'));
  await three.finished;
  expect(busyWith(await once(three.id, ({ busy }) => busy !== undefined))).not.toBe(first);
});

describe('a run after a preflight', () => {
  const model = temporary;
  const preflight = (name: string): Task => {
    const prompt = join(temporary, name);
    return { kind: 'preflight', prompt, spec: { ...runDefaults, prompt, model } };
  };
  const run = (name: string, of = model): Task => {
    const prompt = join(temporary, name);
    return { kind: 'optimize', prompt, spec: { ...runDefaults, prompt, model: of } };
  };
  /** How many models its process had loaded, and which process that was. */
  const loadedBy = async ({ id, finished }: { id: number; finished: Promise<Job> }): Promise<{ loads: number; process: number }> => {
    const job = await once(id, ({ busy }) => busy?.what.startsWith('Loaded') === true);
    await finished;
    const [, loads, process] = /Loaded (\d+) in process (\d+)/.exec(busyWith(job))!;
    return { loads: Number(loads), process: Number(process) };
  };

  test('of the same prompt and model does not load the model a second time, and its process is gone after it', async () => {
    const before = await loadedBy(engine.start('a', preflight('intent.prompt.md')));
    expect(await loadedBy(engine.start('a', run('intent.prompt.md')))).toEqual({ loads: 1, process: before.process });
    expect((await loadedBy(engine.start('a', preflight('intent.prompt.md')))).process).not.toBe(before.process);
  });

  test('of another prompt, or with another model, begins in a process of its own', async () => {
    const before = await loadedBy(engine.start('a', preflight('intent.prompt.md')));
    const other = await loadedBy(engine.start('a', run('other.prompt.md')));
    expect(other.process).not.toBe(before.process);
    const again = await loadedBy(engine.start('a', preflight('intent.prompt.md')));
    expect((await loadedBy(engine.start('a', run('intent.prompt.md', tmpdir())))).process).not.toBe(again.process);
  });

  test('that was stopped goes on in its process, after one that crashed in another', async () => {
    const slow = engine.start('a', preflight('slow.prompt.md'));
    const { busy } = await once(slow.id, (job) => job.busy !== undefined);
    engine.stop(slow.id);
    expect(await slow.finished).toMatchObject({ status: 'stopped' });
    const next = engine.start('a', run('slow.prompt.md'));
    const { busy: ofRun } = await once(next.id, (job) => job.busy !== undefined);
    expect(ofRun!.what).toBe(busy!.what);
    engine.stop(next.id);
    expect(await next.finished).toMatchObject({ status: 'done' });

    expect(await engine.start('a', preflight('crash.prompt.md')).finished).toMatchObject({ status: 'failed' });
    expect(await engine.start('a', run('intent.prompt.md')).finished).toMatchObject({ status: 'done' });
  });

  test('that nothing follows is given up, with the memory that it holds', async () => {
    await engine.dispose();
    engine = makeEngine({ workerFile, keepWarm: 50 });
    engine.onDidChange((job) => seen.push(job));
    const { process: pid } = await loadedBy(engine.start('a', preflight('intent.prompt.md')));
    const isThere = (): boolean => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    while (isThere()) await sleep(20);
    expect((await loadedBy(engine.start('a', run('intent.prompt.md')))).process).not.toBe(pid);
  });
});

test('a run is told as its lines, each with the state after it, and ends with its directory', async () => {
  const lines: number[] = [];
  engine.onDidLine(({ job, line }) => {
    lines.push(line.seq);
    expect(job.run).toBeDefined();
  });
  const { finished } = engine.start('a', optimize('intent.prompt.md'));
  const job = await finished;
  expect(job).toMatchObject({ status: 'done', run: { status: 'ended' } });
  expect(job.directory).toContain(join(temporary, '.tandem', 'runs'));
  expect(lines).toEqual(lines.map((_, place) => place));
});

test('a run that is stopped ends gracefully; one that hangs can be ended at once', async () => {
  const slow = engine.start('a', optimize('slow.prompt.md'));
  await once(slow.id, ({ status }) => status === 'running');
  engine.stop(slow.id);
  expect(await slow.finished).toMatchObject({ status: 'done', directory: 'stopped gracefully' });

  const hanging = engine.start('a', optimize('hang.prompt.md'));
  await once(hanging.id, ({ memory }) => memory !== undefined);
  engine.stop(hanging.id);
  expect(engine.jobs()[0].status).toBe('stopping');
  engine.end(hanging.id);
  expect(await hanging.finished).toMatchObject({ status: 'stopped' });
});

test('a process that dies is noticed at once, with the last lines that it wrote; the next job gets another one', async () => {
  const began = Date.now();
  const { finished } = engine.start('a', optimize('crash.prompt.md'));
  expect(await finished).toMatchObject({ status: 'failed', error: { reason: 'worker-died' }, lastLines: 'native code says goodbye' });
  expect(Date.now() - began).toBeLessThan(5000);
  expect((await engine.start('a', evaluate('intent.prompt.md')).finished).status).toBe('done');
});

test('what is counted began with what was told before its first share', async () => {
  const { id, finished } = engine.start('a', measureLines('intent.prompt.md'));
  const { busy: begun } = await once(id, ({ busy }) => busy?.what === 'Measuring on 2 rows');
  const { busy: counted } = await once(id, ({ busy }) => busy?.share === 0.5);
  expect(counted).toEqual({ what: 'Measured 1 of 2 lines', share: 0.5, at: begun!.at });
  await finished;
});

test('a process that does not answer is noticed, and its job can be ended', async () => {
  await impatient();
  const { id, finished } = engine.start('a', measureLines('silent.prompt.md'));
  const { startedAt } = await once(id, ({ status }) => status === 'running');
  const { vitality } = await once(id, isSilent);
  // Its process was started just before the job was called running.
  expect((vitality as { since: number }).since).toBeGreaterThan(startedAt! - 1000);
  engine.end(id);
  expect((await finished).status).toBe('stopped');
});

test('a process that computes without a pause is busy, never silent, and well as soon as it gets on', async () => {
  await impatient();
  const { id, finished } = engine.start('a', measureLines('computing.prompt.md'));
  const { vitality } = await once(id, (job) => job.vitality?.kind === 'busy');
  const since = (vitality as { since: number }).since;
  expect(Date.now() - since).toBeGreaterThanOrEqual(1000);
  await finished;
  const kinds = seen.filter((job) => job.id === id).map((job) => job.vitality?.kind ?? 'well');
  expect(kinds.filter((kind, place) => kind !== kinds[place - 1])).toEqual(['well', 'busy', 'well']);
});

test('the end of the editor ends every job, without a failure to report', async () => {
  const slow = engine.start('a', evaluate('slow.prompt.md'));
  const waiting = engine.start('a', evaluate('intent.prompt.md'));
  await once(slow.id, ({ status }) => status === 'running');
  await engine.dispose();
  expect([(await slow.finished).status, (await waiting.finished).status]).toEqual(['stopped', 'stopped']);
});

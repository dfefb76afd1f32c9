/**
 * @file The worker of the tools does one thing at a time, is kept while it measures, and stops when it is asked to.
 * @module-tag long
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { fakeSpec } from '../run/fakeRun.fixture.ts';
import type { RunSpec } from '../run/spec.ts';
import { bundleFixture } from '../run/worker/bundle.fixture.ts';
import type { Notification } from '../run/worker/protocol.ts';
import { makeWorkQueue, type WorkHooks, type WorkQueue } from './workQueue.ts';

const temporary = mkdtempSync(join(tmpdir(), 'tandem-queue-'));
const file = join(temporary, 'worker.mjs');
let queue: WorkQueue;

beforeAll(async () => {
  const entry = join(import.meta.dirname, '..', 'run', 'worker', 'fakeWorker.fixture.ts');
  await bundleFixture(entry, file);
});
beforeEach(() => {
  queue = makeWorkQueue(file);
});
afterEach(() => queue.close());
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const specOf = (prompt: string): RunSpec => {
  writeFileSync(join(temporary, prompt), '');
  return { ...fakeSpec, prompt: join(temporary, prompt) };
};
const hooks = (onNotification: WorkHooks['onNotification'] = () => {}, signal = new AbortController().signal): WorkHooks => ({
  onNotification,
  signal,
});

/** The process that a measurement says to be in. */
async function processOf(): Promise<string> {
  let said = '';
  const hear = (notification: Notification): void => void (notification.type === 'busy' && (said = notification.what));
  await queue.work('evaluate', { spec: specOf('a.prompt.md'), split: 'val' }, hooks(hear));
  return said;
}

test('measurements share a process; a run has its own, and its events are heard', async () => {
  const first = await processOf();
  expect(first).toMatch(/^Measuring in process \d+$/);
  expect(await processOf()).toBe(first);
  const types: string[] = [];
  await queue.work(
    'optimize',
    { spec: specOf('a.prompt.md') },
    hooks((notification) => types.push(notification.type)),
  );
  expect(types).toContain('line');
  expect(await processOf()).not.toBe(first);
});

test('what is asked at once is done one after the other, also after a failure', async () => {
  const order: string[] = [];
  const done = (name: string) => (): void => void order.push(name);
  const asked = [
    queue.work('optimize', { spec: specOf('missing.prompt.md') }, hooks()).catch(done('failed')),
    queue.work('evaluate', { spec: specOf('a.prompt.md'), split: 'val' }, hooks()).then(done('evaluated')),
    queue.work('attribute', { spec: specOf('a.prompt.md'), split: 'val' }, hooks()).then(done('attributed')),
  ];
  await Promise.all(asked);
  expect(order).toEqual(['failed', 'evaluated', 'attributed']);
});

test('a run that is stopped ends gracefully, a measurement is given up, and what waits does not begin', async () => {
  const stopping = new AbortController();
  const run = queue.work('optimize', { spec: specOf('slow.prompt.md') }, hooks(undefined, stopping.signal));
  const waiting = queue.work('evaluate', { spec: specOf('a.prompt.md'), split: 'val' }, hooks(undefined, stopping.signal));
  const refused = expect(waiting).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  setTimeout(() => stopping.abort(), 200);
  expect(await run).toEqual({ directory: 'stopped gracefully' });
  await refused;

  const giving = new AbortController();
  const onNotification = ({ type }: Notification): void => void (type === 'busy' && giving.abort());
  const slow = queue.work('evaluate', { spec: specOf('slow.prompt.md'), split: 'val' }, { signal: giving.signal, onNotification });
  await expect(slow).rejects.toThrow(expect.objectContaining({ reason: 'stopped' }));
});

test('a process that dies is replaced', async () => {
  await expect(queue.work('optimize', { spec: specOf('crash.prompt.md') }, hooks())).rejects.toThrow(
    expect.objectContaining({ reason: 'worker-died' }),
  );
  expect(await processOf()).toMatch(/^Measuring/);
});

/**
 * @file The worker process: its run arrives here as events, its errors keep their reason, and it never outlives its parent.
 * @module-tag long
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fakeSpec } from '../fakeRun.fixture.ts';
import { TandemError } from '../../errors.ts';
import { bundleFixture } from './bundle.fixture.ts';
import { startWorker, type WorkerClient } from './client.ts';
import type { Notification } from './protocol.ts';
import type { Host } from './questions.ts';
import type { RunSpec } from '../spec.ts';
import { apply } from '../record/fold.ts';
import { initialState } from '../record/state.ts';

const temporary = mkdtempSync(join(tmpdir(), 'tandem-worker-'));
const file = join(temporary, 'worker.mjs');
const clients: WorkerClient[] = [];

beforeAll(async () => {
  await bundleFixture(join(import.meta.dirname, 'fakeWorker.fixture.ts'), file);
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.dispose()));
  rmSync(temporary, { recursive: true, force: true });
});

const start = (onNotification: (notification: Notification) => void = () => {}, host: Host = {}): WorkerClient => {
  const client = startWorker({ file, onNotification, host });
  clients.push(client);
  return client;
};
const specOf = (prompt: string): RunSpec => {
  writeFileSync(join(temporary, prompt), '');
  return {
    prompt: join(temporary, prompt),
    ...fakeSpec,
  };
};
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
};

test('a run arrives as its journal lines, in order', async () => {
  const heard: Notification[] = [];
  const client = start((notification) => heard.push(notification));
  const { directory } = await client.call('optimize', { spec: specOf('intent.prompt.md') });
  const lines = heard.flatMap((each) => (each.type === 'line' ? [each.line] : []));
  expect(heard.find(({ type }) => type !== 'heartbeat')).toEqual({ type: 'runOpened', directory });
  expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, i) => i));
  expect(lines.reduce(apply, initialState).status).toBe('ended');
  expect(readFileSync(join(directory, 'journal.jsonl'), 'utf8')).toBe(lines.map((line) => JSON.stringify(line) + '\n').join(''));
});

test("a user's error arrives with its reason, place and hint", async () => {
  const spec = specOf('missing.prompt.md');
  await expect(start().call('optimize', { spec })).rejects.toMatchObject({
    name: 'TandemError',
    reason: 'no-prompt',
    where: { file: spec.prompt, line: 3 },
    hint: 'Write one.',
  });
});

test('a worker that dies is an error that contains the end of its output', async () => {
  await expect(start().call('optimize', { spec: specOf('crash.prompt.md') })).rejects.toMatchObject({
    reason: 'worker-died',
    message: expect.stringMatching(/SIGKILL.*\nnative code says goodbye/) as string,
  });
});

test('a stop is graceful, and one that takes too long is ended by force', async () => {
  const slow = start();
  const stopped = slow.call('optimize', { spec: specOf('slow.prompt.md') });
  slow.stop(60_000);
  await expect(stopped).resolves.toEqual({ directory: 'stopped gracefully' });

  const hanging = start();
  const killed = hanging.call('optimize', { spec: specOf('hang.prompt.md') });
  hanging.stop(200);
  await expect(killed).rejects.toMatchObject({ reason: 'worker-died' });
  await hanging.dispose();
  expect(alive(hanging.pid)).toBe(false);
});

test('a run after a preflight with the same model finds it loaded, and one with another model loads that', async () => {
  const loaded: string[] = [];
  const client = start((notification) => void (notification.type === 'busy' && loaded.push(notification.what)));
  const [model, other] = [temporary, tmpdir()];
  await client.call('preflight', { spec: { ...specOf('intent.prompt.md'), model } });
  await client.call('optimize', { spec: { ...specOf('intent.prompt.md'), model } });
  await client.call('optimize', { spec: { ...specOf('intent.prompt.md'), model: other } });
  expect(loaded).toEqual([1, 1, 2].map((count) => `Loaded ${count} in process ${client.pid}`));
});

describe('a worker asks the process that started it', () => {
  const spec = specOf('asks.prompt.md');

  test('and gets the answer', async () => {
    const asked: unknown[] = [];
    const client = start(() => {}, {
      write: async (params) => {
        asked.push(params);
        await sleep(20);
        return { text: `said by ${params.model}` };
      },
    });
    expect(await client.call('optimize', { spec })).toEqual({ directory: 'said by large' });
    expect(asked).toEqual([{ model: 'large', messages: [{ role: 'user', content: spec.prompt }], maxTokens: 10, temperature: 0, seed: 1 }]);
    // The next question is another one.
    expect(await client.call('optimize', { spec })).toEqual({ directory: 'said by large' });
  });

  test('and gets its error with reason and hint', async () => {
    const refusing = start(() => {}, {
      write: () => Promise.reject(new TandemError('writer-refused', 'Not today.', { hint: 'Ask tomorrow.' })),
    });
    await expect(refusing.call('optimize', { spec })).rejects.toMatchObject({ reason: 'writer-refused', hint: 'Ask tomorrow.' });
    await expect(start().call('optimize', { spec })).rejects.toMatchObject({ reason: 'writer-unreachable' });
  });

  test('and drops the question when it is stopped, so that nobody answers in vain', async () => {
    let dropped = false;
    const client = start(() => {}, {
      write: (_, signal) =>
        new Promise(() => {
          signal.addEventListener('abort', () => (dropped = true));
          client.stop(60_000);
        }),
    });
    await expect(client.call('optimize', { spec })).rejects.toMatchObject({ reason: 'stopped' });
    while (!dropped) await sleep(5);
  });

  test('and the question is dropped when the worker dies', async () => {
    let dropped = false;
    const client = start(() => {}, {
      write: (_, signal) =>
        new Promise(() => {
          signal.addEventListener('abort', () => (dropped = true));
          process.kill(client.pid, 'SIGKILL');
        }),
    });
    await expect(client.call('optimize', { spec })).rejects.toMatchObject({ reason: 'worker-died' });
    expect(dropped).toBe(true);
  });
});

test('the worker beats, and has a low priority', async () => {
  const heard: Notification[] = [];
  const client = start((notification) => heard.push(notification));
  void client.call('optimize', { spec: specOf('hang.prompt.md') }).catch(() => {});
  while (!heard.some(({ type }) => type === 'heartbeat')) await sleep(20);
  expect(client.vitality()).toEqual({ kind: 'well' });
  expect(getPriority(client.pid)).toBeGreaterThan(0);
  await expect(client.call('optimize', { spec: specOf('intent.prompt.md') })).rejects.toMatchObject({ reason: 'worker-busy' });
});

test('a worker whose main thread computes without a pause still beats', async () => {
  const beats: number[] = [];
  const computing = new Promise<void>((resolve) => {
    const client = start(({ type }) => {
      if (type === 'busy') resolve();
      if (type === 'heartbeat') beats.push(Date.now());
    });
    void client.call('optimize', { spec: specOf('blocked.prompt.md') }).catch(() => {});
  });
  await computing;
  const before = beats.length;
  while (beats.length < before + 4) await sleep(20);
});

describe.skipIf(process.platform === 'win32')('the worker dies with its parent, however the parent dies', () => {
  /** A process that starts a worker, and prints the worker's number once it works. */
  const parentOf = (how: string, prompt: string): string => {
    const parentFile = join(temporary, `parent ${prompt}.mjs`);
    writeFileSync(
      parentFile,
      `import { fork } from 'node:child_process';
       const child = fork(${JSON.stringify(file)}, ${how});
       child.stdio[4]?.resume();
       child.send({ type: 'request', id: 0, method: 'optimize', params: { spec: { prompt: '${prompt}' } } });
       child.on('message', ({ type }) => type === 'busy' && console.log(child.pid));`,
    );
    return parentFile;
  };
  const withPipe = "['4'], { stdio: ['ignore', 'ignore', 'ignore', 'ipc', 'pipe'] }";
  const withoutPipe = "[], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] }";

  test.each([
    ['while it waits', withPipe, 'hang'],
    ['while it computes without a pause', withPipe, 'blocked'],
    ['though no pipe says so', withoutPipe, 'blocked without pipe'],
  ])('%s', async (_, how, prompt) => {
    const parent = spawn(process.execPath, [parentOf(how, prompt)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [chunk] = (await once(parent.stdout, 'data')) as [Buffer];
    const worker = Number(chunk.toString());
    expect(alive(worker)).toBe(true);
    const killed = Date.now();
    parent.kill('SIGKILL');
    while (alive(worker) && Date.now() - killed < 10_000) await sleep(20);
    expect(Date.now() - killed).toBeLessThan(2000);
  });
});

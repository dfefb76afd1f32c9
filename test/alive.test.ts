/**
 * @file Processes end when they should: a worker never outlives the command that started it, and a lock never keeps a command from being
 * stopped.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { acquireLock } from '../src/run/record/lock.ts';
import { root } from './support/paths.ts';
import { writeTinyTask } from './support/tinyTask.ts';

const tandem = join(root, 'dist', 'cli.js');
const temporary = mkdtempSync(join(tmpdir(), 'tandem-alive-'));
const env = { ...process.env, TANDEM_HOME: join(temporary, 'home') };

beforeAll(() => {
  if (!existsSync(tandem)) throw new Error('Build first: npm run build');
});
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

function workspace(): string {
  const folder = mkdtempSync(join(temporary, 'workspace-'));
  mkdirSync(join(folder, '.tandem', 'runs'), { recursive: true });
  writeTinyTask(folder);
  return folder;
}

const optimize = (folder: string, ...more: string[]): ChildProcess =>
  spawn(process.execPath, [tandem, 'optimize', 'kind.prompt.md', '--budget', '1h', ...more], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  });

/** Waits until the process has written this to stderr. */
async function said(child: ChildProcess, text: string): Promise<void> {
  let heard = '';
  child.stderr!.setEncoding('utf8').on('data', (more: string) => (heard += more));
  while (!heard.includes(text)) {
    if (child.exitCode !== null) throw new Error(`It ended with: ${heard}`);
    await sleep(20);
  }
}

const childrenOf = (pid: number): number[] =>
  spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
    .stdout.trim()
    .split('\n')
    .filter(Boolean)
    .map(Number);
const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`) && !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');

describe.skipIf(process.platform !== 'linux')('a worker whose command is killed is gone within two seconds', () => {
  const kinds: [string, (folder: string) => [ChildProcess, () => boolean | Promise<boolean>]][] = [
    [
      'in the middle of a metric that never ends',
      (folder) => {
        const prompt = join(folder, 'kind.prompt.md');
        writeFileSync(prompt, readFileSync(prompt, 'utf8').replace('  output:', '  metric: ./endless.mjs\n  output:'));
        const begun = join(folder, 'begun');
        const code = `import { writeFileSync } from 'node:fs';
          export default () => { writeFileSync(${JSON.stringify(begun)}, ''); for (;;); };`;
        writeFileSync(join(folder, 'endless.mjs'), code);
        return [optimize(folder, '--allow-modules'), () => existsSync(begun)];
      },
    ],
    [
      'in the middle of a run',
      (folder) => {
        const child = optimize(folder, '--json');
        let heard = '';
        child.stdout!.setEncoding('utf8').on('data', (text: string) => (heard += text));
        return [child, () => heard.includes('"weightStep"')];
      },
    ],
  ];
  test.each(kinds)('%s', async (_, start) => {
    const [child, isReady] = start(workspace());
    let stderr = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    while (!(await isReady())) {
      expect(child.exitCode, stderr).toBe(null);
      await sleep(20);
    }
    const workers = childrenOf(child.pid!);
    expect(workers).toHaveLength(1);
    child.kill('SIGKILL');
    const killed = Date.now();
    while (isAlive(workers[0]) && Date.now() - killed < 20_000) await sleep(10);
    expect(Date.now() - killed).toBeLessThan(2000);
  });
});

describe('a lock in the way of a run', () => {
  test.each<[string, (lock: string) => void]>([
    ['a folder', (lock) => mkdirSync(lock)],
    ['a dangling link', (lock) => symlinkSync('nowhere', lock)],
    ['a lock of no process', (lock) => writeFileSync(lock, '{"pid": -1}')],
  ])('is reported at once: %s', (_, make) => {
    const folder = workspace();
    make(join(folder, '.tandem', 'runs', 'lock'));
    const { status, stderr } = spawnSync(process.execPath, [tandem, 'optimize', 'kind.prompt.md'], { cwd: folder, encoding: 'utf8', env });
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(/^The lock \/.*\/\.tandem\/runs\/lock .*\.\n {2}If no run is active here, delete the lock/),
    ]);
  });

  test.skipIf(process.platform === 'win32')(
    'is waited for while the command names its owner, and Ctrl-C stops the waiting at once',
    async () => {
      const folder = workspace();
      const release = await acquireLock(join(folder, '.tandem', 'runs', 'lock'), { work: 'the run of other.prompt.md' });
      const child = optimize(folder);
      const ended = once(child, 'close') as Promise<[number | null]>;
      await said(child, `Waiting for process ${process.pid}, which is working on the run of other.prompt.md, since `);
      const pressed = Date.now();
      child.kill('SIGINT');
      expect((await ended)[0]).toBe(130);
      expect(Date.now() - pressed).toBeLessThan(2000);
      release();
    },
  );
});

test.skipIf(process.platform === 'win32')('Ctrl-C in the first moments is not an error, however much has been loaded', async () => {
  const folder = workspace();
  const interrupted = async (after: number): Promise<unknown> => {
    const child = spawn(process.execPath, [tandem, 'optimize', 'kind.prompt.md', '--budget', '1h'], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      env,
      detached: true,
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    await sleep(after);
    // A terminal sends the signal to the whole group.
    process.kill(-child.pid!, 'SIGINT');
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    expect(stderr).not.toContain('worker process');
    return code ?? signal;
  };
  for (const after of [50, 150, 250, 350]) expect(['SIGINT', 130]).toContain(await interrupted(after));
});

/**
 * @file Processes that Tandem starts run no code of a workspace, and none outlives Tandem.
 * @module-tag long
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { findProgram, forkOwn, runProgram, safeEnvironment } from './childProcess.ts';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-child-')));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});
const folder = (): string => mkdtempSync(join(root, 'folder-'));
const onPath = (...folders: string[]): NodeJS.ProcessEnv => ({ PATH: folders.join(delimiter) });
const name = process.platform === 'win32' ? 'tool.exe' : 'tool';
const withTool = (place: string, mode = 0o755): string => {
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, name), '');
  chmodSync(join(place, name), mode);
  return place;
};
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
};
const node = (code: string): string[] => ['-e', code, '--'];

describe('a program is searched for on the PATH', () => {
  const [workspace, outside] = [folder(), withTool(folder())];
  const inside = withTool(join(workspace, 'node_modules', '.bin'));

  test('outside the workspace, whatever spelling or link leads into it', () => {
    const link = join(root, 'link');
    symlinkSync(workspace, link, 'junction');
    expect(findProgram('tool', [], onPath(inside, outside))).toBe(join(inside, name));
    for (const found of [inside, join(link, 'node_modules', '.bin'), `${inside}/../.bin`])
      expect(findProgram('tool', [workspace], onPath(found, outside)), found).toBe(join(outside, name));
    const linked = folder();
    symlinkSync(join(inside, name), join(linked, name));
    expect(findProgram('tool', [workspace], onPath(linked))).toBeUndefined();
    expect(findProgram('tool', [`${workspace}-other`], onPath(inside))).toBe(join(inside, name));
  });

  test('not in the working folder, in relative folders, or among files that are not executable', () => {
    const plain = withTool(folder(), 0o644);
    mkdirSync(join(workspace, name));
    expect(
      findProgram('tool', [], onPath('', '.', 'node_modules/.bin', workspace, ...(process.platform === 'win32' ? [] : [plain]))),
    ).toBeUndefined();
  });

  test('and a home folder or the root does not count as a workspace', () => {
    for (const home of [homedir(), '/']) expect(findProgram('tool', [home], onPath(outside)), home).toBe(join(outside, name));
  });
});

test('variables that make Node or Python load code are not passed on; memory sizes and certificates are', () => {
  const env = {
    NODE_OPTIONS: '--require ./evil.js --max-old-space-size=4096 -r ./evil.js --import=./evil.mjs --use-system-ca --inspect',
    NODE_PATH: '/ws',
    PYTHONPATH: '/ws',
    PYTHONSTARTUP: '/ws/a.py',
    PYTHONUTF8: '1',
    HTTPS_PROXY: 'http://proxy',
  };
  expect(safeEnvironment(env)).toEqual({
    NODE_OPTIONS: '--max-old-space-size=4096 --use-system-ca',
    PYTHONUTF8: '1',
    HTTPS_PROXY: 'http://proxy',
  });
  expect(safeEnvironment({ NODE_OPTIONS: '--require ./evil.js' })).toEqual({});
});

test('a module of Tandem runs in its own folder and loads nothing from NODE_OPTIONS', async () => {
  const [own, evil] = [folder(), join(folder(), 'evil.cjs')];
  writeFileSync(evil, `require('node:fs').writeFileSync(${JSON.stringify(`${evil}.ran`)}, '')`);
  writeFileSync(join(own, 'own.mjs'), 'process.send(process.cwd()); process.disconnect();');
  vi.stubEnv('NODE_OPTIONS', `--require ${evil}`);
  const child = forkOwn(join(own, 'own.mjs'));
  vi.stubEnv('NODE_OPTIONS', undefined);
  const [cwd] = (await once(child, 'message')) as [string];
  await once(child, 'close');
  expect([cwd, existsSync(`${evil}.ran`)]).toEqual([own, false]);
});

describe('a program', () => {
  test('uses the given folder as working folder and for temporary files, and the last line of its errors is returned', async () => {
    const place = folder();
    const code = "require('fs').writeFileSync('seen', [process.cwd(), require('os').tmpdir()].join())";
    expect(await runProgram(process.execPath, node(code), { folder: place, workspaces: [] })).toBeUndefined();
    expect(readFileSync(join(place, 'seen'), 'utf8')).toBe([place, place].join());
    expect(
      await runProgram(process.execPath, node("console.error('one'); console.error('two'); process.exit(3)"), {
        folder: place,
        workspaces: [],
      }),
    ).toBe('two');
    expect(await runProgram(process.execPath, node('process.exit(3)'), { folder: place, workspaces: [] })).toBe('ended with 3');
    expect(await runProgram(join(place, 'none'), [], { folder: place, workspaces: [] })).toContain('ENOENT');
    await expect(runProgram('node', [], { folder: place, workspaces: [] })).rejects.toThrow('absolute');
  });

  test('gets a PATH without relative folders and without folders in the workspace', async () => {
    const [place, workspace, other] = [folder(), folder(), folder()];
    vi.stubEnv('PATH', ['', '.', join(workspace, 'bin'), other].join(delimiter));
    await runProgram(process.execPath, node("require('fs').writeFileSync('seen', process.env.PATH)"), {
      folder: place,
      workspaces: [workspace],
    });
    vi.unstubAllEnvs();
    expect(readFileSync(join(place, 'seen'), 'utf8')).toBe(other);
  });

  const waits = "require('fs').writeFileSync('pid', String(process.pid)); setInterval(() => {}, 1000)";
  const pidIn = async (place: string): Promise<number> => {
    for (let waited = 0; waited < 10_000; waited += 20) {
      const text = existsSync(join(place, 'pid')) ? readFileSync(join(place, 'pid'), 'utf8') : '';
      if (text !== '') return Number(text);
      await sleep(20);
    }
    throw new Error('it never started');
  };
  const gone = async (pid: number, place: string): Promise<boolean> => {
    for (let waited = 0; waited < 5000 && (isAlive(pid) || existsSync(place)); waited += 20) await sleep(20);
    return !isAlive(pid) && !existsSync(place);
  };

  test('is killed by an abort, which waits until it is gone', async () => {
    const [place, stop] = [folder(), new AbortController()];
    const running = runProgram(process.execPath, node(waits), { folder: place, workspaces: [], signal: stop.signal });
    const pid = await pidIn(place);
    stop.abort();
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    expect(isAlive(pid)).toBe(false);
  });

  test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
    'ends with the process that started it after %s, and leaves nothing behind',
    async (signal) => {
      const [place, own] = [folder(), folder()];
      const bundle = join(own, 'childProcess.mjs');
      await build({
        entryPoints: [join(import.meta.dirname, 'childProcess.ts')],
        outfile: bundle,
        bundle: true,
        platform: 'node',
        format: 'esm',
      });
      const code = `import(${JSON.stringify(pathToFileURL(bundle).href)}).then(({ runProgram }) =>
      runProgram(process.execPath, ${JSON.stringify(node(waits))}, { folder: ${JSON.stringify(place)}, workspaces: [] }))`;
      const parent = spawn(process.execPath, ['-e', code], { stdio: 'ignore', detached: true });
      const pid = await pidIn(place);
      // A terminal signals the whole process group.
      if (signal === 'SIGINT') process.kill(-parent.pid!, signal);
      else parent.kill(signal);
      expect(await gone(pid, place)).toBe(true);
    },
  );
});

/** @file Checks promises of the README against the built program: no telemetry, and no code of a workspace runs. */
import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from './support/paths.ts';
import { writeTinyTask } from './support/tinyTask.ts';

const dist = (file: string): string => join(root, 'dist', file);
const temporary = mkdtempSync(join(tmpdir(), 'tandem-promises-'));

beforeAll(() => {
  if (!existsSync(dist('cli.js'))) throw new Error('Build first: npm run build');
});
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const newFolder = (name: string): string => mkdtempSync(join(temporary, `${name}-`));
function workspace(model?: string): string {
  const folder = newFolder('workspace');
  mkdirSync(join(folder, '.tandem'));
  writeTinyTask(folder);
  if (model)
    writeFileSync(
      join(folder, 'kind.prompt.md'),
      `---\ntandem:\n  data: rows.jsonl\n  output: kind\n  labels: from-data\n  model: ${model}\n---\n\${input:text}\n`,
    );
  return folder;
}
/** The environment of a new machine: nothing in the home folder, and no variable that points elsewhere. */
const newMachine = (home: string): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(XDG_|TANDEM_|HF_|ORT_|NODE_OPTIONS|VITEST)/.test(name))),
  HOME: home,
  USERPROFILE: home,
  LOCALAPPDATA: join(home, 'local'),
  APPDATA: join(home, 'roaming'),
});
const run = (cwd: string, env: NodeJS.ProcessEnv, ...args: string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, args, { cwd, encoding: 'utf8', env });

describe('a session on a new machine leaves nothing in the home folder', () => {
  test.each([
    ['the command line', [dist('cli.js'), 'evaluate', 'kind.prompt.md']],
    ['the worker', [dist('cli.js'), 'optimize', 'kind.prompt.md', '--budget', '40k']],
    [
      'the API',
      [
        '--input-type=module',
        '-e',
        `import { openSession, sessionDefaults } from ${JSON.stringify(pathToFileURL(dist('api.js')).href)};
         const session = await openSession({ ...sessionDefaults, prompt: process.cwd() + '/kind.prompt.md' });
         await session.evaluator.evaluate({ prompt: session.file.prompt }, session.valset);
         await session.dispose();`,
      ],
    ],
  ])('%s', (_, args) => {
    const home = newFolder('home');
    const { status, stderr } = run(workspace(), newMachine(home), ...args);
    expect(status, stderr).toBe(0);
    expect(readdirSync(home, { recursive: true })).toEqual([]);
  });

  test('a thread that cannot turn off the telemetry refuses to start', () => {
    const home = newFolder('home');
    const code = `import { Worker } from 'node:worker_threads';
      const api = ${JSON.stringify(pathToFileURL(dist('api.js')).href)};
      const code = \`import(\${JSON.stringify(api)}).then(async ({ openSession, sessionDefaults }) => {
        const session = await openSession({ ...sessionDefaults, prompt: process.cwd() + '/kind.prompt.md' });
        await session.evaluator.evaluate({ prompt: session.file.prompt }, session.valset);
      }).catch((error) => console.log(error.reason))\`;
      new Worker(code, { eval: true });`;
    const { stdout } = run(workspace(), newMachine(home), '--input-type=module', '-e', code);
    expect([stdout.trim(), readdirSync(home, { recursive: true })]).toEqual(['telemetry-on', []]);
  });
});

describe.skipIf(process.platform === 'win32')('a missing model is downloaded by pip', () => {
  /** Anything of the workspace that runs leaves a mark. */
  const mark = 'import os, sys\nopen(os.environ["MARK"], "w").write(sys.argv[0])\nsys.exit("code of the workspace was run")\n';
  const script = (file: string, text: string): void => {
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, text);
    chmodSync(file, 0o755);
  };
  /** An environment in which nothing can be downloaded. */
  const offline = (home: string) => ({
    ...newMachine(home),
    HF_HUB_OFFLINE: '1',
    PIP_NO_INDEX: '1',
    MARK: join(home, 'mark'),
  });

  test('without any module, program or variable of the workspace', () => {
    const folder = workspace('smollm2-135m');
    for (const name of ['pip.py', 'runpy.py', 'sitecustomize.py', 'usercustomize.py', 'ssl.py']) writeFileSync(join(folder, name), mark);
    for (const name of ['python3', 'python', 'py', 'pip3', 'pip', 'node', 'rustc', 'git', 'lsb_release', 'ldd', 'uname'])
      for (const bin of ['.', 'node_modules/.bin', '.venv/bin']) script(join(folder, bin, name), `#!/bin/sh\ntouch "$MARK"\nexit 1\n`);
    writeFileSync(join(folder, 'evil.cjs'), "require('node:fs').writeFileSync(process.env.MARK, process.argv.join())");
    const path = ['', '.', join(folder, 'node_modules/.bin'), join(folder, '.venv/bin'), process.env.PATH].join(delimiter);
    const commands = [
      ['evaluate', 'kind.prompt.md'],
      ['model', 'add', 'smollm2-135m'],
    ];
    for (const args of commands) {
      const home = newFolder('home');
      const env = { ...offline(home), PATH: path, PYTHONPATH: folder, PYTHONHOME: '', VIRTUAL_ENV: join(folder, '.venv') };
      const { status, stderr } = run(folder, env, dist('cli.js'), ...args);
      expect(status, stderr).toBe(2);
      expect(stderr).toContain('pip could not download');
      expect(existsSync(env.MARK), args.join(' ')).toBe(false);
      expect(existsSync(join(folder, '__pycache__'))).toBe(false);
    }
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
    'and if the command is ended by %s, pip ends too and nothing is left behind',
    async (signal) => {
      const [home, bin] = [newFolder('home'), newFolder('bin')];
      script(join(bin, 'python3'), `#!/bin/sh\necho $$ > "$MARK"\ntouch half-a-wheel\nexec sleep 60\n`);
      const env = { ...offline(home), PATH: [bin, process.env.PATH].join(delimiter) };
      const child = spawn(process.execPath, [dist('cli.js'), 'model', 'add', 'smollm2-135m'], {
        cwd: newFolder('cwd'),
        env,
        stdio: 'ignore',
      });
      const pid = async (): Promise<number> => {
        for (;;) {
          const { stdout } = run(home, env, '-p', `require('fs').readFileSync(process.env.MARK, 'utf8')`);
          if (stdout.trim() !== '') return Number(stdout);
          await sleep(50);
        }
      };
      const pip = await pid();
      child.kill(signal);
      const [code] = (await once(child, 'close')) as [number | null];
      if (signal !== 'SIGKILL') expect(code).toBe(130);
      rmSync(env.MARK);
      const isGone = (): boolean => spawnSync('kill', ['-0', String(pip)]).status !== 0;
      for (let waited = 0; waited < 5000 && !isGone(); waited += 50) await sleep(50);
      expect(isGone()).toBe(true);
      // A killed process cannot clean up. The next command does that.
      if (signal === 'SIGKILL') expect(run(home, env, dist('cli.js'), 'model', 'list').status).toBe(0);
      expect(readdirSync(join(home, '.cache', 'tandem', 'models'))).toEqual([]);
    },
  );
});

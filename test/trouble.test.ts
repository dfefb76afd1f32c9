/**
 * @file What can go wrong around a run: a full disk, a read-only folder, a cache that cannot be written, a model or data that are removed or
 * changed. Each case ends with a clear message, and nothing is lost.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root, tinyModel } from './support/paths.ts';
import { timeless } from './support/timeless.ts';
import { writeTinyTask } from './support/tinyTask.ts';

const tandem = join(root, 'dist', 'cli.js');
const temporary = mkdtempSync(join(tmpdir(), 'tandem-trouble-'));
const env = { ...process.env, TANDEM_HOME: join(temporary, 'home') };
const asked = ['optimize', 'kind.prompt.md', '--json', '--budget', '30k', '--threads', '1', '--schedule', 'chain:w -> p -> w'];

beforeAll(() => {
  if (!existsSync(tandem)) throw new Error('Build first: npm run build');
});
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const run = (cwd: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, [tandem, ...args], { cwd, encoding: 'utf8', env });

/** A workspace that contains its model. */
function workspace(): string {
  const folder = mkdtempSync(join(temporary, 'workspace-'));
  mkdirSync(join(folder, '.tandem'));
  writeTinyTask(folder);
  cpSync(tinyModel, join(folder, 'model'), { recursive: true });
  const prompt = join(folder, 'kind.prompt.md');
  writeFileSync(prompt, readFileSync(prompt, 'utf8').replace(/model: .*/, 'model: ./model'));
  return folder;
}

const runOf = (folder: string): string => {
  const runs = join(folder, '.tandem', 'runs');
  return join(runs, readdirSync(runs).filter((name) => name.endsWith('-kind'))[0]);
};
const journalOf = (folder: string): string => readFileSync(join(runOf(folder), 'journal.jsonl'), 'utf8');

let expected: unknown[];
beforeAll(() => {
  const folder = workspace();
  const { status, stderr } = run(folder, ...asked);
  if (status !== 0) throw new Error(stderr);
  expected = timeless(journalOf(folder));
}, 120_000);

/** Starts a run, and disturbs it as soon as it has printed this many lines. */
async function disturbed(
  folder: string,
  lines: number,
  disturb: (child: ChildProcess) => void,
  args = asked,
): Promise<{ status: number | null; stderr: string }> {
  const child = spawn(process.execPath, [tandem, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], env });
  let [heard, stderr] = ['', ''];
  let done = false;
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    heard += text;
    if (done || heard.split('\n').length <= lines) return;
    done = true;
    disturb(child);
  });
  const [status] = (await once(child, 'close')) as [number | null];
  expect(done).toBe(true);
  return { status, stderr };
}

/** Whether the system allows mounting in a mount namespace of one's own. */
const canMount = spawnSync('unshare', ['-rm', 'sh', '-c', `mount -t tmpfs tmpfs ${JSON.stringify(tmpdir())}`]).status === 0;

const shell = (
  script: string,
  values: Record<string, string>,
  wrap: readonly string[] = [],
): { status: number | null; stdout: string; stderr: string } => {
  const [command, ...args] = [...wrap, 'bash', '-c', `set -u\ntandem() { "$node" "$cli" "$@"; }\n${script}`];
  return spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...env, node: process.execPath, cli: tandem, asked: asked.join('\n'), ...values },
  });
};
const readAsked = 'mapfile -t asked <<< "$asked"';

describe('a full disk', () => {
  test.skipIf(!canMount)('ends the run with a message; once there is room, it resumes and ends like an undisturbed run', () => {
    const [folder, mount] = [workspace(), mkdtempSync(join(temporary, 'mount-'))];
    const script = `${readAsked}
      mount -t tmpfs -o size=3m tmpfs "$mount" && cp -r "$folder/." "$mount" && cd "$mount" || exit 90
      # Room for some of the journal and no more.
      left=$(df --output=avail -k . | tail -1); head -c $(( (left - 56) * 1024 )) /dev/zero > filler
      tandem "\${asked[@]}" > "$folder/out" 2> "$folder/err"; echo "first $?"
      cp -r .tandem "$folder/full"
      tandem resume --json > /dev/null 2> "$folder/err2"; echo "still full $?"
      rm filler
      tandem resume --json > /dev/null 2> "$folder/err3"; echo "resumed $?"
      cp .tandem/runs/*-kind/journal.jsonl "$folder/journal"`;
    const { stdout, stderr } = shell(script, { folder, mount }, ['unshare', '-rm']);
    expect(stdout, stderr + readIf(join(folder, 'err3'))).toBe('first 2\nstill full 2\nresumed 0\n');
    expect(readFileSync(join(folder, 'err'), 'utf8')).toMatch(/The disk is full\.\n {2}Free some space\. .*tandem resume/);
    expect(readFileSync(join(folder, 'err'), 'utf8')).not.toMatch(/^\s+at /m);
    expect(timeless(readFileSync(join(folder, 'journal'), 'utf8'))).toEqual(expected);
    expect(readFileSync(join(folder, 'kind.prompt.md'), 'utf8')).toContain('Say what it is.');
  });

  test.skipIf(process.platform === 'win32')('a limit on the size of files has the same effect', () => {
    const folder = workspace();
    const script = `${readAsked}
      cd "$folder"
      # In blocks of 1024 bytes: enough to start, not for the whole journal.
      (ulimit -f 24; tandem "\${asked[@]}" > /dev/null 2> err); echo "first $?"
      tandem resume --json > /dev/null 2> err2; echo "resumed $?"`;
    const { stdout, stderr } = shell(script, { folder });
    expect(stdout, stderr + readIf(join(folder, 'err2'))).toBe('first 2\nresumed 0\n');
    expect(readFileSync(join(folder, 'err'), 'utf8')).toContain('The file has reached the maximum size here.');
    expect(timeless(journalOf(folder))).toEqual(expected);
  });
});

describe('a read-only folder', () => {
  test.skipIf(!canMount)('can be measured, with a notice that the numbers are not saved; tuning in it is refused at once', () => {
    const folder = workspace();
    const script = `${readAsked}
      mount --bind "$folder" "$folder" && mount -o remount,ro,bind "$folder" && cd "$folder" || exit 90
      tandem evaluate kind.prompt.md > "$out" 2> "$err"; echo "evaluate $?"
      tandem attribute kind.prompt.md > /dev/null 2>> "$err"; echo "attribute $?"
      tandem "\${asked[@]}" > /dev/null 2> "$err2"; echo "optimize $?"
      tandem init rows.jsonl 2> "$err3"; echo "init $?"`;
    const files = Object.fromEntries(['out', 'err', 'err2', 'err3'].map((name) => [name, join(temporary, `read-only ${name}`)]));
    const { stdout, stderr } = shell(script, { folder, ...files }, ['unshare', '-rm']);
    expect(stdout, stderr + readIf(files.err)).toBe('evaluate 0\nattribute 0\noptimize 2\ninit 2\n');
    expect(readFileSync(files.out, 'utf8')).toMatch(/\naccuracy +\d/);
    expect(readFileSync(files.err, 'utf8')).toMatch(/Notice: The cache cannot be written.*The disk is read-only\./);
    expect(readFileSync(files.err, 'utf8')).toMatch(/Notice: The numbers could not be saved for the editor: .*The disk is read-only\./);
    expect(readFileSync(files.err2, 'utf8')).toMatch(/^\S+: The disk is read-only\.\n/);
    expect(readFileSync(files.err3, 'utf8')).toMatch(/rows\.prompt\.md: The disk is read-only\.\n/);
  });
});

test('with a cache that cannot be written, answers are measured but not remembered', () => {
  const folder = workspace();
  writeFileSync(join(folder, '.tandem', 'cache'), 'in the way');
  const { status, stdout, stderr } = run(folder, 'evaluate', 'kind.prompt.md');
  expect(status, stderr).toBe(0);
  expect(stdout).toMatch(/\naccuracy +\d/);
  expect(stderr).toMatch(/Notice: The cache cannot be written, so answers will be computed again: /);
  expect(existsSync(join(folder, '.tandem', 'results', 'kind.json'))).toBe(true);
});

describe('the model', () => {
  test('.tandem is removed: the run ends with a message, and the next one starts as usual', async () => {
    const folder = workspace();
    const { status, stderr } = await disturbed(folder, 8, () => rmSync(join(folder, '.tandem'), { recursive: true }));
    expect(status, stderr).toBe(2);
    expect(stderr).toMatch(/The folder of the run [\w-]+ was removed during the run\./);
    expect(stderr).not.toMatch(/^\s+at /m);
    // The run may have been writing an adapter, which creates its folders again.
    rmSync(join(folder, '.tandem'), { recursive: true, force: true });
    const next = run(folder, ...asked);
    expect(next.status, next.stderr).toBe(0);
  });

  test('removed in mid-run is not missed, because the run has it in memory', async () => {
    const folder = workspace();
    const { status, stderr } = await disturbed(folder, 8, () => rmSync(join(folder, 'model'), { recursive: true }));
    expect(status, stderr).toBe(0);
    expect(timeless(journalOf(folder))).toEqual(expected);
  });

  test('removed or replaced after a kill is reported; the run resumes once the model is back', async () => {
    const folder = workspace();
    await disturbed(folder, 12, (child) => child.kill('SIGKILL'));
    renameSync(join(folder, 'model'), join(folder, 'away'));
    const missing = run(folder, 'resume', '--json');
    expect([missing.status, missing.stderr]).toEqual([2, expect.stringContaining('model')]);
    expect(missing.stderr).not.toMatch(/^\s+at /m);
    cpSync(join(root, 'test', 'fixtures', 'tiny-untied'), join(folder, 'model'), { recursive: true });
    const other = run(folder, 'resume', '--json');
    expect([other.status, other.stderr]).toEqual([2, expect.stringContaining('has changed since the run began')]);
    rmSync(join(folder, 'model'), { recursive: true });
    renameSync(join(folder, 'away'), join(folder, 'model'));
    const { status, stderr } = run(folder, 'resume', '--json');
    expect(status, stderr).toBe(0);
    expect(timeless(journalOf(folder))).toEqual(expected);
  });
});

describe('the data', () => {
  const more = '{"text": "red wine", "kind": "colour"}\n';

  test('changed in mid-run: the run uses the data that it started with, and says so', async () => {
    const folder = workspace();
    const { status, stderr } = await disturbed(folder, 8, () => writeFileSync(join(folder, 'rows.jsonl'), more, { flag: 'a' }));
    expect(status, stderr).toBe(0);
    const lines = timeless(journalOf(folder)) as { type: string; message?: string; seq: number }[];
    const notices = lines.filter(({ type }) => type === 'noticed');
    expect(notices.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^Only \d+ validation rows decide/),
      expect.stringMatching(/rows\.jsonl changed during the run/),
    ]);
    const rest = lines.filter((line) => line !== notices[1]).map((line, seq) => ({ ...line, seq }));
    expect(rest).toEqual(expected);
    expect(readFileSync(join(runOf(folder), 'report.md'), 'utf8')).toContain('changed during the run');
  });

  test('changed after a kill is reported; the run resumes once the data is as it was', async () => {
    const folder = workspace();
    await disturbed(folder, 12, (child) => child.kill('SIGKILL'));
    const rows = readFileSync(join(folder, 'rows.jsonl'), 'utf8');
    writeFileSync(join(folder, 'rows.jsonl'), rows + more);
    const changed = run(folder, 'resume', '--json');
    expect([changed.status, changed.stderr]).toEqual([2, expect.stringMatching(/rows\.jsonl: The data has changed since the run began\./)]);
    writeFileSync(join(folder, 'rows.jsonl'), rows);
    expect(run(folder, 'resume', '--json').status).toBe(0);
    expect(timeless(journalOf(folder))).toEqual(expected);
  });
});

test('only one run at a time works in a workspace, and a killed one does not block the next', async () => {
  const folder = workspace();
  let second = { status: null as number | null, stderr: '' };
  // Classic continues until the budget is spent, so the run is still active when the second one starts.
  const long = [...asked.map((word) => (word === '30k' ? '10m' : word)), '--schedule', 'classic'];
  const disturb = (child: ChildProcess): void => {
    second = run(folder, ...asked);
    child.kill('SIGKILL');
  };
  await disturbed(folder, 8, disturb, long);
  expect(second.status).toBe(2);
  expect(second.stderr).toMatch(
    /Process \d+ is working on the run of kind\.prompt\.md, since \d\d:\d\d\. Only one run at a time can work in a workspace\./,
  );
  expect(readdirSync(join(folder, '.tandem', 'runs')).filter((name) => name.endsWith('-kind'))).toHaveLength(1);
  rmSync(runOf(folder), { recursive: true });
  const { status, stderr } = run(folder, ...asked);
  expect(status, stderr).toBe(0);
  expect(timeless(journalOf(folder))).toEqual(expected);
});

const readIf = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');

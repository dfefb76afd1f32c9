/** @file The built `tandem` command on a tiny model, as a terminal, a log and a CI job use it. */
import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root, tinyModel } from './support/paths.ts';
import { timeless } from './support/timeless.ts';
import { writeTinyTask } from './support/tinyTask.ts';

const tandem = join(root, 'dist', 'cli.js');
const temporary = mkdtempSync(join(tmpdir(), 'tandem-cli-'));

beforeAll(() => {
  if (!existsSync(tandem)) throw new Error('Build first: npm run build');
});
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const run = (cwd: string, ...args: string[]): SpawnSyncReturns<string> => runWith({}, cwd, ...args);

const runWith = (env: NodeJS.ProcessEnv, cwd: string, ...args: string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [tandem, ...args], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, npm_package_name: 'tandem', TANDEM_HOME: join(temporary, 'home'), ...env },
  });

/** A workspace with a task that has a pattern to find. */
function workspace(): string {
  const folder = mkdtempSync(join(temporary, 'workspace-'));
  mkdirSync(join(folder, '.tandem'));
  writeTinyTask(folder);
  return folder;
}

test('tandem render prints to stdout exactly what the model is asked', () => {
  const folder = workspace();
  const { stdout, stderr, status } = run(folder, 'render', 'kind.prompt.md', '--row', '2');
  expect(status, stderr).toBe(0);
  expect(stderr).toMatch(/kind\.prompt\.md with tiny-tied, validation row 2 of \d+ \(rows\.jsonl:\d+\): \d+ tokens/);
  const { steps } = JSON.parse(run(folder, 'render', 'kind.prompt.md', '--row', '2', '--json').stdout) as { steps: { text: string }[] };
  expect(stdout).toBe(`${steps[0].text}\n`);
  expect(run(folder, 'render', 'kind.prompt.md', '--row', '4000').stderr).toMatch(/There is no validation row 4000\./);
});

describe('tandem evaluate', () => {
  test('prints the metric with its interval and rows, and keeps it for the editor', () => {
    const folder = workspace();
    const { stdout, stderr, status } = run(folder, 'evaluate', 'kind.prompt.md');
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/^kind\.prompt\.md with tiny-tied, \d+ validation rows\naccuracy +\d+\.\d% \[.*\]\nlog-likelihood +-/);
    expect(JSON.parse(readFileSync(join(folder, '.tandem', 'results', 'kind.json'), 'utf8'))).toMatchObject({
      version: 2,
      evaluation: { metric: 'accuracy', split: 'val', score: { rows: expect.any(Number) as number } },
    });
    expect(readFileSync(join(folder, '.tandem', '.gitignore'), 'utf8')).toContain('/runs/');
  });

  test('--min fails the build for a prompt that is not good enough', () => {
    const folder = workspace();
    const { status, stderr } = run(folder, 'evaluate', 'kind.prompt.md', '--min', '100%');
    expect(status).toBe(1);
    expect(stderr).toMatch(/is below --min 100\.0% \(95% interval \d/);
    expect(run(folder, 'evaluate', 'kind.prompt.md', '--min', '0')).toMatchObject({
      status: 0,
      stderr: expect.not.stringContaining('Notice') as string,
    });
    const { score } = JSON.parse(run(folder, 'evaluate', 'kind.prompt.md', '--json').stdout) as { score: { mean: number } };
    const level = run(folder, 'evaluate', 'kind.prompt.md', '--min', String(score.mean));
    expect(level.status).toBe(0);
    expect(level.stderr).toMatch(/other rows might not: the 95% interval begins at/);
  });

  test('--json prints one object with every row, and nothing else', () => {
    const { stdout, stderr } = run(workspace(), 'evaluate', 'kind.prompt.md', '--json', '--val-rows', '5');
    const result = JSON.parse(stdout) as { rows: unknown[]; score: { rows: number } };
    expect(result.rows).toHaveLength(5);
    expect(result.score.rows).toBe(5);
    expect(stderr).toBe('');
  });

  test('text from data and arguments cannot control a terminal, and all colours are ours', () => {
    const folder = workspace();
    const [column, value] = ['\u001b[31mcol\u001b]0;PWNED\u0007', 'red \u009b2J\u202e'];
    const rows = Array.from({ length: 30 }, (_, i) => JSON.stringify({ text: `${value} ${i}`, kind: ['a', 'b'][i % 2], [column]: 1 }));
    writeFileSync(join(folder, 'rows.jsonl'), rows.join('\n'));
    const source = readFileSync(join(folder, 'kind.prompt.md'), 'utf8');
    writeFileSync(join(folder, 'nope.prompt.md'), source.replace('input:text', 'input:nope'));
    const { stderr, status } = runWith({ FORCE_COLOR: '1', NO_COLOR: '' }, folder, 'evaluate', 'nope.prompt.md');
    expect(status).toBe(2);
    expect(stderr).toContain('\\u001b[31mcol\\u001b]0;PWNED\\u0007');
    const [red, end] = ['\u001b[31m', '\u001b[39m'];
    expect([red, end, '\u001b'].map((code) => stderr.split(code).length - 1)).toEqual([1, 1, 2]);
    const { stdout } = run(folder, 'evaluate', 'kind.prompt.md', '--json', '--val-rows', '2');
    expect((JSON.parse(stdout) as { rows: { inputs?: object }[] }).rows).toHaveLength(2);
    const unknown = run(folder, 'eval\u001b[31m');
    expect(unknown.stderr).toContain("unknown command 'eval\\u001b[31m'");
    // eslint-disable-next-line no-control-regex -- this checks for control characters
    const acting = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;
    for (const said of [stderr.replace(red, '').replace(end, ''), stdout, unknown.stderr]) expect(said).not.toMatch(acting);
  });

  test('a mistake of the user is one message with its place, without a stack, and exit code 2', () => {
    const folder = workspace();
    writeFileSync(join(folder, 'rows.jsonl'), '{"text": "red", "kind": "colour"}\n{"text": "cat" "kind"}\n');
    const { stderr, status } = run(folder, 'evaluate', 'kind.prompt.md');
    expect(status).toBe(2);
    expect(stderr).toContain(`${join(folder, 'rows.jsonl')}:2:`);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(run(folder, 'evaluate', 'none.prompt.md').status).toBe(2);
    expect(run(folder, 'evaluate', 'kind.prompt.md', '--min', 'high').stderr).toBe(
      "'high' is not a share between 0 and 1.\n  Write for example 0.8 or 80%.\n",
    );
    expect(run(folder, 'optimize', 'kind.prompt.md', '--lora-rank', '0').stderr).toBe(
      "A LoRA adapter cannot have the rank '0'.\n  Use a whole number of at least 1, e.g. 8.\n",
    );
    expect(run(folder, 'nonsense').status).toBe(2);
    expect(run(folder, '--help').status).toBe(0);
  });
});

describe('tandem init', () => {
  test('writes a prompt file that can be measured at once, and never overwrites a file', () => {
    const folder = workspace();
    const rows = Array.from({ length: 60 }, (_, i) => `${i},"${i % 2 ? 'red' : 'cat'} number ${i}",${i % 2 ? 'colour' : 'animal'}`);
    writeFileSync(join(folder, 'things.csv'), ['id,Thing: seen,kind', ...rows].join('\r\n'));
    const { stdout, stderr, status } = run(folder, 'init', 'things.csv');
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('Written: things.prompt.md\n  predicts "kind" (one of 2 labels) from "Thing: seen"\n');
    const written = readFileSync(join(folder, 'things.prompt.md'), 'utf8');
    expect(written).toContain('columns:\n    Thing_seen: "Thing: seen"\n');
    expect(run(folder, 'evaluate', 'things.prompt.md', '--model', tinyModel).status).toBe(0);
    const again = run(folder, 'init', 'things.csv', '--output', 'id');
    expect([again.status, again.stderr]).toEqual([2, expect.stringContaining('things.prompt.md: This file already exists')]);
    expect(readFileSync(join(folder, 'things.prompt.md'), 'utf8')).toBe(written);
    expect(run(folder, 'init', 'things.csv', '--prompt', 'sub.md').status).toBe(2);
  });
});

describe('metrics and rows of the command line', () => {
  test('several metrics are all printed, --min applies to the first, and a module runs only if that is allowed', () => {
    const folder = workspace();
    const prompt = join(folder, 'kind.prompt.md');
    writeFileSync(prompt, readFileSync(prompt, 'utf8').replace('labels:', 'metric: [macro-f1, accuracy, ./own.mjs]\n  labels:'));
    writeFileSync(join(folder, 'own.mjs'), 'export default (row, output) => (row.text.includes("number") && output ? 1 : 0);\n');
    const refused = run(folder, 'evaluate', 'kind.prompt.md');
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('--allow-modules')]);
    const { stdout, status, stderr } = run(folder, 'evaluate', 'kind.prompt.md', '--allow-modules', '--min', '0');
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/\nmacro-f1 +\d.*\naccuracy +\d.*\n\.\/own\.mjs +100\.0% .*\nlog-likelihood/);
  });

  test('--skip-bad-rows skips bad rows with a notice', () => {
    const folder = workspace();
    writeFileSync(join(folder, 'rows.jsonl'), '{"text": "cat" "kind"}\n', { flag: 'a' });
    const refused = run(folder, 'evaluate', 'kind.prompt.md');
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('rows.jsonl:91:')]);
    const { status, stderr } = run(folder, 'evaluate', 'kind.prompt.md', '--skip-bad-rows');
    expect([status, stderr]).toEqual([0, expect.stringMatching(/Notice: Skipped 1 bad row: .*rows\.jsonl:91: Not valid JSON/)]);
  });
});

test('tandem attribute lists the lines of the file and what each is worth', () => {
  const folder = workspace();
  const { stdout, stderr, status } = run(folder, 'attribute', 'kind.prompt.md', '--json');
  expect(status, stderr).toBe(0);
  const { lines } = JSON.parse(stdout) as { lines: { line: number; text: string }[] };
  expect(lines.map(({ line, text }) => [line, text])).toEqual([
    [8, 'Say what it is.'],
    [11, 'Kind:'],
  ]);
  expect(JSON.parse(readFileSync(join(folder, '.tandem', 'results', 'kind.json'), 'utf8'))).toMatchObject({
    evaluation: {},
    lines: { lines },
  });
});

test('tandem model registers a folder by its name, lists it and removes it', () => {
  const folder = workspace();
  expect(run(folder, 'model', 'list').stdout).toMatch(/^nano\t.*\tcomes with Tandem\t.*\n$/);
  expect(run(folder, 'model', 'add', tinyModel).stdout).toMatch(/^tiny-tied: /);
  expect(run(folder, 'model', 'list').stdout).toMatch(/\ntiny-tied\t/);
  expect(run(folder, 'evaluate', 'kind.prompt.md', '--model', 'tiny-tied').status).toBe(0);
  expect(run(folder, 'model', 'remove', 'tiny-tied').status).toBe(0);
  expect(existsSync(join(tinyModel, 'config.json'))).toBe(true);
  expect(run(folder, 'model', 'remove', 'tiny-tied').status).toBe(2);
});

test('a command and an option work under their old names, with a notice on stderr', () => {
  const help = run(temporary, 'headroom', '--help');
  expect([help.status, help.stderr]).toEqual([0, expect.stringMatching(/^Notice: tandem headroom .* tandem preflight\./)]);
  expect(help.stdout).toContain('Usage: tandem preflight [options] <prompt>');
  const wrong = run(temporary, 'optimize', 'kind.prompt.md', '--lever', 'all');
  expect([wrong.status, wrong.stderr]).toEqual([
    2,
    expect.stringMatching(/^Notice: --lever .* --tune\.[^]*option '--tune <which>' argument 'all' is invalid/),
  ]);
});

describe('tandem optimize', () => {
  const budget = ['--budget', '120k', '--threads', '1'];
  const told = (folder: string): unknown[] => {
    const [name] = readdirSync(join(folder, '.tandem', 'runs'));
    return timeless(readFileSync(join(folder, '.tandem', 'runs', name, 'journal.jsonl'), 'utf8'));
  };

  /** The configuration of every adapter that the run kept, as PEFT reads it. */
  const adapterConfigs = (folder: string): unknown[] => {
    const [name] = readdirSync(join(folder, '.tandem', 'runs'));
    const adapters = join(folder, '.tandem', 'runs', name, 'adapters');
    return readdirSync(adapters).map((id) => JSON.parse(readFileSync(join(adapters, id, 'adapter_config.json'), 'utf8')) as unknown);
  };

  test('--controls prints their cost first, and compares the run with each control on the same test rows', () => {
    const folder = workspace();
    const { stderr, status } = run(folder, 'optimize', 'kind.prompt.md', '--budget', '12k', '--threads', '1', '--controls');
    expect(status, stderr).toBe(0);
    expect(stderr).toMatch(/\nBudget: about .*, 12\.0k tokens at .* per second; then 3 controls with the same budget each, .* more\n/);
    const measured = [
      ...stderr.matchAll(/\n {2}(\S.*?): \d+\.\d% \[.*\] on (\d+) test rows; this run compared with it: [+-]?\d+\.\d points/g),
    ];
    expect(measured.map(([, control]) => control)).toEqual(['p -> p', 'w -> w', 'best alone']);
    expect(new Set(measured.map(([, , rows]) => rows))).toEqual(new Set([/measuring on (\d+) held-out rows/.exec(stderr)![1]]));
    expect(run(folder, 'report').stdout).toContain('## Controls at equal compute');
  });

  test('--schedule baseline: runs a published method', () => {
    const folder = workspace();
    const { stderr, status } = run(folder, 'optimize', 'kind.prompt.md', '--budget', '20k', '--schedule', 'baseline:mipro');
    expect(status, stderr).toBe(0);
    expect(stderr).toContain('Phase 1, prompt: drafts instructions and demonstrations');
    const refused = run(folder, 'optimize', 'kind.prompt.md', '--schedule', 'baseline:magic');
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toContain('baseline:bootstrap-few-shot');
  });

  test('ends with a report, a diff and the command to accept it, and changes no files before that', () => {
    const folder = workspace();
    const before = readFileSync(join(folder, 'kind.prompt.md'), 'utf8');
    const { stdout, stderr, status } = run(folder, 'optimize', 'kind.prompt.md', ...budget);
    expect(status, stderr).toBe(0);
    // eslint-disable-next-line no-control-regex
    expect(stderr).not.toMatch(/[\r\u001b]/);
    expect(stdout).toMatch(/^kind\.prompt\.md: \d+\.\d% → \d+\.\d% on \d+ test rows\n/);
    // In a checkout, where npm started the command, there is no `tandem` on the path.
    expect(stdout).toMatch(/\nAccept it: {2}npm run tandem -- accept \S+-kind\n$/);
    expect(readFileSync(join(folder, 'kind.prompt.md'), 'utf8')).toBe(before);
    expect(run(folder, 'report').stdout).toContain('## Prompt or weights: what helped');
    const [name] = readdirSync(join(folder, '.tandem', 'runs'));
    const files = readdirSync(join(folder, '.tandem', 'runs', name)).sort();
    expect(files).toEqual(['adapters', 'candidates', 'checkpoint.json', 'journal.jsonl', 'metric.svg', 'report.md', 'run.json']);
    expect(readdirSync(join(folder, '.tandem', 'runs', name, 'candidates'))).toContain('1.1.prompt.md');
    expect(run(folder, 'report', '--list').stdout).toMatch(/-kind\n$/);
    expect(run(folder, 'resume').stderr).toContain('has already ended');
    const accepted = run(folder, 'accept');
    expect(accepted.status, accepted.stderr).toBe(0);
    expect(accepted.stdout).toMatch(/\nWritten: kind\.prompt\.md/);
    expect(run(folder, 'accept').stdout).toMatch(/\nNothing left to write\.\n$/);
    expect(run(folder, 'evaluate', 'kind.prompt.md').status).toBe(0);
  });

  test('tandem tune changes only the weights, and two runs are compared on their test rows', () => {
    const folder = workspace();
    const tuned = run(folder, 'tune', 'kind.prompt.md', ...budget);
    expect(tuned.status, tuned.stderr).toBe(0);
    expect(tuned.stderr).not.toContain(', prompt: ');
    expect(run(folder, 'optimize', 'kind.prompt.md', ...budget, '--tune', 'prompt', '--seed', '3').status).toBe(0);
    const [a, b] = readdirSync(join(folder, '.tandem', 'runs')).sort();
    const { stdout, status, stderr } = run(folder, 'compare', a, b);
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/\nOn \d+ test rows that both runs share\n/);
    expect(stdout).toMatch(/\n {2}B - A: [+-]?\d.* points on \d+ test rows \(.*\), 95% interval \[.*\], P\(better\) .*%; log-likelihood /);
    expect(stdout).toMatch(/\n {2}what to tune +weights +prompt\n/);
    expect(stdout).toMatch(/\n {2}seed +0 +3\n/);
    // eslint-disable-next-line no-control-regex
    expect(stdout).not.toMatch(/\u001b/);
    const json = JSON.parse(run(folder, 'compare', a, b, '--json').stdout) as { score: { difference: { rows: number } }; rows: number };
    expect(json.score.difference.rows).toBe(json.rows);
    expect(run(folder, 'compare', a, 'none').status).toBe(2);
  });

  test('Ctrl-C ends it at once in the middle of a phase; nothing was accepted, so the test rows stay sealed; the exit code is 130', async () => {
    const folder = workspace();
    // Long rows make long steps, so that the phase cannot end before the signal arrives.
    const rows = Array.from({ length: 90 }, (_, i) => {
      const [word, kind] = [['red', 'colour'] as const, ['cat', 'animal'] as const][i % 2];
      return JSON.stringify({ text: `${`${word} `.repeat(40)}${i}`, kind });
    });
    writeFileSync(join(folder, 'rows.jsonl'), rows.join('\n'));
    const child = spawn(process.execPath, [tandem, 'optimize', 'kind.prompt.md', '--json', '--budget', '1h', '--tune', 'weights'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let events = '';
    let asked = 0;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const before = events.includes('"weightStep"');
      events += text;
      if (before || !events.includes('"weightStep"')) return;
      asked = performance.now();
      child.kill('SIGINT');
    });
    const [code] = (await once(child, 'close')) as [number];
    expect(performance.now() - asked).toBeLessThan(2000);
    const types = events
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { type: string }).type);
    expect(code).toBe(130);
    expect(types.filter((type) => type !== 'weightStep').slice(-2)).toEqual(['stopRequested', 'runEnded']);
    // The current step may finish.
    expect(types.slice(types.indexOf('stopRequested')).filter((type) => type === 'weightStep').length).toBeLessThan(2);
    expect(types).not.toContain('testOpened');
    expect(run(folder, 'report').stdout).toMatch(/kind\.prompt\.md: Stopped\. .*\n\nStopped after /);
  });

  test('a run that is killed again and again and resumed has the journal of one that was not killed', async () => {
    const [whole, killed] = [workspace(), workspace()];
    cpSync(join(whole, 'rows.jsonl'), join(killed, 'rows.jsonl'));
    const lora = ['--lora-rank', '2', '--lora-targets', 'q_proj,v_proj'];
    const asked = ['optimize', 'kind.prompt.md', '--json', ...budget, '--schedule', 'chain:w -> p -> w', ...lora];
    expect(run(whole, ...asked).status).toBe(0);
    const kill = async (args: string[], lines: number): Promise<boolean> => {
      const child = spawn(process.execPath, [tandem, ...args], { cwd: killed, stdio: ['ignore', 'pipe', 'inherit'] });
      let heard = 0;
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        heard += text.split('\n').length - 1;
        if (heard >= lines) child.kill('SIGKILL');
      });
      const [code] = (await once(child, 'close')) as [number | null];
      return code === 0;
    };
    let ended = await kill(asked, 6);
    for (const lines of [9, 17, 30, 60, Infinity]) ended ||= await kill(['resume', '--json'], lines);
    expect(ended).toBe(true);
    expect(told(killed)).toEqual(told(whole));
    const adapters = adapterConfigs(killed);
    expect(adapters.length).toBeGreaterThan(0);
    for (const config of adapters) expect(config).toMatchObject({ r: 2, lora_alpha: 16, target_modules: ['q_proj', 'v_proj'] });
  });
});

/** @file The built package as other programs use it: it is imported by its name, has types, and does what docs/api.md shows. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const tinyModel = join(root, 'test', 'fixtures', 'tiny-tied');
const folder = mkdtempSync(join(tmpdir(), 'tandem-api-'));
const doc = readFileSync(join(root, 'docs', 'api.md'), 'utf8');
const [evaluate, optimize] = [...doc.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code);

const node = (...args: string[]): { status: number | null; output: string } => {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  return { status, output: stdout + stderr };
};
const write = (name: string, text: string): void => {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
};
const compile = (name: string): ReturnType<typeof node> => {
  write(
    'tsconfig.json',
    JSON.stringify({ compilerOptions: { module: 'nodenext', target: 'es2022', strict: true }, files: [`${name}.ts`] }),
  );
  return node(join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', '.');
};

beforeAll(() => {
  const built = spawnSync(process.execPath, ['esbuild.mjs', '--if-stale', 'api'], { cwd: root, encoding: 'utf8' });
  expect(built.status, built.stdout + built.stderr).toBe(0);
  mkdirSync(join(folder, 'node_modules', '@types'), { recursive: true });
  symlinkSync(root, join(folder, 'node_modules', 'tandem'), 'junction');
  symlinkSync(join(root, 'node_modules', '@types', 'node'), join(folder, 'node_modules', '@types', 'node'), 'junction');
  write('package.json', '{ "type": "module" }');
  mkdirSync(join(folder, '.tandem'));
  const words = ['red', 'green', 'blue', 'cat', 'dog', 'cow'];
  const rows = Array.from({ length: 60 }, (_, i) => ({ text: `${words[i % 6]} ${i}`, kind: i % 6 < 3 ? 'colour' : 'animal' }));
  write('rows.jsonl', rows.map((row) => JSON.stringify(row) + '\n').join(''));
  write(
    'intent.prompt.md',
    `---\ntandem:\n  data: rows.jsonl\n  output: kind\n  labels: from-data\n  model: ${tinyModel}\n---\nText: \${input:text}\nKind:\n`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the first example compiles and measures, and the type checker rejects a wrong one', () => {
  write('evaluate.ts', evaluate);
  expect(compile('evaluate')).toEqual({ status: 0, output: '' });
  const { status, output } = node('evaluate.js');
  expect(status, output).toBe(0);
  expect(output).toMatch(/^accuracy [\d.]+ \[[\d.]+, [\d.]+\] on \d+ rows\n$/);
  write('wrong.ts', evaluate.replace('score.rows', 'score.lines').replace('adapter }', 'adapter: 3 }'));
  const wrong = compile('wrong');
  expect(wrong.output).toMatch(/'lines' does not exist on type 'Interval'/);
  expect(wrong.output).toMatch(/'number' is not assignable to type 'Adapter/);
});

test('the second example tunes, prints its decisions and saves the adapter for peft', () => {
  write('optimize.ts', optimize);
  expect(compile('optimize')).toEqual({ status: 0, output: '' });
  const { status, output } = node('optimize.js');
  expect(status, output).toBe(0);
  expect(output).toMatch(/^1 (true|false) \S/);
  expect(output).toContain('Text: ${input:text}');
  expect(JSON.parse(readFileSync(join(folder, 'tuned', 'adapter_config.json'), 'utf8'))).toMatchObject({ r: 16 });
  expect(existsSync(join(folder, '.tandem', 'runs'))).toBe(false);
});

test('docs/api.md names everything that the package exports, and nothing deeper can be imported', () => {
  write('names.js', "console.log(Object.keys(await import('tandem')).join());");
  const names = node('names.js').output.trim().split(',');
  expect(names.length).toBeGreaterThan(20);
  for (const name of names) expect(doc, name).toMatch(new RegExp(`\\b${name}\\b`));
  write('deep.js', "await import('tandem/dist/worker.js');");
  expect(node('deep.js').output).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
});

/** @file The house rules: imports between rooms only go down and never in a circle, and VS Code accepts the manifest. */
import { ESLint } from 'eslint';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import tseslint from 'typescript-eslint';
import { describe, expect, test } from 'vitest';
import { doorRules } from '../eslint.doors.mjs';
import { roomRules, rooms, shared, shownRules } from '../eslint.rooms.mjs';

const root = join(import.meta.dirname, '..');

const linter = new ESLint({
  cwd: root,
  overrideConfigFile: true,
  overrideConfig: [{ files: ['**/*.ts'], languageOptions: { parser: tseslint.parser } }, ...roomRules, ...shownRules, ...doorRules],
});

const complaints = async (file: string, code: string): Promise<number> =>
  (await linter.lintText(code, { filePath: join(root, file) }))[0].messages.length;

describe('imports between rooms', () => {
  test.each(rooms.flatMap((from, i) => rooms.map((to, j) => ({ from, to, forbidden: j > i }))))(
    '$from -> $to',
    async ({ from, to, forbidden }) => {
      expect(await complaints(`src/${from}/a.ts`, `import { b } from '../${to}/b.ts'; b;`)).toBe(forbidden ? 1 : 0);
    },
  );

  test.each([
    ['a type', "import type { B } from '../run/b.ts'; export type C = B;"],
    ['an export from', "export { b } from '../run/b.ts';"],
    ['a dynamic import', "export const b = () => import('../run/b.ts');"],
    ['an import type', "export type B = import('../run/b.ts').B;"],
    ["'vscode'", "import * as vscode from 'vscode'; vscode;"],
  ])('up the list are refused as %s too', async (_, code) => {
    expect(await complaints('src/tensor/deep/a.ts', code.replaceAll('../run', '../../run'))).toBe(1);
  });

  test('every room may import the shared files of src/, which import no room; only extension/ may import vscode', async () => {
    for (const file of shared) {
      expect(existsSync(join(root, `src/${file}.ts`)), file).toBe(true);
      for (const room of rooms) expect(await complaints(`src/${room}/a.ts`, `import { a } from '../${file}.ts'; a;`)).toBe(0);
      expect(await complaints(`src/${file}.ts`, "import { b } from './model/b.ts'; b;"), file).toBe(1);
    }
    expect(await complaints('src/extension/a.ts', "import * as vscode from 'vscode'; vscode;")).toBe(0);
    expect(await complaints('src/extension/core/a.ts', "import * as vscode from 'vscode'; vscode;")).toBe(1);
  });
});

describe('what only one file may use', () => {
  const ort = [
    "import * as ort from 'onnxruntime-node'; ort;",
    "void import('onnxruntime-node');",
    "export { env } from 'onnxruntime-node';",
  ];
  const cases: readonly (readonly [door: string, codes: readonly string[]])[] = [
    ['src/tensor/onnxruntimeLibrary.ts', ort],
    ['src/childProcess.ts', ["import { spawn } from 'node:child_process'; spawn;", "void import('child_process');"]],
    ['src/timeLimit.ts', ["import vm from 'node:vm'; vm;"]],
    ['src/tensor/tensorflow.ts', ["import { createRequire } from 'node:module'; createRequire;", 'void import(name);']],
    ['src/evaluate/metrics/module.ts', ['void import(`${name}`);']],
    ['', ['eval(text);', 'new Function(text);', 'process.getBuiltinModule(name);', 'require(name);']],
  ];
  test('the parts of a model', async () => {
    for (const code of [
      "import type { Tokenizer } from '../model/tokenizer.ts'; export type A = Tokenizer;",
      "import { makeLocalModel } from '../model/localModel.ts'; makeLocalModel;",
    ]) {
      for (const file of ['src/optimize/a.ts', 'src/evaluate/a.ts', 'src/run/a.ts', 'src/cli/a.ts', 'src/run/worker/modelKeeper.ts'])
        expect(await complaints(file, code), file).toBe(1);
      expect(await complaints('src/run/a.test.ts', code)).toBe(0);
    }
  });

  test.each(cases)('%s', async (door, codes) => {
    for (const code of codes) {
      if (door !== '') expect(await complaints(door, code), code).toBe(0);
      for (const file of ['src/run/a.ts', 'src/extension/a.ts', 'src/a.ts'])
        expect(await complaints(file, code), `${file}: ${code}`).toBe(1);
      for (const file of ['test/a.ts', 'src/run/a.test.ts', 'bench/a.ts', 'models/nano/train/a.ts', 'bench/a.mjs'])
        expect(await complaints(file, code), `${file}: ${code}`).toBe(ort.includes(code) ? 1 : 0);
    }
  });

  test('types from a restricted module may be used anywhere', async () => {
    expect(await complaints('src/run/a.ts', "import type { ChildProcess } from 'node:child_process'; export type A = ChildProcess;")).toBe(
      0,
    );
  });
});

test('no file imports itself through other files, not even for a type', () => {
  const importsOf = new Map(
    sourceFiles().map((file) => {
      const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'), true, true);
      return [file, importedFiles.flatMap(({ fileName }) => (fileName.startsWith('.') ? [join(file, '..', fileName)] : []))];
    }),
  );
  expect(circle(importsOf)).toEqual([]);
  expect(circle(new Map(Object.entries({ a: ['b'], b: ['c', 'd'], c: [], d: ['b'] })))).toEqual(['b', 'd', 'b']);
});

/** The source files of src/ and webview/, without tests. */
const sourceFiles = (): string[] =>
  ['src', 'webview'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /(?<!\.test|\.d)\.ts$/.test(name))
      .map((name) => join(root, folder, name)),
  );

/** A chain of imports from a file back to itself; empty if there is none. */
function circle(importsOf: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const from = (file: string, way: readonly string[]): string[] => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const imported of importsOf.get(file) ?? []) {
      const found = from(imported, [...way, file]);
      if (found.length > 0) return found;
    }
    done.add(file);
    return [];
  };
  return [...importsOf.keys()].map((file) => from(file, [])).find((found) => found.length > 0) ?? [];
}

test('the API may import run/ and the rooms below it, and nothing in src/ imports the API', async () => {
  for (const room of rooms) {
    const beside = room === 'mcp' || room === 'cli' || room === 'extension';
    expect(await complaints('src/api.ts', `export { b } from './${room}/b.ts';`), room).toBe(beside ? 1 : 0);
    expect(await complaints(`src/${room}/a.ts`, "import { b } from '../api.ts'; b;"), room).toBe(1);
  }
  expect(await complaints('src/random.ts', "export { b } from './api.ts';")).toBe(1);
  expect(await complaints('test/a.ts', "import { b } from '../src/api.ts'; b;")).toBe(0);
});

test('the panel’s page may import from src/, which never imports it; only one file imports the editor’s elements', async () => {
  for (const room of rooms) expect(await complaints(`src/${room}/a.ts`, "import { b } from '../../webview/b.ts'; b;"), room).toBe(1);
  expect(await complaints('webview/a.ts', "import { b } from '../src/run/b.ts'; b;")).toBe(0);
  expect(await complaints('webview/views/a.ts', "import * as vscode from 'vscode'; vscode;")).toBe(1);
  expect(await complaints('webview/views/a.ts', "import '@vscode-elements/elements/dist/vscode-badge/index.js';")).toBe(1);
  expect(await complaints('webview/elements.ts', "import '@vscode-elements/elements/dist/vscode-badge/index.js';")).toBe(0);
});

test('each surface shows foreign text through one file, which treats it as text', async () => {
  const ways = {
    'process.stdout.write(text);': 'src/cli/terminal.ts',
    'const { stderr } = process; stderr;': 'src/cli/terminal.ts',
    'vscode.window.showErrorMessage(text);': 'src/extension/surfaces/notifications.ts',
    'const { showWarningMessage } = vscode.window; showWarningMessage;': 'src/extension/surfaces/notifications.ts',
    'vscode.window.withProgress({ title }, work);': 'src/extension/surfaces/notifications.ts',
    'vscode.window.showQuickPick(texts);': 'src/extension/surfaces/picks.ts',
    'new vscode.MarkdownString(text);': 'src/extension/surfaces/inPlace.ts',
    'markdown.appendMarkdown(text);': 'src/extension/surfaces/inPlace.ts',
    'new vscode.CodeLens(range, { title });': 'src/extension/surfaces/inPlace.ts',
    'run.appendOutput(text);': 'src/extension/surfaces/inPlace.ts',
    'element.innerHTML = text;': undefined,
    'console.log(text);': undefined,
    "import { MarkdownString } from 'vscode'; MarkdownString;": undefined,
  };
  const files = ['src/cli/a.ts', 'src/run/a.ts', 'src/extension/a.ts', 'src/extension/review/a.ts', 'webview/a.ts', ...Object.values(ways)];
  for (const [code, by] of Object.entries(ways)) {
    for (const file of files) if (file) expect((await complaints(file, code)) > 0, `${code} in ${file}`).toBe(file !== by);
  }
});

test('the manifest names files that exist and the VS Code version of the types', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    main: string;
    bin: Record<string, string>;
    engines: { vscode: string };
    devDependencies: Record<string, string>;
  };
  expect(manifest.main).toBe('./dist/extension.cjs');
  expect(manifest.engines.vscode).toBe(`^${manifest.devDependencies['@types/vscode']}`);
  for (const file of ['README.md', 'CHANGELOG.md', 'LICENSE', '.vscodeignore']) expect(existsSync(join(root, file)), file).toBe(true);
});

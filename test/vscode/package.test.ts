/** @file The VSIX of this platform: its contents, and that it works without anything else. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { beforeAll } from 'vitest';
import { extensionId, manifest } from '../support/extension.ts';
import { root } from '../support/paths.ts';
import { writeTinyTask } from '../support/tinyTask.ts';
import { versions, type Version } from '../support/versions.ts';
import { expect, test } from './fixtures.ts';

const [platform, architecture] = [process.platform, process.arch];
const vsix = join(root, 'dist', `tandem-${platform}-${architecture}-${manifest.version}.vsix`);
const native = `dist/node_modules/onnxruntime-node/bin/napi-v6`;

/** The paths of all packaged files, relative to the extension's folder. */
let files: string[] = [];

beforeAll(async () => {
  await promisify(execFile)(process.execPath, [join(root, 'test', 'support', 'run.mjs'), 'packageVsix'], { cwd: root });
  unzipSync(readFileSync(vsix), { filter: ({ name }) => files.push(name) < 0 });
  files = files.filter((name) => name.startsWith('extension/')).map((name) => name.slice('extension/'.length));
});

test('it contains what the extension runs, and only the libraries of this platform', () => {
  const bundles = ['dist/cli.js', 'dist/extension.cjs', 'dist/mcp.js', 'dist/worker.js'];
  const documents = ['LICENSE.txt', 'NOTICE', 'changelog.md', 'package.json', 'readme.md'];
  expect(files).toEqual(
    expect.arrayContaining([
      ...bundles,
      ...documents,
      'examples/support/intent.prompt.md',
      'examples/triage/tandem.program.yaml',
      'models/nano/nano.gguf',
    ]),
  );
  expect(files.filter((file) => file.startsWith(native)).sort()).toEqual(
    readdirSync(join(root, native.slice('dist/'.length), platform, architecture))
      .filter((file) => !/^libonnxruntime\.\d+\.\d+\.\d+\.dylib$/.test(file))
      .map((file) => `${native}/${platform}/${architecture}/${file}`)
      .sort(),
  );
  for (const file of readdirSync(join(root, 'models', 'nano'), { withFileTypes: true }))
    if (file.isFile()) expect(files).toContain(`models/nano/${file.name}`);
});

test('it contains every file that its manifest names', () => {
  const named: string[] = [];
  JSON.stringify(manifest, (_, value: unknown) => {
    const file = typeof value === 'string' && value.replace(/^\.\//, '');
    if (file && existsSync(join(root, file)) && statSync(join(root, file)).isFile()) named.push(file);
    return value;
  });
  // The types and the API are for other programs.
  expect(files).toEqual(expect.arrayContaining(named.filter((file) => !/^dist\/(types|api)/.test(file))));
});

test('it contains nothing else, and is small', () => {
  const places = [
    /^dist\/((cli|mcp|worker)\.js|extension(-\w+)?\.cjs)$/,
    /^dist\/webview\/[^/]+\.(js|css|ttf)$/,
    /^dist\/node_modules\/(@tensorflow\/tfjs-(core|backend-cpu|backend-wasm)|onnxruntime-(node|common))\//,
    // TensorFlow.js loads these to download models. Tandem never lets it, but they must be there.
    /^dist\/node_modules\/(node-fetch|seedrandom|tr46|webidl-conversions|whatwg-url)\//,
    /^examples\/[^/]+\/([^/]+\.(md|yaml)|data\/[^/]+|\.vscode\/settings\.json)$/,
    /^media\/([^/]+|(skills|walkthrough)\/.+)$/,
    /^models\/nano\/(warm-start\/)?[^/]+$/,
    /^(schemas|syntaxes)\/[^/]+\.json$/,
    /^(LICENSE\.txt|NOTICE|changelog\.md|package\.json|package\.nls\.json|readme\.md)$/,
  ];
  expect(files.filter((file) => !places.some((place) => place.test(file)))).toEqual([]);
  expect(files.filter((file) => /\.(map|d\.ts|test\.\w+)$/.test(file))).toEqual([]);
  const megabytes = statSync(vsix).size / 1e6;
  console.log(`${vsix}: ${files.length} files, ${megabytes.toFixed(1)} MB`);
  expect(megabytes).toBeLessThan(60);
});

test.for(Object.keys(versions) as Version[])(
  'activates and runs its worker in a clean server of the %s version',
  async (version, { openEditor }) => {
    const editor = await openEditor({ version, extension: { vsix }, prepare: writeTinyTask });
    const path = await editor.run(async (vscode, id) => {
      const extension = vscode.extensions.getExtension(id)!;
      await extension.activate();
      return extension.extensionPath;
    }, extensionId);
    // Far from this checkout and its node_modules: in the server's folder, which also contains the workspaces.
    expect(path.startsWith(join(dirname(dirname(dirname(editor.workspace))), 'extensions'))).toBe(true);
    const events = await editor.run(
      async (_vscode, cli, cwd) => {
        const { spawnSync } = process.getBuiltinModule('node:child_process');
        const env = { ...process.env, ELECTRON_RUN_AS_NODE: '1' };
        const args = [cli, 'optimize', 'kind.prompt.md', '--budget', '6k', '--threads', '1', '--json'];
        const { stdout, stderr } = spawnSync(process.execPath, args, { cwd, env, encoding: 'utf8' });
        return stdout + stderr;
      },
      join(path, 'dist', 'cli.js'),
      editor.workspace,
    );
    expect(events).toContain('"type":"runEnded"');
  },
);

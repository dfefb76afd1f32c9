/** @file Builds the bundles under dist/: `node esbuild.mjs [--if-stale] [--watch] [cli worker extension webview api]`, all by default. */
import { build as bundle, context } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Native or loaded only on demand: they stay in node_modules. */
const external = ['vscode', 'onnxruntime-node', '@tensorflow/*'];

/** Libraries in CommonJS call `require`, which an ES module lacks. */
const requireBanner = "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);";

/** Libraries that do nothing on import but do not say so in their package.json: what is not used of them stays out. */
const lean = {
  name: 'lean',
  /** @param {import('esbuild').PluginBuild} build */
  setup(build) {
    build.onResolve({ filter: /^@huggingface\// }, async ({ path, pluginData, ...from }) => {
      if (pluginData === lean) return undefined;
      return { ...(await build.resolve(path, { ...from, pluginData: lean })), sideEffects: false };
    });
  },
};

/** Their ES modules instead of CommonJS, of which esbuild can leave nothing out. */
const alias = { yaml: resolve('node_modules/yaml/browser/index.js') };

/** @type {import('esbuild').BuildOptions} */
const shared = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  external,
  alias,
  plugins: [lean],
  logLevel: 'warning',
};

/** @type {Record<string, import('esbuild').BuildOptions & { outfile: string }>} */
const bundles = {
  cli: { entryPoints: ['src/cli/cli.ts'], outfile: 'dist/cli.js', format: 'esm', banner: { js: `#!/usr/bin/env node\n${requireBanner}` } },
  worker: { entryPoints: ['src/run/worker.ts'], outfile: 'dist/worker.js', format: 'esm', banner: { js: requireBanner } },
  extension: {
    entryPoints: ['src/extension/extension.ts'],
    outfile: 'dist/extension.cjs',
    format: 'cjs',
    // Half of what activation takes is reading this text. Names stay, for the traces of errors.
    minifyWhitespace: true,
    minifySyntax: true,
    // CommonJS has no import.meta.
    banner: { js: "const __fileUrl = require('node:url').pathToFileURL(__filename).href;" },
    define: { 'import.meta.url': '__fileUrl' },
  },
  // With the styles that main.ts imports beside it, as panel.css.
  webview: {
    entryPoints: ['webview/main.ts'],
    outfile: 'dist/webview/panel.js',
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    external: [],
    minify: true,
  },
  api: { entryPoints: ['src/api.ts'], outfile: 'dist/api.js', format: 'esm', banner: { js: requireBanner } },
};

const asked = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const unknown = asked.find((name) => !(name in bundles));
if (unknown) throw new Error(`there is no bundle named ${unknown}; there are ${Object.keys(bundles).join(', ')}`);
for (const name of asked.length > 0 ? asked : Object.keys(bundles)) await build(name);

/** @param {string} name */
async function build(name) {
  const own = bundles[name];
  if (process.argv.includes('--if-stale') && !isStale(own)) return;
  // Before the bundle, whose time says whether it is stale.
  if (name === 'api') declareTypes();
  if (name === 'webview') copyIcons();
  /** @type {import('esbuild').BuildOptions} */
  const options = { ...shared, ...own };
  if (process.argv.includes('--watch')) {
    await (await context({ ...options, logLevel: 'info' })).watch();
    return;
  }
  await bundle(options);
  if (name === 'cli') chmodSync(own.outfile, 0o755);
}

/** Puts the editor's own icons beside the panel's page. */
function copyIcons() {
  mkdirSync('dist/webview', { recursive: true });
  for (const file of ['codicon.css', 'codicon.ttf'])
    copyFileSync(join('node_modules/@vscode/codicons/dist', file), join('dist/webview', file));
}

/** Writes dist/types/: a declaration file for each source that the API reaches. */
function declareTypes() {
  rmSync('dist/types', { recursive: true, force: true });
  const { status } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json'], { stdio: 'inherit' });
  if (status !== 0) throw new Error('the declarations of the API could not be written');
}

/** Whether any source is newer than the bundle. @param {{ entryPoints?: unknown, outfile: string }} bundle */
function isStale({ entryPoints, outfile }) {
  const built = statSync(outfile, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const folders = String(entryPoints).startsWith('webview/') ? ['src', 'webview'] : ['src'];
  const sources = folders.flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)));
  return ['package.json', 'esbuild.mjs', ...sources].some((file) => (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) > built);
}

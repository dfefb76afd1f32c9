/** @file Builds the bundles under dist/: `node esbuild.mjs [--if-stale] [--watch] [cli worker extension api]`, all of them by default. */
import { build as bundle, context } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Native or loaded only on demand: they stay in node_modules. */
const external = ['vscode', 'onnxruntime-node', '@tensorflow/*'];

/** Libraries in CommonJS call `require`, which an ES module lacks. */
const requireBanner = "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);";

/** @type {Record<string, import('esbuild').BuildOptions & { outfile: string }>} */
const bundles = {
  cli: { entryPoints: ['src/cli/cli.ts'], outfile: 'dist/cli.js', format: 'esm', banner: { js: `#!/usr/bin/env node\n${requireBanner}` } },
  worker: { entryPoints: ['src/run/worker.ts'], outfile: 'dist/worker.js', format: 'esm', banner: { js: requireBanner } },
  extension: { entryPoints: ['src/extension/extension.ts'], outfile: 'dist/extension.cjs', format: 'cjs' },
  api: { entryPoints: ['src/api.ts'], outfile: 'dist/api.js', format: 'esm', banner: { js: requireBanner } },
};

const asked = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const unknown = asked.find((name) => !(name in bundles));
if (unknown) throw new Error(`there is no bundle named ${unknown}; there are ${Object.keys(bundles).join(', ')}`);
for (const name of asked.length > 0 ? asked : Object.keys(bundles)) await build(name);

/** @param {string} name */
async function build(name) {
  const own = bundles[name];
  if (process.argv.includes('--if-stale') && !isStale(own.outfile)) return;
  // Before the bundle, whose time says whether it is stale.
  if (name === 'api') declareTypes();
  /** @type {import('esbuild').BuildOptions} */
  const options = { bundle: true, platform: 'node', target: 'node20', sourcemap: true, external, logLevel: 'warning', ...own };
  if (process.argv.includes('--watch')) {
    await (await context({ ...options, logLevel: 'info' })).watch();
    return;
  }
  await bundle(options);
  if (name === 'cli') chmodSync(own.outfile, 0o755);
}

/** Writes dist/types/: a declaration file for each source that the API reaches. */
function declareTypes() {
  rmSync('dist/types', { recursive: true, force: true });
  const { status } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json'], { stdio: 'inherit' });
  if (status !== 0) throw new Error('the declarations of the API could not be written');
}

/** Whether any source is newer than the bundle. @param {string} outfile */
function isStale(outfile) {
  const built = statSync(outfile, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).map((name) => join('src', name));
  return ['package.json', 'esbuild.mjs', ...sources].some((file) => (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) > built);
}

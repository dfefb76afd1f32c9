/** @file Builds the bundles under dist/: `node esbuild.mjs [--if-stale] [--watch] [cli mcp worker extension webview answers tryIt api]`, all by default. */
import { build as bundle, context } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

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

const alias = {
  // Its ES modules instead of CommonJS, of which esbuild can leave nothing out.
  yaml: resolve('node_modules/yaml/browser/index.js'),
  // Its CommonJS build requires files by names that no bundler can follow.
  'jsonc-parser': resolve('node_modules/jsonc-parser/lib/esm/main.js'),
  // All that @huggingface/gguf takes of it; a quarter of a megabyte about other libraries comes along otherwise.
  '@huggingface/tasks': resolve('node_modules/@huggingface/tasks/dist/esm/gguf.js'),
};

/**
 * The editor's API by its names: of a CommonJS module each file that imports it would copy all the hundreds of names, at every start.
 * @type {import('esbuild').Plugin}
 */
const editor = {
  name: 'editor',
  setup(build) {
    build.onResolve({ filter: /^vscode$/ }, ({ namespace, path }) =>
      namespace === 'editor' ? { path, external: true } : { path, namespace: 'editor' },
    );
    build.onLoad({ filter: /.*/, namespace: 'editor' }, () => {
      const files = readdirSync('src/extension', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
      const texts = files.map((name) => readFileSync(join('src/extension', name), 'utf8'));
      const names = new Set(texts.flatMap((text) => [...text.matchAll(/\bvscode\.(\w+)/g)].map(([, name]) => name)));
      return { contents: `const api = require('vscode');\n${[...names].map((name) => `export const ${name} = api.${name};\n`).join('')}` };
    });
  },
};

/**
 * The MCP server is a bundle beside the command line, which loads it when it is asked for: no other command reads the protocol.
 * @type {import('esbuild').Plugin}
 */
const mcpApart = {
  name: 'mcpApart',
  setup(build) {
    build.onResolve({ filter: /\/mcp\/serve\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './mcp.js', external: true } : undefined,
    );
  },
};

/** What the extension is cut into, beside what it imports on demand: each is read when something of it is first used. */
const parts = {
  yaml: alias.yaml,
  jinja: '@huggingface/jinja',
  diff: 'diff',
  prompt: 'src/prompt/readPrompt.ts',
  endings: 'src/data/dataEndings.ts',
  data: 'src/data/readDataset.ts',
  problems: 'src/extension/core/problems.ts',
  evidence: 'src/run/words/evidence.ts',
  events: 'src/run/words/eventText.ts',
  state: 'src/run/record/runDirectory.ts',
  review: 'src/extension/review/diff.ts',
  results: 'src/run/record/results.ts',
  answers: 'src/run/record/answers.ts',
  preflight: 'src/run/record/preflightFile.ts',
};

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

/**
 * A page that a webview shows, with the styles that it imports beside it, as `<name>.css`.
 * @param {string} name @param {string} entryPoint @returns {import('esbuild').BuildOptions & { outfile: string }}
 */
const page = (name, entryPoint) => ({
  entryPoints: [entryPoint],
  outfile: `dist/webview/${name}.js`,
  platform: 'browser',
  format: 'iife',
  target: 'es2022',
  external: [],
  minify: true,
});

/** @type {Record<string, import('esbuild').BuildOptions & { outfile: string }>} */
const bundles = {
  cli: {
    entryPoints: ['src/cli/cli.ts'],
    outfile: 'dist/cli.js',
    format: 'esm',
    banner: { js: `#!/usr/bin/env node\n${requireBanner}` },
    plugins: [lean, mcpApart],
  },
  mcp: { entryPoints: ['src/mcp/serve.ts'], outfile: 'dist/mcp.js', format: 'esm', banner: { js: requireBanner } },
  worker: { entryPoints: ['src/run/worker/worker.ts'], outfile: 'dist/worker.js', format: 'esm', banner: { js: requireBanner } },
  extension: {
    entryPoints: ['src/extension/extension.ts'],
    outfile: 'dist/extension.cjs',
    format: 'esm',
    plugins: [lean, editor],
    // Half of what activation takes is reading this text. Names stay, for the traces of errors.
    minifyWhitespace: true,
    minifySyntax: true,
  },
  webview: page('panel', 'webview/main.ts'),
  answers: page('answers', 'webview/answers/main.ts'),
  tryIt: page('tryIt', 'webview/tryIt/main.ts'),
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
  /** @type {import('esbuild').BuildOptions & { outfile: string }} */
  const options = { ...shared, ...own };
  if (process.argv.includes('--watch')) {
    await (await context({ ...options, logLevel: 'info' })).watch();
    return;
  }
  if (name === 'extension') await bundleInParts(options);
  else await bundle(options);
  if (name === 'cli') chmodSync(own.outfile, 0o755);
}

/**
 * Half of what a start takes is reading code, so the extension is read in parts. The bundler only splits ES modules, and the editor loads
 * CommonJS: the parts are translated in a second step. What they require they then require when they first use it, as nothing in them is
 * done by being read.
 * @param {import('esbuild').BuildOptions & { outfile: string }} options
 */
async function bundleInParts({ outfile, entryPoints, ...options }) {
  const folder = dirname(outfile);
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(folder, { encoding: 'utf8' })) if (/^extension-.*\.cjs(\.map)?$/.test(file)) rmSync(join(folder, file));
  const split = await bundle({
    ...options,
    entryPoints: [
      { in: String(entryPoints), out: 'extension' },
      ...Object.entries(parts).map(([name, file]) => ({ in: file, out: `extension-${name}` })),
    ],
    splitting: true,
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    chunkNames: 'extension-[hash]',
    metafile: true,
  });
  const files = Object.keys(split.metafile.outputs).filter((file) => file.endsWith('.cjs'));
  await bundle({
    entryPoints: files,
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    allowOverwrite: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    sourcemap: true,
    minifyWhitespace: true,
    minifySyntax: true,
    // CommonJS has no import.meta.
    banner: {
      js: "const __fileUrl=require('node:url').pathToFileURL(__filename).href,__later=file=>{let part;return new Proxy({},{get:(_,name)=>(part??=require(file))[name]})};",
    },
    define: { 'import.meta.url': '__fileUrl' },
  });
  // As long as what it replaces: the source maps stay right.
  for (const file of files)
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/(?<=\bimport_\w+=)require(?=\("\.\/extension)/g, '__later'));
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
  const { status } = spawnSync(process.execPath, ['node_modules/typescript-7/bin/tsc', '-p', 'tsconfig.types.json'], { stdio: 'inherit' });
  if (status !== 0) throw new Error('the declarations of the API could not be written');
}

/** Whether any source is newer than the bundle. @param {{ entryPoints?: unknown, outfile: string }} bundle */
function isStale({ entryPoints, outfile }) {
  const built = statSync(outfile, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const folders = String(entryPoints).startsWith('webview/') ? ['src', 'webview'] : ['src'];
  const sources = folders.flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)));
  return ['package.json', 'esbuild.mjs', ...sources].some((file) => (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) > built);
}

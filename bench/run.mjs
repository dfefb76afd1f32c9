/**
 * @file Bundles and runs one of a folder's scripts: `npm run bench -- joint [options]` runs bench/joint.ts, and `npm run nano -- teacher` runs
 * models/nano/train/teacher.ts.
 */
import { build } from 'esbuild';
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, name, ...args] = process.argv.slice(2);
const names = readdirSync(folder).flatMap((file) => (file.endsWith('.ts') ? [file.slice(0, -3)] : []));
if (!names.includes(name)) {
  console.error(`Usage: <${names.join(' | ')}> [options]`);
  process.exit(2);
}
const outfile = `dist/${folder}/${name}.js`;
const banner = "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);";
await build({
  entryPoints: [`${folder}/${name}.ts`],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  sourcemap: true,
  banner: { js: banner },
  external: ['onnxruntime-node', '@tensorflow/*'],
  // Its CommonJS build requires files by names that bundlers cannot follow.
  alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
  logLevel: 'warning',
});
// Runs in this process, because a separate one would continue after this one is killed.
const script = resolve(outfile);
process.argv = [process.argv[0], script, ...args];
process.setSourceMapsEnabled(true);
await import(pathToFileURL(script).href);

/**
 * @file Bundles and runs a script of this folder: `node test/support/run.mjs packageVsix [arguments]`. Without a name, it bundles the code for
 * the extension host.
 */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundle, inHost } from './bundle.mjs';

const [node, , name, ...args] = process.argv;
await bundle(inHost, 'cjs');
if (name) {
  await bundle({ [name]: `test/support/${name}.ts` }, 'esm');
  const script = resolve('dist', 'test', `${name}.mjs`);
  process.argv = [node, script, ...args];
  process.setSourceMapsEnabled(true);
  await import(pathToFileURL(script).href);
}

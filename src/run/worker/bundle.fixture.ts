/** @file Bundles what a test runs in a separate process, as esbuild.mjs bundles the worker. */
import { build } from 'esbuild';
import { join } from 'node:path';

/** Its ES modules instead of CommonJS, which an ES module cannot require. */
const yaml = join(import.meta.dirname, '..', '..', '..', 'node_modules', 'yaml', 'browser', 'index.js');

export async function bundleFixture(file: string, outfile: string): Promise<void> {
  await build({ entryPoints: [file], outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'error', alias: { yaml } });
}

/** @file Bundles TypeScript of the tests into dist/test/, to run outside vitest. Packages stay in node_modules. */
import { build } from 'esbuild';

/** Entry points that run in the extension host. */
export const inHost = { agent: 'test/support/agent.ts', inside: 'test/vscode/inside/index.ts' };

/**
 * @param {Record<string, string>} entryPoints paths by the name of their bundle
 * @param {'esm' | 'cjs'} format the extension host loads CommonJS
 */
export async function bundle(entryPoints, format) {
  await build({
    entryPoints,
    outdir: 'dist/test',
    outExtension: { '.js': format === 'esm' ? '.mjs' : '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node20',
    format,
    packages: 'external',
    define: format === 'cjs' ? { 'import.meta.dirname': '__dirname' } : {},
    sourcemap: true,
    absWorkingDir: new URL('../..', import.meta.url).pathname,
    logLevel: 'warning',
  });
}

/** @file Reports each test of inside/, which runs in the extension host of each version, as a test of vitest. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTests } from '@vscode/test-electron';
import { describe, inject, test } from 'vitest';
import { bundles, root, sample } from '../support/paths.ts';
import { versions, type Version } from '../support/versions.ts';
import { resultsVariable, type Result } from './inside/runner.ts';
import type {} from './globalSetup.ts';

for (const version of Object.keys(versions) as Version[])
  describe(`in the extension host of VS Code ${versions[version].vscode}`, async () => {
    // The tests run here, before vitest starts its own, because only their results give the names. A retry by vitest would judge the same
    // results, so failed tests run again in a new host.
    const first = await results(version);
    for (const { name, milliseconds, error } of first.some(({ error }) => error) ? await results(version) : first)
      test(`${name} (${milliseconds} ms)`, () => {
        if (error) throw Object.assign(new Error(error.message), { stack: error.stack });
      });
  });

async function results(version: Version): Promise<Result[]> {
  const { problem } = inject('vscode');
  if (problem !== undefined) throw new Error(problem);
  const folder = mkdtempSync(join(tmpdir(), 'tandem-inside-'));
  try {
    const file = join(folder, 'results.json');
    const workspace = join(folder, 'support');
    cpSync(sample, workspace, { recursive: true });
    const ended = await runTests({
      vscodeExecutablePath: process.execPath,
      launchArgs: [join(bundles, 'launcher.mjs'), workspace],
      extensionDevelopmentPath: root,
      extensionTestsPath: join(bundles, 'inside.cjs'),
      extensionTestsEnv: { TANDEM_TEST_VSCODE: version, [resultsVariable]: file },
    }).catch((error: Error) => error);
    if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Result[];
    throw new Error(`VS Code ended before the tests did: ${String(ended)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @file The real SmolLM2-135M-Instruct. The tests run if it is installed (`tandem model add smollm2-135m`), or if TANDEM_TEST_DOWNLOAD=1
 * allows the download.
 */
import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { TandemError } from '../src/errors.ts';
import { makeLocalModel } from '../src/model/localModel.ts';
import { loadModelFiles } from '../src/model/files/modelFiles.ts';
import { resolveModel } from '../src/model/store/store.ts';
import { onnxRuntimeExecutor } from '../src/tensor/onnxruntime.ts';

const root = join(import.meta.dirname, '..');
const rowsPath = join(root, '..', 'shared', 'data', 'trec6.train.jsonl');
const download = process.env.TANDEM_TEST_DOWNLOAD === '1';
const found = await resolveModel('smollm2-135m', { download }).catch((error: unknown) => {
  if (error instanceof TandemError) return error;
  throw error;
});
const model = typeof found === 'string' ? found : '';
const missing = typeof found === 'string' ? (existsSync(rowsPath) ? '' : `there is no ${rowsPath}`) : `smollm2-135m: ${found.message}`;
if (missing) console.log(`${model ? 'The LoRA test was' : 'All tests with the real model were'} skipped: ${missing}`);

interface Greedy {
  readonly cases: readonly {
    readonly text: string;
    readonly ids: readonly number[];
    readonly output: string;
    readonly smallestMargin: number;
  }[];
}

describe.skipIf(!model)('SmolLM2-135M-Instruct', () => {
  test('tokenizes and continues ten chats like transformers', async () => {
    const { cases } = JSON.parse(readFileSync(join(root, 'test', 'fixtures', 'smollm2-greedy.json'), 'utf8')) as Greedy;
    const smol = makeLocalModel(await loadModelFiles(model), onnxRuntimeExecutor({ threads: 2 }));
    const written = await smol.generate(
      cases.map(({ text }) => text),
      { maxTokens: 40, temperature: 0, topP: 1, stop: [], seed: 0 },
    );
    expect(cases).toHaveLength(10);
    for (const [i, { text, ids, output, smallestMargin }] of cases.entries()) {
      expect(smol.promptTokens(text)).toEqual(ids);
      // If two tokens are this close, a different order of additions may choose the other one.
      if (smallestMargin >= 0.002) expect(written[i].text).toBe(output);
    }
    await smol.dispose();
  });

  test.skipIf(missing)('a LoRA of 12 steps on 32 rows makes the answers of other rows likelier, within 2.5 GB', async () => {
    const script = join(root, 'dist', 'test', 'loraRun.mjs');
    await build({
      entryPoints: [join(root, 'test', 'loraRun.fixture.ts')],
      outfile: script,
      bundle: true,
      platform: 'node',
      format: 'esm',
      external: ['onnxruntime-node'],
      alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
      logLevel: 'error',
    });
    const { stdout } = await promisify(execFile)(process.execPath, [script, model, rowsPath]);
    const { before, after, peakMebibytes } = JSON.parse(stdout) as { before: number; after: number; peakMebibytes: number };
    console.log(
      `LoRA on SmolLM2-135M: held-out log-likelihood ${before.toFixed(3)} -> ${after.toFixed(3)} nats per row, peak memory ${Math.round(peakMebibytes)} MiB`,
    );
    expect(after).toBeGreaterThan(before + 0.2);
    expect(peakMebibytes).toBeLessThan(2.5e9 / 2 ** 20);
  });
});

/** @file The embedded model at work: what `npm start` and a first evaluation in the editor depend on. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeRow } from '../src/data/dataset.ts';
import { readDataset } from '../src/data/readDataset.ts';
import type { Task } from '../src/evaluate/evaluation.ts';
import { makeEvaluator } from '../src/evaluate/evaluator.ts';
import { metricNamed } from '../src/evaluate/metrics/table.ts';
import { pairedBootstrap } from '../src/evaluate/statistics.ts';
import { makeLocalModel, type LocalModel } from '../src/model/localModel.ts';
import { loadModelFiles } from '../src/model/files/modelFiles.ts';
import { resolveModel } from '../src/model/store/store.ts';
import type { Prompt } from '../src/prompt/prompt.ts';
import { defaultDecoding } from '../src/prompt/decoding.ts';
import { textOf } from '../src/prompt/values.ts';
import { findRun } from '../src/run/record/runDirectory.ts';
import { readRun } from '../src/run/record/runList.ts';
import { onnxRuntimeExecutor } from '../src/tensor/onnxruntime.ts';
import { root } from './support/paths.ts';

const temporary = mkdtempSync(join(tmpdir(), 'tandem-nano-'));
let nano: LocalModel;
beforeAll(async () => {
  nano = makeLocalModel(await loadModelFiles(await resolveModel('nano', { download: false })), onnxRuntimeExecutor({ threads: 2 }));
});
afterAll(async () => {
  await nano.dispose();
  rmSync(temporary, { recursive: true, force: true });
});

describe('prompts', () => {
  const decoding = { ...defaultDecoding, maxTokens: 16 };

  test('demonstrations of made-up labels are followed: right ones make the answers likelier than swapped ones', async () => {
    const { rows } = await readDataset(join(root, 'examples', 'support', 'data', 'messages.jsonl'));
    const names: Record<string, string> = { 'exchange rate': 'foo', 'lost or stolen card': 'bar' };
    const messages = rows
      .filter(({ values }) => textOf(values.intent) in names)
      .map(({ values, line }) => makeRow({ message: values.message, kind: names[textOf(values.intent)] }, line));
    const task: Task = { output: 'kind', labels: ['bar', 'foo'], metric: metricNamed('accuracy'), decoding, template: 'text' };
    const evaluator = makeEvaluator({ model: nano, task });
    const ofKind = (kind: string) => messages.filter(({ values }) => values.kind === kind).slice(0, 3);
    const shown = ofKind('foo').flatMap((row, i) => [row, ofKind('bar')[i]]);
    const asked = messages.filter((row) => !shown.includes(row));
    const promptOf = (label: (kind: string) => string): Prompt => ({
      body: '{{demos}}\nMessage: ${input:message}\nKind:\n',
      demonstrations: shown.map(({ values: { message, kind } }) => ({ inputs: { message }, output: label(textOf(kind)) })),
    });
    const likelihoods = async (prompt: Prompt): Promise<number[]> =>
      (await evaluator.evaluate({ prompt }, asked)).rows.map(({ logLikelihood }) => logLikelihood!);
    const right = await likelihoods(promptOf((kind) => kind));
    const exchanged = await likelihoods(promptOf((kind) => (kind === 'foo' ? 'bar' : 'foo')));
    const difference = pairedBootstrap(exchanged, right);
    console.log(
      `right over exchanged labels: ${difference.mean.toFixed(2)} nats per row, [${difference.low.toFixed(2)}, ${difference.high.toFixed(2)}]`,
    );
    expect(difference.low).toBeGreaterThan(0);
  });

  test('an answer in a chat ends on its own', async () => {
    const chat = nano.tokenizer.applyChatTemplate([{ role: 'user', content: 'Is a dog an animal or a plant? Answer with one word.' }]);
    const [{ text, finish }] = await nano.generate([chat], decoding);
    expect(text).not.toBe('');
    expect(finish).toBe('stop');
  });
});

describe('optimizing the examples with the built command', () => {
  test.for([
    { example: 'support', prompt: 'intent.prompt.md', budget: '30k' },
    { example: 'dates', prompt: 'date.prompt.md', budget: '30k' },
  ])('$example: the score on the sealed test rows rises by 20 points', { timeout: 900_000 }, async ({ example, prompt, budget }) => {
    const folder = join(temporary, example);
    cpSync(join(root, 'examples', example), folder, { recursive: true });
    const args = [join(root, 'dist', 'cli.js'), 'optimize', prompt, '--threads', '2', '--budget', budget];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    console.log(stdout.split('\n').slice(0, 3).join('\n'));
    const { state } = await readRun(findRun(folder));
    expect(state.attribution!.total.mean * 100).toBeGreaterThan(20);
    expect(readFileSync(join(findRun(folder).path, 'report.md'), 'utf8')).toContain('## Prompt or weights: what helped');
  });
});

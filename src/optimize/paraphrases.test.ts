/** @file Other wordings to train under: similar to the prompt, and every row fits under them. */
import { beforeAll, expect, test } from 'vitest';
import { makeRow } from '../data/dataset.ts';
import type { TrainableModel } from '../model/trainableModel.ts';
import { kindContext, kindPrompt, kindSplits, loadTinyModel } from './kinds.fixture.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { memoryAdapters } from './jointOptimization.ts';
import { paraphrases } from './paraphrases.ts';

let model: TrainableModel;
beforeAll(async () => {
  model = await loadTinyModel();
});

const contextOf = (trainset = kindSplits.trainset) =>
  kindContext(model, { trainset, valset: kindSplits.valset, adapters: memoryAdapters(), seed: 1, budget: 1 });

test('other wordings are not much longer than the prompt, and the same for the same seed', async () => {
  const context = contextOf();
  const found = await paraphrases(context, kindPrompt);
  expect(found).toHaveLength(4);
  for (const { body } of found) expect(body.length).toBeLessThanOrEqual(kindPrompt.body.length + 160);
  expect(await paraphrases(context, kindPrompt)).toEqual(found);
});

test('a wording that leaves no room for the longest row is left out', async () => {
  const { trainer } = contextOf();
  const [first] = kindSplits.trainset;
  const costOf = (text: string): number =>
    trainer.stepCost({ prompt: kindPrompt, rows: [makeRow({ ...first.values, text }, 1)], shots: 0 }, 1);
  // As long as the model's context allows under the prompt itself.
  let text = 'red';
  while (!throws(() => costOf(`${text} x`))) text += ' x';
  const long = makeRow({ ...first.values, text }, 1);
  const read = (prompt: Prompt) => (): number => trainer.stepCost({ prompt, rows: [long], shots: 0 }, 1);
  const before = await paraphrases(contextOf(), kindPrompt);
  expect(before.some((prompt) => throws(read(prompt)))).toBe(true);
  const found = await paraphrases(contextOf([...kindSplits.trainset, long]), kindPrompt);
  expect(found.length).toBeGreaterThan(0);
  for (const prompt of found) expect(read(prompt)).not.toThrow();
});

function throws(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch {
    return true;
  }
}

/** @file A budget that pays for no step is refused as early as possible, with a hint that names one that would. */
import { expect, test, vi } from 'vitest';
import { makeRow } from '../data/dataset.ts';
import { TandemError } from '../errors.ts';
import { requireBudgetForStep, requireBudgetForWords } from './leastBudget.ts';
import { runDefaults, type RunSpec } from './spec.ts';

const file = { path: 'kind.prompt.md', prompt: { body: 'Say what it is.\n\nText: ${input:text}\nKind:', demonstrations: [] } };
const valset = Array.from({ length: 20 }, (_, i) => makeRow({ text: `a thing of five words ${i}`, kind: 'odd' }, i + 1));
const specOf = (change: Partial<RunSpec>): RunSpec => ({ ...runDefaults, prompt: file.path, ...change });
const rate = { tokensPerSecond: 100, tokensPerRow: 10 };
const facts = { file, val: 20, test: 40 };

test('a budget that the words alone exceed is refused before a model is loaded', () => {
  const words = (tokens: number): void => requireBudgetForWords(specOf({ budget: { tokens } }), { file, valset });
  expect(() => words(100)).toThrow(TandemError);
  expect(() => words(100)).toThrow(
    expect.objectContaining({ reason: 'bad-budget', message: 'This budget is too small for a first step.' }) as Error,
  );
  // Seven words of the prompt, plus six per row with what follows it, times four measurements.
  expect(() => words(4 * (6 + 20 * 7) - 1)).toThrow(TandemError);
  expect(() => words(4 * (7 + 20 * 7) + 1)).not.toThrow();
  expect(() => requireBudgetForWords(specOf({ budget: { seconds: 1 } }), { file, valset })).not.toThrow();
});

test.each([
  ['alternating', {}, 4],
  ['coordinate', { coordinator: 'coordinate' }, 4],
  ['simultaneous', { coordinator: 'simultaneous' }, 5],
  ['a chain', { schedule: 'chain:p -> w' }, 2],
  ['a published method', { schedule: 'baseline:mipro' }, 2],
] as const)('%s takes a first step from %j on, as many measurements', async (_, way, measurements) => {
  const asked = (tokens: number) =>
    requireBudgetForStep(
      specOf({ ...way, budget: { tokens } }),
      rate,
      facts,
      () => 0,
      async () => 240,
    );
  await expect(asked(measurements * 240 - 1)).rejects.toMatchObject({
    reason: 'bad-budget',
    hint: expect.stringMatching(/^Use at least [\d.]+k/) as string,
  });
  await asked(measurements * 240);
});

test('the budget in the hint is enough', async () => {
  const least = async (budget: RunSpec['budget'], elapsed: number): Promise<string> => {
    const error: unknown = await requireBudgetForStep(
      specOf({ budget }),
      rate,
      facts,
      () => elapsed,
      async () => 240,
    ).catch((e: unknown) => e);
    return (error as TandemError).hint!;
  };
  expect(await least({ tokens: 500 }, 0)).toMatch(/^Use at least 1.1k/);
  // 4 x 240 tokens at 100 per second, an eighth for the test, after 6 seconds.
  expect(await least({ seconds: 8 }, 6000)).toMatch(/^Use at least 25 s/);
  await requireBudgetForStep(
    specOf({ budget: { seconds: 25 } }),
    rate,
    facts,
    () => 6000,
    async () => 240,
  );
});

test('nothing is measured for the check if the budget is large', async () => {
  const measure = vi.fn(async () => 240);
  await requireBudgetForStep(specOf({ budget: { tokens: 58_000 } }), rate, facts, () => 0, measure);
  await requireBudgetForStep(specOf({ budget: { seconds: 300 } }), rate, facts, () => 5000, measure);
  expect(measure).not.toHaveBeenCalled();
});

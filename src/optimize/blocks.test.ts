/** @file Which block comes next: each once, then the best gain per token, until none has helped for a while. */
import { expect, test } from 'vitest';
import { asProgram, type Prompt } from '../prompt/prompt.ts';
import { blocksOf, chooseBlock, failuresOf, recordBlock, type BlockStatistics } from './blocks.ts';

const one: Prompt = { body: '${input:x}', demonstrations: [] };
const names = (prompt: Prompt, targets: readonly ('prompt' | 'weights')[] = ['prompt', 'weights']): string[] =>
  blocksOf(prompt, ['summary', 'intent'], targets).map(({ name }) => name);

test('a prompt has four blocks, a program two more for each step beyond the first', () => {
  expect(names(one)).toEqual(['decoding', 'adapter', 'instruction', 'demonstrations']);
  expect(names(asProgram([one, one]))).toEqual([
    'decoding',
    'adapter',
    'instruction of intent',
    'instruction of summary',
    'demonstrations of intent',
    'demonstrations of summary',
  ]);
  expect(names(one, ['weights'])).toEqual(['adapter']);
  expect(names(one, ['prompt'])).not.toContain('adapter');
});

test('with an adapter for each step, a program has an adapter block for each', () => {
  const named = (prompt: Prompt): string[] => blocksOf(prompt, ['summary', 'intent'], ['weights'], 'per-step').map(({ name }) => name);
  expect(named(asProgram([one, one]))).toEqual(['adapter of intent', 'adapter of summary']);
  expect(named(one)).toEqual(['adapter']);
});

const blocks = blocksOf(one, [], ['prompt', 'weights']);
const [decoding, adapter, instruction] = blocks;
/** Every block tried once, without success. */
const tried = blocks.reduce<BlockStatistics>(
  (statistics, block) => recordBlock(statistics, block, { gain: 0, tokensUsed: 100, accepted: false }),
  {},
);

test('each block is tried once, in order', () => {
  let statistics: BlockStatistics = {};
  for (const block of blocks) {
    expect(chooseBlock(statistics, blocks)).toEqual({ block, because: `${block.name} has not been tried yet` });
    statistics = recordBlock(statistics, block, { gain: 1, tokensUsed: 1, accepted: true });
  }
});

test('then the block that gained most per token is chosen', () => {
  const dear = recordBlock(tried, adapter, { gain: 0.3, tokensUsed: 1000, accepted: true });
  const cheap = recordBlock(dear, instruction, { gain: 0.1, tokensUsed: 50, accepted: true });
  expect(chooseBlock(cheap, blocks)).toEqual({ block: instruction, because: 'highest recent gain per token' });
  // Older gains count less.
  const later = [1, 2].reduce((statistics) => recordBlock(statistics, instruction, { gain: 0, tokensUsed: 2000, accepted: false }), cheap);
  expect(chooseBlock(later, blocks)?.block).toBe(adapter);
});

test('a block that failed twice is skipped until another one has changed something', () => {
  const twice = recordBlock(tried, decoding, { gain: 0, tokensUsed: 100, accepted: false });
  expect(failuresOf(twice, decoding)).toBe(2);
  expect(chooseBlock(twice, blocks)?.block).not.toBe(decoding);
  const moved = recordBlock(twice, adapter, { gain: 0.1, tokensUsed: 100, accepted: true });
  expect(failuresOf(moved, decoding)).toBe(0);
});

test('the search ends when all blocks have failed twice', () => {
  const over = blocks.reduce((statistics, block) => recordBlock(statistics, block, { gain: 0, tokensUsed: 100, accepted: false }), tried);
  expect(chooseBlock(over, blocks)).toBeUndefined();
});

test('a gain that the gate refused does not count', () => {
  const refused = recordBlock(tried, adapter, { gain: 5, tokensUsed: 1, accepted: false });
  expect(refused.adapter.gain).toBe(0);
});

/** @file Sentences about confused labels: which pairs, which words, and their place in an instruction. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeRow, type Row } from '../../data/dataset.ts';
import { contrastiveWords, wordCounts } from './contrastiveWords.ts';
import type { Prompt } from '../../prompt/prompt.ts';
import { textIn } from '../../prompt/values.ts';
import { randomStream } from '../../random.ts';
import { evaluatorWith, intentTask, messages } from '../madeUp.fixture.ts';
import { confusionSentences, confusionsOf } from './confusions.ts';
import type { ProposerContext } from './proposer.ts';

/** Takes fees for cards, and one transfer for fees. */
const evaluator = evaluatorWith(
  () => 0,
  intentTask,
  [],
  ({ values }) =>
    values.intent === 'fees' ? 'card' : values.message === 'A transfer to my sister failed' ? 'fees' : textIn(values, 'intent'),
);
const body = (instruction: string): string => `${instruction}Message: \${input:message}\nIntent:\n`;
const context = (instruction: string, more: Partial<ProposerContext> = {}): ProposerContext => ({
  prompt: { body: body(instruction), demonstrations: [] },
  ...{ evaluator, trainset: messages, random: randomStream('confusions', 1), count: 4 },
  ...more,
});
const bodies = async (instruction: string, more: Partial<ProposerContext> = {}): Promise<string[]> =>
  (await confusionSentences.propose(context(instruction, more))).map(({ prompt }) => prompt.body);
const second = 'Answer "transfer", not "fees", when the message mentions "transfer".';
const rule = 'Answer "fees", not "card", when the message mentions "fee".';

test('the pair that costs most becomes a sentence of the words that distinguish it', async () => {
  const [first] = await confusionSentences.propose(context('Read the message.\n\n'));
  expect(first.prompt.body).toBe(body(`Read the message. ${rule}\n\n`));
  expect(first.reason).toBe('a rule for labels that are confused: "fees" answered "card" in 4 rows');
});

test('the two most costly pairs are proposed together and each alone', async () => {
  expect(await bodies('Read the message.\n\n')).toEqual(
    [rule, `${rule} ${second}`, second].map((sentences) => body(`Read the message. ${sentences}\n\n`)),
  );
  expect(await bodies('Read the message.\n\n', { count: 1 })).toHaveLength(1);
});

describe('the sentence is placed', () => {
  test.each([
    ['above a prompt that has no instruction', '', `${rule}\n\n`],
    ['after a full stop where there was none', 'Name the intent of the message\n', `Name the intent of the message. ${rule}\n`],
    ['apart from a line that leads on', 'Name the intent of this message:\n', `Name the intent of this message:\n\n${rule}\n`],
    [
      'apart from a list of labels',
      'Choose one of the labels.\n- card: lost\n- fees: cost\n\n',
      `Choose one of the labels.\n- card: lost\n- fees: cost\n\n${rule}\n\n`,
    ],
    ['as one more of a list of rules', 'To do:\n- Answer with one word.\n\n', `To do:\n- Answer with one word.\n- ${rule}\n\n`],
  ])('%s', async (_, before, after) => {
    expect((await bodies(before))[0]).toBe(body(after));
  });

  test('once: what a prompt already says is not repeated', async () => {
    expect(await bodies(`Read the message. ${rule}\n\n`)).toEqual([body(`Read the message. ${rule} ${second}\n\n`)]);
  });
});

test('labels are quoted as in the prompt, and named by the words that the model uses for them', async () => {
  expect((await bodies("Is the message about `fees` or 'card'?\n\n"))[0]).toContain("Answer `fees`, not 'card', when");
  const prompt: Prompt = { body: body(''), demonstrations: [], labelWords: { card: 'the card', fees: 'charges', transfer: 'transfer' } };
  expect((await bodies('', { prompt }))[0]).toContain('Answer "charges", not "the card", when the message mentions "fee".');
});

test('a prompt in another language, free text, and a model that confuses nothing get no such sentence', async () => {
  expect(await bodies('Ordne diese Nachricht genau einer Absicht zu.\n\n')).toEqual([]);
  const { labels: _, ...text } = intentTask;
  expect(await bodies('Read the message.\n\n', { evaluator: evaluatorWith(() => 0, text) })).toEqual([]);
  expect(await bodies('Read the message.\n\n', { evaluator: evaluatorWith(() => 1) })).toEqual([]);
});

test('pairs are ranked by the probability that their rows lack', () => {
  const result = (gold: string, prediction: string, share: number) => ({
    ...{ row: gold, gold, prediction, score: Number(gold === prediction), logLikelihood: -1, logShare: Math.log(share) },
  });
  const results = [result('a', 'b', 0.45), result('a', 'b', 0.4), result('b', 'a', 0.05), result('a', 'a', 0.9), result('z', 'a', 0.1)];
  expect(
    confusionsOf(results, ['a', 'b']).map(({ gold, answered, rows, lost }) => [gold, answered, rows, Number(lost.toFixed(2))]),
  ).toEqual([
    ['a', 'b', 2, 1.15],
    ['b', 'a', 1, 0.95],
  ]);
});

describe('contrastive words', () => {
  const rowsWith = (...texts: string[]): Row[] => texts.map((text, i) => makeRow({ text }, i + 1));

  test('are those that are significantly more common, without stop words and words of a single row', () => {
    const some = rowsWith('the refund is late', 'where is the refund', 'a refund please', 'parcel');
    const others = rowsWith('the card is late', 'where is the card', 'parcel');
    const [counts, rest, all] = [some, others, [...some, ...others]].map((rows) => wordCounts(rows, ['text']));
    expect(contrastiveWords(counts, rest, all).map(({ word }) => word)).toEqual(['refund']);
  });

  test('swapping the two groups never gives a word to both', () => {
    const texts = fc.array(
      fc.array(fc.constantFrom('refund', 'card', 'fee', 'late'), { maxLength: 5 }).map((words) => words.join(' ')),
      {
        minLength: 1,
        maxLength: 20,
      },
    );
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        const [one, other, all] = [a, b, [...a, ...b]].map((group) => wordCounts(rowsWith(...group), ['text']));
        const words = contrastiveWords(one, other, all).map(({ word }) => word);
        expect(contrastiveWords(other, one, all).filter(({ word }) => words.includes(word))).toEqual([]);
      }),
    );
  });
});

/** @file Words for labels: where they come from, which are chosen, and how a prompt that names them changes. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { textIn } from '../../prompt/values.ts';
import type { Evaluator } from '../../evaluate/evaluator.ts';
import { randomStream } from '../../random.ts';
import { evaluatorWith, intentTask, messages } from '../madeUp.fixture.ts';
import { chooseWords, tempered } from './chooseWords.ts';
import { labelWordChoices, nameVariants, readableName } from './labelWords.ts';
import type { Prompt } from '../../prompt/prompt.ts';

const labels = ['card_arrival', 'fees', 'bank-transfer'];
const own: Readonly<Record<string, string>> = { card: 'card_arrival', fees: 'fees', transfer: 'bank-transfer' };
const rows = messages.map((row) => ({ ...row, values: { ...row.values, intent: own[textIn(row.values, 'intent')] } }));

/** A model that favours some words where they are right. */
function contextWith(
  liked: readonly string[],
  prompt: Prompt = { body: 'Message: ${input:message}\nIntent:\n', demonstrations: [] },
  count = 4,
) {
  const asked: string[][] = [];
  const evaluator: Evaluator = {
    ...evaluatorWith(() => 0, { ...intentTask, labels }),
    scoreWords: (_, sample, words) => {
      asked.push([...words]);
      const isFor = (word: string, label: string): boolean => nameVariants(label).includes(word) || (word === 'fee' && label === 'fees');
      const scores = sample.map(({ values }) =>
        words.map((word) => (liked.includes(word) && isFor(word, textIn(values, 'intent')) ? 0 : -3)),
      );
      return Promise.resolve({ scores, tokensUsed: words.length });
    },
  };
  return { asked, context: { prompt, evaluator, trainset: rows, random: randomStream('words', 1), count } };
}

const wordsOf = async (...given: Parameters<typeof contextWith>) =>
  (await labelWordChoices.propose(contextWith(...given).context)).map(({ prompt }) => prompt.labelWords);

test('the forms of a name', () => {
  expect(nameVariants('card_arrival')).toEqual(['card_arrival', 'card arrival', 'Card arrival', 'arrival', 'card']);
  expect(nameVariants('fees')).toEqual(['fees', 'Fees', 'fee']);
  expect(nameVariants('status')).toEqual(['status', 'Status']);
  expect(['lostCard', 'wrong-amount_of.cash', 'ABBR'].map(readableName)).toEqual(['lost card', 'wrong amount of cash', 'abbr']);
});

test('words that make the right answers more likely are proposed, together and the best one alone; the labels stay the same', async () => {
  const [joint, single, plain] = await wordsOf(['card arrival', 'transfer']);
  expect(joint).toEqual({ card_arrival: 'card arrival', fees: 'fees', 'bank-transfer': 'transfer' });
  expect(Object.entries(single!).filter(([label, word]) => label !== word)).toHaveLength(1);
  expect(plain).toEqual({ card_arrival: 'card arrival', fees: 'fees', 'bank-transfer': 'bank transfer' });
});

test('if the model favours no other word, only the names as people write them are proposed', async () => {
  expect(await wordsOf(labels)).toEqual([{ card_arrival: 'card arrival', fees: 'fees', 'bank-transfer': 'bank transfer' }]);
});

test('words of the rows that distinguish a label are tried, but not a word that several labels could have', async () => {
  const { asked, context } = contextWith([]);
  await labelWordChoices.propose(context);
  expect(asked[0]).toContain('fee');
  // A word that is both in a name and in the rows of another label belongs to the name.
  expect(asked[0].filter((word) => word === 'card')).toHaveLength(1);
  expect(new Set(asked[0]).size).toBe(asked[0].length);
});

test('an instruction that names a label names its words instead; an English word only where it means the label', async () => {
  const body =
    'Fees and cards: is this card_arrival, fees or bank-transfer? Mind the fees of it.\n- fees: costs\n\nMessage: ${input:message}\nIntent:\n';
  const [{ prompt }] = await labelWordChoices.propose(contextWith(['card arrival', 'fee'], { body, demonstrations: [] }).context);
  expect(prompt.labelWords).toMatchObject({ card_arrival: 'card arrival', fees: 'fee' });
  expect(prompt.body).toBe(
    'Fees and cards: is this card arrival, fee or bank-transfer? Mind the fees of it.\n- fee: costs\n\nMessage: ${input:message}\nIntent:\n',
  );
});

test('a label in a Jinja tag is not changed', async () => {
  const body = 'system:\n{% if message == "card_arrival" %}card_arrival?{% endif %}\n\nuser:\n{{message}}\nIntent:\n';
  const [{ prompt }] = await labelWordChoices.propose(contextWith(['card arrival'], { body, demonstrations: [], syntax: 'jinja' }).context);
  expect(prompt.body).toBe(body.replace('}card_arrival?', '}card arrival?'));
});

test('there are none for an evaluator that cannot score words, nor for free text', async () => {
  const { context } = contextWith(['card arrival']);
  expect(await labelWordChoices.propose({ ...context, evaluator: evaluatorWith(() => 0, { ...intentTask, labels }) })).toEqual([]);
  const { labels: _, ...text } = intentTask;
  expect(await labelWordChoices.propose({ ...context, evaluator: { ...context.evaluator, task: text } })).toEqual([]);
});

describe('a choice of words', () => {
  const shareOf = (rows: readonly { gold: number; scores: readonly number[] }[], words: readonly number[]): number =>
    rows.reduce((sum, { gold, scores }) => {
      const own = words.map((word) => scores[word]);
      const most = Math.max(...own);
      return sum + own[gold] - most - Math.log(own.reduce((total, score) => total + Math.exp(score - most), 0));
    }, 0);

  test('ignores scores that are confident about wrong labels', () => {
    const sure = [...Array(8).keys()].map((row) => ({ gold: row % 2, scores: [row < 4 ? 0 : -40, row < 4 ? -40 : 0] }));
    expect(Math.max(...tempered(sure, [0, 1]).flatMap(({ scores }) => scores.map(Math.abs)))).toBeLessThan(2);
  });

  test('makes the right answers more likely, and never gives two labels the same word', () => {
    const score = fc.double({ min: -20, max: 0, noNaN: true });
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 4 }).chain((count) =>
          fc.record({
            rows: fc.array(fc.record({ gold: fc.nat(count - 1), scores: fc.array(score, { minLength: 8, maxLength: 8 }) }), {
              minLength: 1,
              maxLength: 12,
            }),
            candidates: fc.tuple(
              ...Array.from({ length: count }, (_, label) =>
                fc.array(fc.nat(7), { maxLength: 5 }).map((others) => [...new Set([label, ...others.filter((word) => word >= count)])]),
              ),
            ),
          }),
        ),
        ({ rows: raw, candidates }) => {
          const now = candidates.map(([word]) => word);
          const { single, joint } = chooseWords(raw, candidates);
          const rows = tempered(raw, now);
          for (const { words } of [...single, ...joint]) {
            expect(new Set(words).size).toBe(words.length);
            expect(shareOf(rows, words)).toBeGreaterThan(shareOf(rows, now) + 1 - 1e-9);
          }
          for (const { words } of single) expect(words.filter((word, label) => word !== now[label])).toHaveLength(1);
          if (joint.length > 0) expect(shareOf(rows, joint[0].words)).toBeGreaterThan(shareOf(rows, single[0].words));
        },
      ),
    );
  });
});

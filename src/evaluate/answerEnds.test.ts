/** @file How free text ends when the prompt file does not say, and warnings about limits that cut right answers. */
import { describe, expect, test } from 'vitest';
import { makeRow } from '../data/dataset.ts';
import { endsOf } from '../prompt/decoding.ts';
import { parsePromptFile } from '../prompt/readPrompt.ts';
import { endProblems, fittedEnds, stopProblems, withEnds, withFittedEnds, type AnsweringModel } from './answerEnds.ts';
import { taskFor } from './taskFor.ts';

/** Each word is a token. */
const model: AnsweringModel = { tokensOf: (answer) => answer.split(/\s+/).length, maxPositions: 2048 };
const words = (count: number): string => Array.from({ length: count }, (_, place) => `w${place}`).join(' ');
const text = { template: 'text' } as const;

describe('the most tokens', () => {
  const mostFor = (...lengths: number[]): number => fittedEnds(text, lengths.map(words), model).maxTokens;

  test('are a quarter more than the longest answer has, rounded up to a multiple of 16, at least 64', () => {
    expect([mostFor(3, 5), mostFor(50), mostFor(51), mostFor(100, 200)]).toEqual([64, 64, 80, 256]);
    for (const length of [60, 64, 77, 133, 400]) expect(mostFor(1, length)).toBeGreaterThan(length * 1.25);
  });

  test('ignore a single outlier among hundreds of answers, but not among a few, nor an answer less than twice as long', () => {
    const ordinary = Array.from({ length: 199 }, () => 80);
    expect([mostFor(...ordinary, 1500), mostFor(...ordinary, 150), mostFor(80, 80, 1500)]).toEqual([112, 192, 1888]);
    expect(mostFor(...ordinary.slice(0, 190), ...Array.from({ length: 10 }, () => 1500))).toBe(1888);
  });

  test("are never more than the model's context", () => {
    expect(mostFor(1900)).toBe(2048);
  });
});

describe('the stop', () => {
  const stopFor = (...answers: string[]): readonly string[] => fittedEnds(text, answers, model).stop;

  test('is a text that no training answer contains: a blank line, else two, else none', () => {
    expect(stopFor('one', 'two\nlines')).toEqual(['\n\n']);
    expect(stopFor('one', 'subject\n\nbody')).toEqual(['\n\n\n']);
    expect(stopFor('one', 'subject\n\nbody', 'a\n\n\nb')).toEqual([]);
    expect(stopFor('\n\none\n\n')).toEqual(['\n\n']);
  });

  test('is empty in a chat, whose turns end by themselves', () => {
    expect(fittedEnds({ template: 'chat' }, ['one'], model).stop).toEqual([]);
  });
});

const fileWith = (decoding: string, more = ''): ReturnType<typeof parsePromptFile> =>
  parsePromptFile(
    'a.prompt.md',
    `---\ntandem:\n  data: a.jsonl\n  output: y\n  decoding: ${decoding}\n${more}---\nText: \${input:x}\nAnswer:\n`,
  );
const rows = [words(5), words(100), `${words(2)}\n\n${words(3)}`, words(70)].map((y, place) => makeRow({ x: String(place), y }, place + 1));

test('settings of the file come first, then earlier decisions; without answers the defaults apply', () => {
  const file = fileWith('{maxTokens: 12}');
  const task = taskFor(file, rows);
  expect(task.decoding).toMatchObject({ maxTokens: 12, stop: ['\n\n'], temperature: 0 });
  expect(withFittedEnds(task, file.settings.decoding, rows, model).decoding).toMatchObject({ maxTokens: 12, stop: ['\n\n\n'] });
  expect(withEnds(task, file.settings.decoding, { maxTokens: 99, stop: ['x'] }).decoding).toMatchObject({ maxTokens: 12, stop: ['x'] });
  expect(fittedEnds(text, [], model)).toEqual(endsOf('text'));
  const labels = taskFor(fileWith('{}', '  labels: [a, b]\n'), []);
  expect(withFittedEnds(labels, {}, rows, model)).toBe(labels);
});

test('a column of patterns says nothing about the length of answers', () => {
  const file = fileWith('{temperature: 0}', '  metric: regex\n');
  const ended = withFittedEnds(taskFor(file, rows), file.settings.decoding, rows, model);
  expect(ended.decoding).toMatchObject(endsOf('text'));
  expect(endProblems(file, ended, rows, model)).toEqual([]);
});

test('answers that the given ends cut off are counted and reported at the setting', () => {
  const file = fileWith('{maxTokens: 64, stop: ["\\n\\n", "###"]}');
  const found = endProblems(file, taskFor(file, rows), rows, model);
  expect(
    found.map(({ message, hint, range }) => [file.text.slice(range.start, range.end), `${range.line}:${range.column}`, message, hint]),
  ).toEqual([
    [
      '["\\n\\n", "###"]',
      '5:35',
      '1 of 4 training answers contains "\\n\\n". `decoding.stop` ends a prediction there, so the model can never give them in full.',
      'Choose another text to stop at, or remove `stop`.',
    ],
    [
      '64',
      '5:25',
      '2 of 4 training answers are longer than 64 tokens, the limit in `decoding.maxTokens`. The model can never give them in full. The longest has 100 tokens.',
      'Raise it, or remove it. Without it the limit is 128.',
    ],
  ]);
  expect(stopProblems(file, [], rows)).toEqual([]);
});

test('fitted ends cause no warning, except for an outlier that they leave out', () => {
  const file = fileWith('{temperature: 0}');
  const many = Array.from({ length: 199 }, (_, place) => makeRow({ x: String(place), y: words(80) }, place + 1));
  const messagesFor = (training: typeof rows): string[] =>
    endProblems(file, withFittedEnds(taskFor(file, training), file.settings.decoding, training, model), training, model).map(
      ({ message }) => message,
    );
  expect(messagesFor(rows)).toEqual([]);
  expect(messagesFor([...many, makeRow({ x: 'odd', y: words(1500) }, 200)])).toEqual([
    '1 of 200 training answers is longer than 112 tokens, the limit that fits the others. The model can never give them in full. The longest has 1500 tokens.',
  ]);
});

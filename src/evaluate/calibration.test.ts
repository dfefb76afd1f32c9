/** @file What the corrections guarantee. */
import { expect, test } from 'vitest';
import { makeRow, type Row } from '../data/dataset.ts';
import {
  calibrationRows,
  contentFreeBias,
  contentFreeInputs,
  domainCount,
  domainInputs,
  priorBias,
  softmax,
  subtract,
} from './calibration.ts';

test('the prior correction makes every label as likely as any other', () => {
  const scores = Array.from({ length: 30 }, (_, i) => [Math.sin(i) * 3, Math.cos(i) * 3 + 4, Math.sin(2 * i)]);
  const bias = priorBias(scores);
  const probabilities = scores.map((each) => softmax(subtract(each, bias)));
  for (const label of [0, 1, 2]) expect(probabilities.reduce((sum, each) => sum + each[label], 0) / 30).toBeCloseTo(1 / 3, 4);
});

test("domain inputs have the rows' words in random order, as many as a row has, and leave other values unchanged", () => {
  const rows = [
    { text: 'the card is lost', urgent: true, items: ['a b', 'c'] },
    { text: 'where is my refund', urgent: false, items: ['d'] },
  ];
  const template = { body: '{{ text }} {{ urgent }} {{ items[0] }}', syntax: 'jinja' } as const;
  const inputs = domainInputs(template, rows);
  const words = rows.flatMap(({ text }) => text.split(' '));
  for (const { text, urgent, items } of inputs) {
    expect((text as string).split(' ')).toHaveLength(4);
    for (const word of (text as string).split(' ')) expect(words).toContain(word);
    expect(typeof urgent).toBe('boolean');
    for (const item of items as string[]) expect(item).toMatch(/^[abcd]( [abcd])?$/);
  }
  expect(inputs).toHaveLength(domainCount);
  expect(new Set(inputs.map(({ text }) => text)).size).toBe(domainCount);
  expect(inputs.some(({ text }) => rows.some((row) => row.text === text))).toBe(false);
  expect(domainInputs(template, rows)).toEqual(inputs);
});

test('calibration uses validation rows first, then training rows, 64 in total, in an order that does not depend on theirs', () => {
  const rows = (name: string, count: number): Row[] => Array.from({ length: count }, (_, i) => makeRow({ text: `${name} ${i}` }, i + 1));
  const named = (chosen: readonly Row[], name: string): number =>
    chosen.filter(({ values }) => (values.text as string).startsWith(name)).length;
  const [few, some, many] = [rows('val', 9), rows('train', 15), rows('train', 100)];
  expect(calibrationRows(few, some)).toEqual([...few, ...some]);
  expect([named(calibrationRows(few, many), 'val'), named(calibrationRows(few, many), 'train')]).toEqual([9, 55]);
  expect(named(calibrationRows(rows('val', 80), many), 'val')).toBe(64);
  const ids = (chosen: readonly Row[]): string[] => chosen.map(({ id }) => id).sort();
  expect(ids(calibrationRows(few, [...many].reverse()))).toEqual(ids(calibrationRows(few, many)));
});

test('a label that is unlikely for every input does not get an unlimited bonus', () => {
  for (const each of priorBias([
    [0, -2000],
    [0, -1000],
  ]))
    expect(Number.isFinite(each)).toBe(true);
});

test('content-free inputs fill every column; the bias is the mean score', () => {
  expect(contentFreeInputs('${input:a} ${input:b}')).toEqual(['N/A', '[MASK]', ''].map((filler) => ({ a: filler, b: filler })));
  const like = { a: [{ x: 'text', n: 1 }], b: false };
  const body = '{{ a[0].x }} {{ b }}';
  expect(contentFreeInputs({ body, syntax: 'jinja' }, like)[0]).toEqual({ a: [{ x: 'N/A', n: 1 }], b: false });
  expect(contentFreeInputs('${input:a}', like)[0]).toEqual({ a: 'N/A' });
  expect(
    contentFreeBias([
      [1, 2],
      [3, 6],
    ]),
  ).toEqual([2, 4]);
});

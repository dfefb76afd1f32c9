/** @file Which number of a text counts, and when two of them are equal, in the notations of several countries. */
import { expect, test } from 'vitest';
import { makeRow } from '../../data/dataset.ts';
import { parsePromptFile } from '../../prompt/readPrompt.ts';
import { taskFor } from '../taskFor.ts';
import { scoreOne } from './judgeOne.fixture.ts';
import { metricNamed } from './table.ts';
import { decimalMarkOf, sameNumber } from './numeric.ts';

const equal = (prediction: string, gold: string): boolean => sameNumber(prediction, gold);
const inGerman = (prediction: string, gold: string): boolean => sameNumber(prediction, gold, ',');

test.each([
  ['1,5', '2,5'],
  ['1.5', '2.5'],
  ['1 000', '2 000'],
  ['5', '-5'],
  ['5', '\u22125'],
  ['5', '-$5'],
  ['$5', '$-5'],
  ['€ 5', '€ -5'],
  ['1/2', '3/2'],
  ['3 1/2', '4 1/2'],
  ['1.234,56', '9.234,56'],
  ['5 × 10^3', '7 × 10^3'],
  ['2 × 10⁻³', '2 × 10³'],
  ['10:30', '11:30'],
  ['2024-05-12', '2023-01-12'],
  ['12/05/2024', '03/06/2024'],
  ['12.05.2024', '13.06.2024'],
  ['9007199254740993', '9007199254740992'],
  ['18446744073709551615', '18446744073709551614'],
  ['1e400', '1e401'],
])('%j and %j are different numbers, in either order', (a, b) => {
  expect([equal(a, b), equal(b, a), inGerman(a, b), inGerman(b, a)]).toEqual([false, false, false, false]);
});

/** English, German, French, and more. */
test.each([
  ['1,234,567.89', '1234567.89'],
  ['1.234.567,89', '1234567.89'],
  ['1 234 567,89', '1234567.89'],
  ['1\u00a0234\u00a0567,89', '1234567.89'],
  ['1\u202f234\u202f567,89', '1234567.89'],
  ["1'234'567.89", '1234567.89'],
  ['1’234’567.89', '1234567.89'],
  ['12,34,567', '1234567'],
  ['12,34,567.50', '1234567.5'],
  ['1.234.567', '1234567'],
  ['1\u202f000', '1000'],
  ['1 000', '1000'],
  ['1,5', '1.5'],
  ['0,500', '0.5'],
  ['0.500', '.5'],
  ['1234,500', '1234.5'],
  ['\u22125', '-5'],
  ['–5', '-5'],
  ['-$1,024.50', '-1024.5'],
  ['$-1024.5', '-1,024.50'],
  ['−\u00a03', '3'],
  ['R$ 5,50', '5.5'],
  ['5,50 €', '5.5'],
  ['CHF 5.50', '5.5'],
  ['12 %', '12'],
  ['50%', '50'],
  ['+7', '7'],
  ['1/2', '0.5'],
  ['3 1/2', '3.5'],
  ['-3/4', '-0.75'],
  ['1,5e3', '1500'],
  ['2.5E-3', '0.0025'],
  ['1.5 × 10^3', '1500'],
  ['1.5 x 10³', '1500'],
  ['2·10⁻³', '0.002'],
  ['from 10-20', '20'],
  ['COVID-19', '19'],
  ['答案是18。', '18'],
  ['7, 8, 9', '9'],
  ['1,2,3', '3'],
  ['in 2019 100 people', '100'],
  ['It is 42, at 10:30.', '42'],
  ['version 1.2.3 has 4', '4'],
  ['Rs.500', '500'],
  ['about 1,024.', '1024'],
  ['0.1000000000001', '0.1'],
  ['007', '7'],
])('%j is read as the number %j', (text, number) => {
  expect([equal(text, number), equal(number, text)]).toEqual([true, true]);
});

test.each([
  ['Natalia sold 48/2 = <<48/2=24>>24 clips.\n#### 72', '#### 72', true],
  ['#### 72\n\nQuestion: 5 apples and 6 pears?\n#### 11', '72', true],
  ['#### $1,000', '#### 1000', true],
  ['####-5', '#### 5', false],
  ['#### Step 1\nIt is 18.', '18', true],
  ['the answer is 18', 'He had 20, then 2 fewer.\n#### 18', true],
])('with %j and %j, the number after #### counts', (prediction, gold, expected) => {
  expect(equal(prediction, gold)).toBe(expected);
});

test('a text without numbers is never right; names, versions and dates are skipped', () => {
  for (const text of ['', 'none', 'v1', 'x_5', '1.2.3', '192.168.0.1', '3/0', '1e9999', '-'])
    expect([text, equal(text, text), equal('5', text)]).toEqual([text, false, false]);
});

test('whole numbers are compared to the last digit, others to one part in a billion', () => {
  expect([equal('0.30000000000000004', '0.3'), equal('0.33333333333', '1/3'), equal('0.333', '1/3')]).toEqual([true, true, false]);
  expect(equal('1000000000000001', '1000000000000000')).toBe(false);
});

test('tolerances are exact: 12.5 is within 0.5 of 12, despite binary fractions', async () => {
  const score = (name: string, prediction: string, gold: string): Promise<number> => scoreOne(metricNamed(name), prediction, gold);
  expect([await score('numeric(0.1)', '0.3', '0.2'), await score('numeric(0.1)', '0.31', '0.2')]).toEqual([1, 0]);
  expect([
    await score('numeric(1%)', '-101', '-100'),
    await score('numeric(1%)', '-102', '-100'),
    await score('numeric(10%)', '0', '0'),
  ]).toEqual([1, 0, 1]);
});

test('the column decides how ambiguous forms are read; the default is English', () => {
  expect(decimalMarkOf(['1,5', '2,25', '1.500', '7'])).toBe(',');
  expect(decimalMarkOf(['1 234,5', '1.000.000'])).toBe(',');
  expect(decimalMarkOf(['1.5', '1,500'])).toBe('.');
  expect(decimalMarkOf(['1.500', '2.300', '900'])).toBe('.');
  expect(decimalMarkOf([])).toBe('.');
  expect([equal('1500', '1,500'), equal('1.5', '1.500'), inGerman('1500', '1.500'), inGerman('1,5', '1,500')]).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect([equal('1500', '1.500'), inGerman('1.5', '1.500'), inGerman('1500', '1,500'), equal('1.5', '1,500')]).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

test('a task takes the decimal mark from its column', async () => {
  const file = parsePromptFile(
    'a.prompt.md',
    '---\ntandem:\n  data: a.jsonl\n  output: y\n  metric: [numeric, numeric(1%)]\n---\nText: ${input:x}\n',
  );
  const rows = ['2,5', '1.500', '0,25'].map((y, place) => makeRow({ x: String(place), y }, place + 1));
  const german = taskFor(file, rows);
  expect([await scoreOne(german.metric, '1500', '1.500'), await scoreOne(german.reported![0], '1500', '1.500')]).toEqual([1, 1]);
  expect(await scoreOne(taskFor(file, []).metric, '1500', '1.500')).toBe(0);
});

test('long digits take no time', () => {
  const digits = '9'.repeat(200_000);
  const begun = performance.now();
  for (const text of [digits, '9/'.repeat(20_000), '9:'.repeat(20_000), '9,'.repeat(20_000), '9 '.repeat(20_000), '9.'.repeat(20_000)])
    equal(text, '5');
  expect(performance.now() - begun).toBeLessThan(3000);
});

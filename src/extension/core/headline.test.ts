/** @file A prompt's number in one line. */
import { expect, test } from 'vitest';
import { ago, headline, headlineDetail } from './headline.ts';
import { measured, now } from './measured.fixture.ts';

test('the headline has the number with its interval, the rows, the model and the age', () => {
  expect(headline(measured, now)).toBe('72.0% [66, 78] · 120 rows · nano · 3 min ago');
});

test('an adapter and the test split are named', () => {
  expect(headline({ ...measured, adapter: '3f2a', split: 'test' }, now)).toBe(
    '72.0% [66, 78] · 120 test rows · nano + adapter · 3 min ago',
  );
});

test('answers that were cut off are counted, and the detail says what to do', () => {
  const cut = { ...measured, cuts: [{ by: 'length', answers: 12, of: 120, tokens: 64, outOfReach: 7 }] } as const;
  expect(headline(cut, now)).toBe('72.0% [66, 78] · 120 rows · 12 of 120 answers cut · nano · 3 min ago');
  expect(headlineDetail(cut).split('\n').at(-1)).toBe(
    '12 of 120 answers were cut at 64 tokens, and 7 right answers are longer; raise tandem.decoding.maxTokens.',
  );
});

test('the detail has the whole interval and what it was measured with', () => {
  const [numbers, about] = headlineDetail({ ...measured, adapter: '3f2a' }).split('\n');
  expect(numbers).toBe('accuracy 72.0% [66.5, 77.1], log-likelihood -1.200 [-1.300, -1.100] nats per row; 95% intervals');
  expect(about).toMatch(/^Measured on 120 validation rows with nano and adapter 3f2a, 2026-11-24 \d\d:15$/);
});

test.each([
  [0, 'just now'],
  [-5, 'just now'],
  [59, '59 min ago'],
  [60, '1 h ago'],
  [60 * 24, '1 day ago'],
  [60 * 24 * 40, '40 days ago'],
])('%i minutes are %s', (minutes, text) => {
  expect(ago(new Date(now - minutes * 60_000).toISOString(), now)).toBe(text);
});

/** @file The dialog before rows are sent shows what is sent, and no more than a dialog can hold. */
import { expect, test } from 'vitest';
import { consentDetail } from './writerQuestion.ts';

test('it says what is in a request, and shows one', () => {
  const detail = consentDetail({ text: 'You improve the instruction …\n\nRow 1\nmessage: Where is my card?', rows: 10 });
  expect(detail).toMatch(/up to 10 training rows at a time with their right answers.*Validation and test rows are never sent/);
  expect(detail).toContain('Row 1\nmessage: Where is my card?');
});

test('a long request is cut', () => {
  const detail = consentDetail({ text: 'x'.repeat(5000), rows: 10 });
  expect(detail).toMatch(/x{1500}…$/);
  expect(detail.length).toBeLessThan(2000);
});

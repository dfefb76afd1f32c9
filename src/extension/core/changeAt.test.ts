/** @file Which change the keyboard decides on, and where Next Change and Previous Change lead. */
import { expect, test } from 'vitest';
import { changeAt, openChange, type ChangeSpan } from './changeAt.ts';

const span = (id: string, first: number, last = first, standing: ChangeSpan['standing'] = 'open'): ChangeSpan => ({
  id,
  standing,
  first,
  last,
});
const changes = [span('1', 4, 6), span('2', 10, 10, 'accepted'), span('3', 20), span('adapter', 2)];
const next = (line: number, latest?: string): string | undefined => openChange(changes, line, 'next', latest)?.id;
const previous = (line: number): string | undefined => openChange(changes, line, 'previous')?.id;

test('the change at the cursor is the one on its line', () => {
  expect(changeAt(changes, 5)?.id).toBe('1');
  expect(changeAt(changes, 10)?.id).toBe('2');
  expect(changeAt(changes, 7)).toBeUndefined();
});

test('next and previous skip what is decided, go by lines, and begin again at the other end', () => {
  expect([0, 2, 5, 7, 10, 20, 30].map((line) => next(line))).toEqual(['adapter', '1', '3', '3', '3', 'adapter', 'adapter']);
  expect([0, 2, 5, 7, 10, 20, 30].map(previous)).toEqual(['3', '3', 'adapter', '1', '1', '1', '3']);
});

test('of two changes on one line, an undecided one comes first, and the next one follows it', () => {
  const both = [span('1', 4), span('2', 4), span('3', 9)];
  expect(changeAt([span('1', 4, 4, 'rejected'), span('2', 4)], 4)?.id).toBe('2');
  expect(openChange(both, 4, 'next')?.id).toBe('2');
  expect(changeAt(both, 4, '2')?.id).toBe('2');
  expect(openChange(both, 4, 'next', '2')?.id).toBe('3');
});

test('where one change is left it stays the next one, and where none is left there is none', () => {
  expect(openChange([span('1', 4)], 4, 'next')?.id).toBe('1');
  expect(openChange([span('1', 4, 4, 'accepted')], 4, 'next')).toBeUndefined();
  expect(openChange([], 0, 'previous')).toBeUndefined();
});

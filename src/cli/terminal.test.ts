/** @file Whatever is printed, a terminal gets only text, line ends and Tandem's own colours, and JSON stays exact. */
/* eslint-disable no-control-regex -- these tests check what a terminal gets */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { colouredDiff, coloursFor } from './colours.ts';
import { outputOf, type Output } from './terminal.ts';

const said = (say: (output: Output) => void, columns = 80): string => {
  let written = '';
  say(outputOf({ isTTY: true, columns, write: (text) => (written += text) }));
  return written;
};
const colours = coloursFor({ isTTY: true }, {});
/** Control characters other than line ends, tabs and the colours of `coloursFor`. */
const actingIn = (written: string): string[] =>
  written
    .replaceAll(/\u001b\[(?:1|2|22|31|32|36|39)m/g, '')
    .match(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g) ?? [];

const pieces = [
  '\u001b',
  '[',
  '31m',
  ']0;',
  '\u0007',
  ']8;;https://a',
  '\\',
  '\u009b',
  '\r',
  '\n',
  '\u202e',
  '\u2066',
  '\u0008',
  'x',
  '<',
  ':31>',
];
const hostile = fc.oneof(
  fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((some) => some.join('')),
  fc.string({ unit: 'binary' }),
);

test('escape sequences in data are shown as text, and our own colours stay', () => {
  const column = '\u001b[31mcol\u001b]0;PWNED\u0007';
  expect(said(({ say }) => say(`${colours.red('no column')}: ${column}\n`))).toBe(
    '\u001b[31mno column\u001b[39m: \\u001b[31mcol\\u001b]0;PWNED\\u0007\n',
  );
  expect(said(({ say }) => say(colours.red(column)))).toBe('\u001b[31m\\u001b[31mcol\\u001b]0;PWNED\\u0007\u001b[39m');
});

test('no text in any colour can control the terminal', () => {
  fc.assert(
    fc.property(hostile, hostile, fc.constantFrom(...Object.values(colours)), (a, b, paint) => {
      const written = said(({ say }) => say(`${paint(a)}${b}${colours.bold(paint(b))}\n${colouredDiff(`-${a}\n+${b}`, colours)}`));
      expect(actingIn(written)).toEqual([]);
      // All escapes are ours: there are no more than were asked for.
      expect(written.split('\u001b').length - 1).toBeLessThanOrEqual(6 + 2 * colouredDiff(`-${a}\n+${b}`, colours).split('\n').length);
      expect(said(({ say }) => say(a))).not.toContain('\u001b');
    }),
    { numRuns: 1000 },
  );
});

test('the status is one line that never wraps', () => {
  fc.assert(
    fc.property(hostile, fc.integer({ min: 2, max: 90 }), (text, columns) => {
      const written = said(({ status }) => status(`x${text}`), columns);
      expect(written).toMatch(/^\r.*\u001b\[K$/s);
      const line = written.slice(1, -3);
      expect(line).not.toContain('\n');
      expect(actingIn(line)).toEqual([]);
      expect(line.length).toBeLessThan(columns);
    }),
  );
});

test('JSON keeps its value and cannot control the terminal', () => {
  fc.assert(
    fc.property(fc.dictionary(hostile, hostile), (value) => {
      const [indented, line] = [said(({ json }) => json(value)), said(({ json }) => json(value, 0))];
      expect(actingIn(indented)).toEqual([]);
      expect([JSON.parse(indented), JSON.parse(line)]).toEqual([value, value]);
      expect(line.indexOf('\n')).toBe(line.length - 1);
    }),
  );
});

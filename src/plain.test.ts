/** @file Characters in foreign text that would act on a display are shown as escapes. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { visible, visibleLine } from './plain.ts';

test.each([
  ['a colour and a title', '\u001b[31mred\u001b]0;title\u0007', '\\u001b[31mred\\u001b]0;title\\u0007'],
  ['a link of a terminal', '\u001b]8;;https://a\u001b\\b', '\\u001b]8;;https://a\\u001b\\b'],
  ['the same with one-character introducers', '\u009b31m\u009d0;title\u009c', '\\u009b31m\\u009d0;title\\u009c'],
  ['a carriage return, a backspace, a bell and a deletion', 'a\rb\bc\u0007d\u007f', 'a\\u000db\\u0008c\\u0007d\\u007f'],
  ['characters that change the direction', 'a\u202eb\u2066c\u2069', 'a\\u202eb\\u2066c\\u2069'],
  ['line separators, a byte order mark, and half a surrogate pair', '\u2028\u2029\ufeff\ud83d', '\\u2028\\u2029\\ufeff\\ud83d'],
  ['invisible tags', '\u{e0041}', '\\udb40\\udc41'],
])('%s', (_, text, shown) => {
  expect(visible(text)).toBe(shown);
});

test('line ends, tabs and letters of all scripts stay', () => {
  const text = 'a\tb\nçà 日本語 العربية עברית 👩‍🚀 ni\u200cma “x” € ² \u00a0';
  expect(visible(text)).toBe(text);
  expect(visible('a\r\nb')).toBe('a\nb');
  expect(visibleLine('a \r\n\n  b\nc')).toBe('a b c');
});

test('no acting character is left, a second call changes nothing, and JSON keeps its value', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const shown = visible(text);
      // eslint-disable-next-line no-control-regex -- this checks for control characters
      expect(shown).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      expect(() => encodeURIComponent(shown)).not.toThrow();
      expect(visible(shown)).toBe(shown);
      expect(JSON.parse(visible(JSON.stringify({ [text]: text }, null, 2)))).toEqual({ [text]: text });
    }),
  );
});

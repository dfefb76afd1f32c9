/** @file A text of others is no link and no icon, and can still be read. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { label, unmarked } from './unmarked.ts';

// Both as VS Code has them: `parseLinkedText` in base/common/linkedText.ts, `labelWithIconsRegex` in base/browser/ui/iconLabel/iconLabels.ts.
const link = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;
const icon = /(\\)?\$\(([A-Za-z0-9]+(?:-[A-Za-z0-9]+)*(?:~[A-Za-z]+)?)\)/;

test('a link and an icon are taken apart by a space', () => {
  expect(unmarked('The data has no column [Install it](command:x.y?%5B%5D).')).toBe(
    'The data has no column [Install it] (command:x.y?%5B%5D).',
  );
  expect(unmarked('$(trash) $(sync~spin) $(a b) $5 (x)')).toBe('$ (trash) $ (sync~spin) $(a b) $5 (x)');
  expect(unmarked('a [b] c (d)\u001b[1m')).toBe('a [b] c (d)\\u001b[1m');
});

test('a label has its own icons only', () => {
  expect(label`$(beaker) ${'$(trash) a'}`).toBe('$(beaker) $ (trash) a');
});

test('whatever is put together', () => {
  const pieces = [
    ...['[a](command:x)', '[a](https://a)', '[a](file:a "b")', '$(trash)', '$(sync~spin)', 'command:x', 'https://a', 'trash', 'spin'],
    ...['[', ']', '(', ')', '](', '$', '$(', '~', ' ', '"', '\\', 'a', '\u202e', '\n'],
  ];
  const text = fc.oneof(
    fc.array(fc.constantFrom(...pieces), { maxLength: 16 }).map((some) => some.join('')),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(text, text, (a, b) => {
      for (const shown of [unmarked(a), unmarked(`Evaluating ${a}: ${b}`), label`x ${a} ${b}`]) {
        expect(shown).not.toMatch(link);
        expect(shown).not.toMatch(icon);
      }
      expect(unmarked(unmarked(a))).toBe(unmarked(a));
    }),
    { numRuns: 1000 },
  );
});

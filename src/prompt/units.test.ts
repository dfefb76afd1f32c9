/** @file Parts of an instruction: each can be left out, except for text that reads a column. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Prompt } from './prompt.ts';
import { columnsOf } from './template.ts';
import { unitsOf, withoutUnits, type Unit } from './units.ts';

const promptOf = (body: string, syntax?: 'jinja'): Prompt => ({ body, demonstrations: [], ...(syntax && { syntax }) });
const row = '{{demos}}\nMessage: ${input:message}\nIntent:\n';
const prompt = promptOf(
  `You sort mail. Be brief.\n\nRules:\n- One intent, e.g. a refund.\n- No quotes.\n\nMessage: hello\nIntent: greeting\n\n${row}`,
);

const leaves = (units: readonly Unit[]): Unit[] => units.flatMap((unit) => (unit.parts.length === 0 ? [unit] : leaves(unit.parts)));
const textOf = ({ body }: Prompt, { start, end }: Unit): string => body.slice(start, end);

describe('unitsOf', () => {
  test('an instruction has blocks, those have lines, and lines have sentences', () => {
    const blocks = unitsOf(prompt);
    expect(blocks.map((part) => [part.kind, textOf(prompt, part)])).toEqual([
      ['block', 'You sort mail. Be brief.\n\n'],
      ['block', 'Rules:\n- One intent, e.g. a refund.\n- No quotes.\n\n'],
      ['block', 'Message: hello\nIntent: greeting\n\n'],
    ]);
    expect(blocks[0].parts.map((part) => textOf(prompt, part))).toEqual(['You sort mail. ', 'Be brief.']);
    expect(blocks[1].parts.map((part) => textOf(prompt, part))).toEqual(['Rules:\n', '- One intent, e.g. a refund.\n', '- No quotes.\n']);
  });

  test('a line that reads a column stays, and the text around it can be removed', () => {
    const mixed = promptOf('Be brief.\nThe customer is ${input:name}.\nBe kind.\n\n' + row);
    expect(leaves(unitsOf(mixed)).map((part) => textOf(mixed, part))).toEqual(['Be brief.\n', 'Be kind.\n']);
  });

  test('roles and tags of Jinja stay', () => {
    const jinja = promptOf('system:\nBe brief.\n\nNever lie.\n\nuser:\nMessage: {{message}}\nIntent:\n', 'jinja');
    expect(leaves(unitsOf(jinja)).map((part) => textOf(jinja, part).trim())).toEqual(['Be brief.', 'Never lie.']);
  });

  test('a prompt without an instruction has none', () => {
    expect(unitsOf(promptOf(row))).toEqual([]);
  });
});

describe('withoutUnits', () => {
  test('without all of them only the row block is left', () => {
    expect(withoutUnits(prompt, unitsOf(prompt)).body).toBe(row);
  });

  const line = fc.constantFrom(
    'Be brief.',
    'One. Two! Three',
    '',
    '- a rule, e.g. this',
    'It costs 3.5 euros.',
    '  ',
    'Name: ${input:name}',
    'ß🙂.',
  );
  const body = fc
    .tuple(fc.array(line, { maxLength: 10 }), fc.constantFrom('\n', '\r\n'))
    .map(([lines, end]) => [...lines, 'Text: ${input:text}', 'Kind:', ''].join(end));

  test('whatever is removed, columns stay, and the rest is a part of the body in its order', () => {
    fc.assert(
      fc.property(body, fc.integer({ min: 0 }), (text, mask) => {
        const each = promptOf(text);
        const all = leaves(unitsOf(each));
        const next = withoutUnits(
          each,
          all.filter((_, i) => (mask >> i) & 1),
        );
        expect(columnsOf(next)).toEqual(columnsOf(each));
        let at = 0;
        for (const character of next.body) at = text.indexOf(character, at) + 1 || Infinity;
        expect(at).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 300 },
    );
  });

  test('units do not overlap and are in order', () => {
    fc.assert(
      fc.property(body, (text) => {
        const all = leaves(unitsOf(promptOf(text)));
        all.slice(1).forEach((unit, i) => expect(unit.start).toBeGreaterThanOrEqual(all[i].end));
        for (const unit of all) expect(text.slice(unit.start, unit.end).trim()).not.toBe('');
      }),
      { numRuns: 300 },
    );
  });
});

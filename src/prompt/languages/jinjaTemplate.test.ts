/** @file Tags of a Jinja body: what they read, where, what is wrong with them, and what running them produces. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assigned, assignmentsOf, freeNames, jinjaProblems, runJinja } from './jinjaTemplate.ts';
import { tagsOf } from './jinjaTags.ts';

const names = (body: string): string[] => freeNames(body).map(({ name }) => name);

describe('names', () => {
  test.each([
    ['{{ a }} {{ b | upper }}', ['a', 'b']],
    ['{{ a.name }} {{ a["key"] }} {{ "b" }}', ['a', 'a']],
    ['{% for item in items %}{{ item }} {{ loop.index }}{% endfor %}', ['items']],
    ['{% set x = a ~ b %}{{ x }}', ['a', 'b']],
    ['{% if a is defined and not b %}{{ range(3) }}{% elif c == "d" %}{% endif %}', ['a', 'b', 'c']],
    ['{{ f(x, key=y) }} {{ {"k": v} }} {{ z if w else none }}', ['f', 'x', 'y', 'v', 'w', 'z']],
    ['{# {{ hidden }} #}{% raw %}{{ text }}{% endraw %}{{ seen }}', ['seen']],
    ['{{ "}} {{ no" }}{{ yes }}', ['yes']],
    ['no { braces } here', []],
  ])('%s', (body, expected) => expect(names(body)).toEqual(expected));

  test('are located where they are written, without strings and members', () => {
    const body = 'Hi {{ "name" ~ user.name ~ name }}';
    for (const { name, nameStart, start, end } of freeNames(body)) {
      expect(body.slice(nameStart, nameStart + name.length)).toBe(name);
      expect(nameStart).toBe(name === 'user' ? body.indexOf('user') : body.lastIndexOf('name'));
      expect(body.slice(start, end)).toBe(body.slice(3));
    }
  });
});

describe('problems', () => {
  const at = (body: string): string[] => jinjaProblems(body).map(({ start, end, message }) => `${body.slice(start, end)} | ${message}`);

  test.each([
    ['a {{ b\nc', ['{{ b | This "{{" is never closed.']],
    ['{% if a %}x', ['{% if a %} | This "if" is never closed.']],
    ['x{% endfor %}', ['{% endfor %} | "endfor" has no block to close.']],
    ['{% if a %}{% endfor %}{% endif %}', ['{% endfor %} | "endfor" does not close the open "if".']],
    ['{% else %}', ['{% else %} | "else" is outside an if or for.']],
    ['{% include "x" %}', ['{% include "x" %} | Tandem does not support the statement "include".']],
    ['{{ a b }}', ['{{ a b }} | This is not valid Jinja: Expected closing expression token. Identifier !== CloseExpression.']],
    [
      '{% set a %}x{% endset %}',
      ['{% set a %} | Tandem does not support `set` blocks.', '{% endset %} | Tandem does not support the statement "endset".'],
    ],
  ])('%j', (body, expected) => expect(at(body)).toEqual(expected));

  test('each has a hint if the remedy is known', () => {
    const hints = (body: string) => jinjaProblems(body).map(({ hint }) => hint);
    expect(hints('{% if a %}{% endfor %}{% endif %}')).toEqual(['Close that first, with {% endif %}.']);
    expect(hints('x{% endfor %}')).toEqual(['Remove it, or open the block before it.']);
    expect(hints('{% else %}')).toEqual(['Move it into an if or for block.']);
  });

  test('there are none in a correct template', () => {
    for (const body of [
      '',
      'plain',
      '{% for a in b %}{% if a %}{{ a }}{% else %}-{% endif %}{% endfor %}',
      '{%- set x = 1 -%}{{- x -}}',
      '{# c #}',
    ])
      expect(jinjaProblems(body)).toEqual([]);
  });
});

describe('running', () => {
  test('white space is unchanged', () => {
    expect(runJinja('a\n{% if x %}\nb\n{% endif %}\n{{ y | upper }}\n\n', { x: '1', y: 'q' })).toBe('a\n\nb\n\nQ\n\n');
  });

  test('assignments are included with a part', () => {
    const body = '{% set x = a %}\nText {{ x }}';
    expect(runJinja(assigned(assignmentsOf(body)) + 'Part {{ x }}', { a: '5' })).toBe('Part 5');
  });

  test('the content of raw is text, and dashes remove white space', () => {
    expect(runJinja('{{ a }}{% raw %}{{ a }} {% if %} {# c #}{% endraw %}{{ a }}', { a: '1' })).toBe('1{{ a }} {% if %} {# c #}1');
    expect(runJinja('x {%- raw -%} {{ "q" }} {%- endraw -%} y', {})).toBe('x{{ "q" }}y');
    expect(runJinja('{% for i in [1, 2] %}{% raw %}{{i}}{% endraw %}{{ i }}{% endfor %}', {})).toBe('{{i}}1{{i}}2');
    expect(jinjaProblems('Write {% raw %}{{ name }}{% endraw %} for {{ x }}.')).toEqual([]);
  });

  test('an unknown filter is an error with a reason', () => {
    expect(() => runJinja('{{ a | nofilter }}', { a: 'x' })).toThrow(expect.objectContaining({ reason: 'bad-template' }));
  });
});

const piece = fc.oneof(
  fc.constantFrom(
    '{{',
    '}}',
    '{%',
    '%}',
    '{#',
    '#}',
    ' a ',
    ' if ',
    ' endif ',
    ' for x in y ',
    ' endfor ',
    ' raw ',
    ' endraw ',
    '"',
    "'",
    '\n',
    '-',
    '|',
    '.',
    '(',
    ')',
    '[',
    '\\',
    ' set z = 1 ',
  ),
  fc.string({ maxLength: 4 }),
);

test('in any text, tags are ordered ranges of it, as are problems, and a text without problems runs', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 24 }), (pieces) => {
      const body = pieces.join('');
      let from = 0;
      for (const { start, end } of tagsOf(body)) {
        expect(start).toBeGreaterThanOrEqual(from);
        expect(end).toBeGreaterThan(start);
        from = end;
      }
      expect(from).toBeLessThanOrEqual(body.length);
      for (const { start, end } of jinjaProblems(body)) expect(body.slice(start, end).length).toBe(end - start);
      for (const { name, nameStart } of freeNames(body)) expect(nameStart + name.length).toBeLessThanOrEqual(body.length);
    }),
    { numRuns: 2000 },
  );
});

test('values are inserted literally, whatever they contain', () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom('{{ a }}', '{% if %}', '{#', '\n', 'system:\n'), (text, nasty) => {
      expect(runJinja('<{{ a }}>', { a: text + nasty })).toBe(`<${text + nasty}>`);
    }),
  );
});

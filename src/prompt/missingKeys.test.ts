/** @file A key that no row has brings a warning at its tag, and nothing else does. */
import { expect, test } from 'vitest';
import { checkKeys } from './missingKeys.ts';
import { parsePromptFile } from './readPrompt.ts';
import type { Values } from './values.ts';

const rows: readonly Values[] = [
  { customer: { firstName: 'Ann', age: 3 }, docs: [{ name: 'a' }], tags: ['x'], text: '{"a": 1}', none: null },
  { customer: { firstName: 'Bo', email: 'b@c.de' }, docs: [], tags: [], text: 'b', none: null },
];
const front = '---\ntandem: {data: a.jsonl, output: y}\n---\n';
const found = (body: string) =>
  checkKeys(parsePromptFile('a.prompty', front + body), rows).map(({ message, hint, range, fix, severity }) => ({
    severity,
    message,
    hint,
    line: range.line,
    at: (front + body).slice(range.start, range.end),
    instead: fix?.instead,
  }));

test('a missing key of an object is reported with the nearest known key', () => {
  expect(found('x\n{{ customer.firstname | upper }}')).toEqual([
    {
      severity: 'warning',
      message: 'No row has "firstname" in "customer", so nothing appears here.',
      hint: 'Did you mean "firstName"?',
      line: 5,
      at: '{{ customer.firstname | upper }}',
      instead: ['firstName', 'age', 'email'],
    },
  ]);
});

test.each([
  ['{% for doc in docs %}{{ doc.title }}{% endfor %}', '"title" in "docs"'],
  ['{{ docs[0].title }}', '"title" in "docs"'],
  ['{% set c = customer %}{{ c["mail"] }}', '"mail" in "customer"'],
  ['{% if customer.vip %}a{% endif %}', '"vip" in "customer"'],
  ['{{ text.a }}', '"text" is a string and has no "a"'],
])('%s', (body, message) => {
  expect(found(body).map((problem) => problem.message)).toEqual([expect.stringContaining(message)]);
});

test.each([
  '{{ customer.firstName }} {{ customer.email }} {{ customer["age"] }}',
  '{% for doc in docs %}{{ doc.name }} {{ loop.index }}{% endfor %}',
  '{% if customer.vip is defined and customer.vip %}a{% endif %}{{ customer.nick | default("x") }}',
  '{{ customer.items() }} {{ text.upper() }} {{ tags.length }} {{ customer.get("vip") }}',
  '{{ none.key }} {{ other.key }} {{ docs.first }}',
  '{% for key, value in customer.items() %}{{ value.a }}{% endfor %}',
])('there is no warning in %s', (body) => {
  expect(found(body)).toEqual([]);
});

test('the other dialect has no keys', () => {
  expect(checkKeys(parsePromptFile('a.prompt.md', `${front}{{ customer.x }} \${input:customer}`), rows)).toEqual([]);
});

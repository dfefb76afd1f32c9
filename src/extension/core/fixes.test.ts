/** @file Quick fixes of what is wrong in a prompt file. */
import { expect, test } from 'vitest';
import { TandemError } from '../../errors.ts';
import { parsePromptFile } from '../../prompt/readPrompt.ts';
import type { DataFinding } from './dataSample.ts';
import { quickFixes } from './fixes.ts';
import { problemsOf } from './problems.ts';

const columns = ['text', 'title', 'kind: exact'];
const files = ['data/rows.jsonl', 'rows.jsonl', 'old/messages.csv', 'my rows: all.jsonl'];

/** The text after the first fix of each problem, and the titles of all of them. */
function mended(settings: string, body: string, finding: DataFinding = { columns, rows: [] }): { texts: string[]; titles: string[] } {
  const text = `---\ntandem: {${settings}}\n---\n${body}\n`;
  const file = parsePromptFile('/w/a.prompt.md', text);
  const fixes = problemsOf(
    file,
    new Map([
      ['/w/rows.jsonl', finding],
      ['/w/rowz.jsonl', finding],
    ]),
  ).flatMap(({ fix }) =>
    // prettier-ignore
    fix ? [quickFixes(fix, text.slice(fix.range.start, fix.range.end), files)] : [],
  );
  const apply = ([{ range, text: by }]: ReturnType<typeof quickFixes>): string => text.slice(0, range.start) + by + text.slice(range.end);
  return { texts: fixes.filter(({ length }) => length > 0).map(apply), titles: fixes.flat().map(({ title }) => title) };
}

test('a column that the data lacks becomes the nearest, which may need quotes in the front matter and none in the body', () => {
  const { texts, titles } = mended("data: rows.jsonl, output: 'kind: exat'", '${input:txet:a hint} ${input:title}');
  expect(texts[0]).toContain('output: "kind: exact"}');
  expect(texts[1]).toContain('${input:text:a hint} ${input:title}');
  expect(titles).toContain('Change to text');
});

test('an unknown setting, metric or word becomes the nearest that there is', () => {
  const { texts } = mended("dta: x, data: rows.jsonl, output: 'kind: exact', metric: exact-mach, template: chta", '${input:text}');
  expect(texts[0]).toContain('{data: x,');
  expect(texts[1]).toContain('metric: exact-match,');
  expect(texts[2]).toContain('template: chat}');
});

test('a metric that needs labels becomes one that does not', () => {
  const { titles } = mended("data: rows.jsonl, output: 'kind: exact', metric: accuracy", '${input:text}');
  expect(titles).toContain('Change to exact-match');
  expect(titles).not.toContain('Change to accuracy');
});

test('a data file that is missing becomes one that is there: the name counts, then how close it is', () => {
  const missing = new TandemError('missing-data', 'The data file cannot be read.');
  const { texts, titles } = mended('data: rowz.jsonl, output: kind, labels: [a, b]', '${input:text}', missing);
  expect(texts[0]).toContain('data: data/rows.jsonl,');
  expect(titles).toEqual(['Change to data/rows.jsonl', 'Change to rows.jsonl', 'Change to "my rows: all.jsonl"']);
});

test.each([
  ['${input:text}\n{{demo}}\nText: ${input:title}', '${input:text}\n{{demos}}\nText: ${input:title}', 'Change to {{demos}}'],
  ['{{ Demos }}\nText: ${input:title}', '{{demos}}\nText: ${input:title}', 'Change to {{demos}}'],
  ['{{demos}}\n{{demos}}\nText: ${input:title}', '{{demos}}\nText: ${input:title}', 'Remove {{demos}}'],
  ['Such as {{demos}} these.\nText: ${input:title}', 'Such as\n{{demos}}\nthese.\nText: ${input:title}', 'Put it on a line of its own'],
  ['Such as: {{demos}}\nText: ${input:title}', 'Such as:\n{{demos}}\nText: ${input:title}', 'Put it on a line of its own'],
  ['${input:title} ${input:kind}', '${input:title} ', 'Remove ${input:kind}'],
])('a fix does what it says: %j', (body, fixed, title) => {
  const { texts, titles } = mended('data: rows.jsonl, output: kind', body, { columns: ['title', 'text', 'kind'], rows: [] });
  expect(texts[0].split('---\n')[2]).toBe(`${fixed}\n`);
  expect(titles).toContain(title);
});

test('in Jinja, where {{demo}} could be a column, it is one only if the data has it', () => {
  const fixes = (columns: string[]): (readonly string[])[] => {
    const text = '---\ntandem: {data: rows.jsonl, output: kind}\n---\nuser:\n{{ demo }}\n{{ title }}\n';
    const found = problemsOf(parsePromptFile('/w/a.prompty', text), new Map([['/w/rows.jsonl', { columns, rows: [] }]]));
    return found.flatMap(({ fix }) => (fix && fix.instead !== 'data-file' ? [fix.instead] : []));
  };
  expect(fixes(['title', 'kind'])).toEqual([['demos', 'title']]);
  expect(fixes(['title', 'demo', 'kind'])).toEqual([]);
});

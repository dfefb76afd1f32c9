/** @file Whatever text is written into a report, a hover or a comment, the parsers of VS Code render exactly that text. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { visible, visibleLine } from '../../plain.ts';
import { code, fenced, joined, markup, table, type Markdown } from './markdown.ts';
import { hostile, parsers, readOf, tagsOf } from './rendered.fixture.ts';

const read = (text: string): string => visibleLine(text).trim();
const collapsed = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

describe.each(parsers)('%s', (_, render) => {
  const expectText = (markdown: Markdown, tags: readonly string[], text: string): void => {
    const html = render(markdown.markdown);
    expect(tagsOf(html), markdown.markdown).toEqual(tags);
    expect(collapsed(readOf(html)), markdown.markdown).toBe(collapsed(text));
  };

  test('text is rendered exactly, alone in a paragraph', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const shown = read(text);
        expectText(markup`${text}`, shown === '' ? [] : ['<p>', '</p>'], shown);
      }),
      { numRuns: 1000 },
    );
  });

  test('text is rendered exactly, between other texts and markup', () => {
    fc.assert(
      fc.property(hostile, hostile, (a, b) =>
        expectText(
          markup`[66.5, 77.1]${a}${b}[1, 2] **x** (${a}) \`c\` ${b}.`,
          ['<p>', '<strong>', '</strong>', '<code>', '</code>', '</p>'],
          `[66.5, 77.1]${read(a)}${read(b)}[1, 2] x (${read(a)}) c ${read(b)}.`,
        ),
      ),
      { numRuns: 1000 },
    );
  });

  test('in a heading, a quotation and a list', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expectText(markup`# a ${text}: b`, ['<h1>', '</h1>'], `a ${read(text)}: b`);
        expectText(
          markup`> **Notice:** ${text}`,
          ['<blockquote>', '<p>', '<strong>', '</strong>', '</p>', '</blockquote>'],
          `Notice: ${read(text)}`,
        );
        expectText(markup`- a: ${text}`, ['<ul>', '<li>', '</li>', '</ul>'], `a: ${read(text)}`);
      }),
      { numRuns: 1000 },
    );
  });

  test('in a code span and a code block, line by line', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const line = visible(text.replaceAll(/\s+/g, ' ').trim());
        expectText(
          markup`a ${code(text, 1000)} b`,
          ['<p>', ...(line === '' ? ['<em>', '</em>'] : ['<code>', '</code>']), '</p>'],
          `a ${line || '(empty)'} b`,
        );
        expectText(
          joined(['a', fenced(text, 'diff'), 'b'], '\n\n'),
          ['<p>', '</p>', '<pre>', '<code class="language-diff">', '</code>', '</pre>', '<p>', '</p>'],
          `a\n${visible(text)}\nb`,
        );
      }),
      { numRuns: 1000 },
    );
  });

  test('in the cells of a table, which keeps its number of cells', () => {
    fc.assert(
      fc.property(hostile, hostile, (a, b) => {
        const html = render(
          table(
            ['', 'x'],
            [
              [a, b],
              [code(a, 1000), code(b, 1000)],
              [b, ''],
            ],
          ).markdown,
        );
        const cells = [...html.matchAll(/<t[dh]>(.*?)<\/t[dh]>/gs)].map(([, cell]) => collapsed(readOf(cell)));
        expect(cells).toHaveLength(8);
        expect([cells[2], cells[3], cells[6]]).toEqual([a, b, b].map((text) => collapsed(read(text))));
        expect(tagsOf(html).filter((tag) => !/^<\/?(t\w+|code|em)\b/.test(tag))).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });
});

test('harmless text is left unchanged', () => {
  const text = 'intent_2.prompt.md: 40.0% → 72.0% [66.5, 77.1], +12.5 points, P(better) >99.9%; a (b) c-d #1 a+b {x}';
  expect(markup`${text}`.markdown).toBe(text);
  expect(markup`${'a [b](command:c) www.d.e'}`.markdown).toBe('a \\[b\\](command:c) www\\.d.e');
});

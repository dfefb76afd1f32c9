/** @file Markdown as the parsers of VS Code render it, and texts that look like markup, for the tests of what is shown. */
import fc from 'fast-check';
import { marked } from 'marked';
import { createRequire } from 'node:module';

interface Preview {
  readonly linkify: { set(options: object): void };
  render(markdown: string): string;
}
const MarkdownIt = createRequire(import.meta.url)('markdown-it') as new (options: object) => Preview;
const preview = new MarkdownIt({ html: true, linkify: true });
// As in VS Code's preview, a name such as `readme.md` is not an address.
preview.linkify.set({ fuzzyLink: false });

/** `marked` renders hovers and comments, `markdown-it` the preview of a report. */
export const parsers: readonly [string, (markdown: string) => string][] = [
  ['hovers and comments', (markdown) => marked.parse(markdown, { async: false, gfm: true })],
  ['the preview', (markdown) => preview.render(markdown)],
];

const entities: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" };
/** The tags of the rendered text. */
export const tagsOf = (html: string): string[] => [...html.matchAll(/<\/?([a-z]\w*)[^>]*>/g)].map(([tag]) => tag);
/** The visible text. */
export const readOf = (html: string): string =>
  html
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/&(?:amp|lt|gt|quot|#39);/g, (entity) => entities[entity])
    .trim();

const pieces = [
  ...String.raw`[ ] ( ) ![ ]( ]: [x] [1,2] [^1] < > </p> <img/src=x> <!-- & &lt; &#60; &amp ; " * ** _ __ ~ ~~ \ \\ | || $ $$ # = - + > : ! 0`.split(
    ' ',
  ),
  ...'command:workbench.action.x https://evil.example/a HTTP://evil.example //evil.example www.evil.example ftp://a.example'.split(' '),
  ...'a@b.example mailto:a@b.example $(trash) word snake_case é 😀 x --- === ` ``` \u001b[31m \u202e \ud800'.split(' '),
  ...['# ', '- ', '+ ', '1. ', '2) ', '> ', '[ ] ', ']: /a', '[1, 2]', '\n', '\n\n', '\r', '\t', '    ', '  \n', ' '],
];
export const hostile = fc.oneof(
  fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((some) => some.join('')),
  fc.string({ unit: 'binary' }),
);

/** The same with this in each text that is not one of the program's own words. */
export const withTexts = <T>(state: T, added: string): T => {
  const own =
    /^(ended|failed|weights|prompt|both|old|new|alternating|gated|default|onnxruntime|hunk|adapter|open|val|test|[\d.]+|\d+-\d+-\d+T.*Z)$/;
  const changed = (value: unknown): unknown => {
    if (typeof value === 'string') return own.test(value) ? value : value + added;
    if (Array.isArray(value)) return value.map(changed);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, changed(each)]));
  };
  return changed(state) as T;
};

/** All at once. */
export const hostileText =
  '![x](https://evil.example/b.png) [y](command:workbench.action.x) <img src=//evil.example> https://evil.example a|b `c` **d** $e$ \u001b[31m\u202e ```\n\n# f\n\n- g\n\n[66.5, 77.1]: /h\n\n```\n\n---';

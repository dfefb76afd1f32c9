/** @file The Markdown of reports, hovers and comments. What others wrote comes into it as text only: a string is escaped, markup is of this program's own. */
import { visible, visibleLine } from '../../plain.ts';

/** No string, so that neither can be taken for the other. */
export interface Markdown {
  readonly markdown: string;
}

/** What may stand in a place of `markup`: text, which begins and ends without spaces, or markup that was made here. */
export type Part = string | number | Markdown;

/** Markup as it is written, with text in its places, whatever stands in it. */
export const markup = (strings: TemplateStringsArray, ...parts: readonly Part[]): Markdown => ({
  markdown: String.raw({ raw: strings }, ...parts.map((part) => asMarkdown(part).markdown)),
});

/** Markup out of the source of this program: what a setting is for, what a schema says. */
export const ours = (markdown: string): Markdown => ({ markdown });

export const joined = (parts: readonly Part[], separator: '' | ', ' | '\n' | '\n\n'): Markdown => ({
  markdown: parts.map((part) => asMarkdown(part).markdown).join(separator),
});

/** A code span, whatever stands in it; long ones are cut. */
export function code(text: string, longest = 40): Markdown {
  const line = visible(cut(text.replaceAll(/\s+/g, ' ').trim(), longest));
  if (line === '') return markup`*(empty)*`;
  const fence = '`'.repeat(longestRun(line) + 1);
  const between = /^`|`$/.test(line) ? ' ' : '';
  return { markdown: fence + between + line + between + fence };
}

/** A code block, whatever stands in it. */
export function fenced(text: string, language = ''): Markdown {
  const block = visible(text).trimEnd();
  const fence = '`'.repeat(Math.max(2, longestRun(block)) + 1);
  return { markdown: `${fence}${language}\n${block}\n${fence}` };
}

export function table(header: readonly Part[], rows: readonly (readonly Part[])[]): Markdown {
  const line = (cells: readonly Part[]): string => `| ${cells.map(asCell).join(' | ')} |`;
  return { markdown: [line(header), line(header.map(() => ours('---'))), ...rows.map(line)].join('\n') };
}

/** A cell ends at a pipe, be it in a code span; one after an odd number of backslashes is none to any parser. */
const asCell = (cell: Part): string =>
  asMarkdown(cell).markdown.replaceAll(/(\\*)\|/g, (_, before: string) => `${before}${before.length % 2 === 0 ? '\\' : ''}|`);

const asMarkdown = (part: Part): Markdown => (typeof part === 'object' ? part : { markdown: escaped(String(part)) });

/**
 * Text in one line that CommonMark, with the tables, strikethrough and automatic links of GitHub and the formulas of VS Code's preview,
 * reads as that text, wherever it stands. What can do no harm is left as it is: reports are read unrendered too.
 */
function escaped(text: string): string {
  return visibleLine(text).trim().replace(risky, escape);
}

const risky = new RegExp(
  [
    // An interval, `[66.5, 77.1]`, is no link: nowhere in what is written here can its definition stand.
    String.raw`\[[+-]?[\d.]+, [+-]?[\d.]+\](?![(\[:])`,
    // Escapes, code, emphasis, strikethrough, cells, HTML, formulas, links.
    '[\\\\`*~|<$[\\]]',
    // Emphasis; in the middle of a word it is none.
    String.raw`(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])`,
    // An entity.
    String.raw`&(?=#?\w*(?:;|$))`,
    // What becomes a link by itself: an address, protocol or not, or a mail address.
    String.raw`(?<=/)/|(?<=www)\.|(?<=\S)@(?=\S)`,
    // What would go on with the markup beside it.
    String.raw`^\(|!$`,
    // A heading, quotation, list, line or definition.
    String.raw`^(?:[#>=:]|[-+](?=[\s-]|$))|(?<=^\d{1,9})[.)](?=\s|$)`,
  ].join('|'),
  'giu',
);

const escape = (found: string): string => (found.length > 1 ? found : `\\${found}`);

/** Without breaking a pair of surrogates. */
function cut(text: string, longest: number): string {
  const characters = [...text];
  return characters.length > longest ? `${characters.slice(0, longest - 1).join('')}…` : text;
}

const longestRun = (text: string): number => Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));

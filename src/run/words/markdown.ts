/** @file The Markdown of reports, hovers and comments. Text from elsewhere is always escaped, and only this program's own source is markup. */
import { visible, visibleLine } from '../../plain.ts';

/** Not a string, so that text and markup cannot be confused. */
export interface Markdown {
  readonly markdown: string;
}

/** What may fill a place of `markup`: text, which begins and ends without spaces, or markup that was made here. */
export type Part = string | number | Markdown;

/** Markup as it is written, with escaped text in its places. */
export const markup = (strings: TemplateStringsArray, ...parts: readonly Part[]): Markdown => ({
  markdown: String.raw({ raw: strings }, ...parts.map((part) => asMarkdown(part).markdown)),
});

/** Markup from this program's source, e.g. the purpose of a setting or a description in a schema. */
export const ours = (markdown: string): Markdown => ({ markdown });

export const joined = (parts: readonly Part[], separator: '' | ', ' | '\n' | '\n\n'): Markdown => ({
  markdown: parts.map((part) => asMarkdown(part).markdown).join(separator),
});

/** A code span, whatever it contains. Long ones are cut. */
export function code(text: string, longest = 40): Markdown {
  const line = visible(cut(text.replaceAll(/\s+/g, ' ').trim(), longest));
  if (line === '') return markup`*(empty)*`;
  const fence = '`'.repeat(longestRun(line) + 1);
  const between = /^`|`$/.test(line) ? ' ' : '';
  return { markdown: fence + between + line + between + fence };
}

/** A code block, whatever it contains. */
export function fenced(text: string, language = ''): Markdown {
  const block = visible(text).trimEnd();
  const fence = '`'.repeat(Math.max(2, longestRun(block)) + 1);
  return { markdown: `${fence}${language}\n${block}\n${fence}` };
}

export function table(header: readonly Part[], rows: readonly (readonly Part[])[]): Markdown {
  const line = (cells: readonly Part[]): string => `| ${cells.map(asCell).join(' | ')} |`;
  return { markdown: [line(header), line(header.map(() => ours('---'))), ...rows.map(line)].join('\n') };
}

/** A pipe ends a cell, even in a code span. No parser treats one after an odd number of backslashes as the end. */
const asCell = (cell: Part): string =>
  asMarkdown(cell).markdown.replaceAll(/(\\*)\|/g, (_, before: string) => `${before}${before.length % 2 === 0 ? '\\' : ''}|`);

const asMarkdown = (part: Part): Markdown => (typeof part === 'object' ? part : { markdown: escaped(String(part)) });

/**
 * Text in one line that CommonMark, with the tables, strikethrough and automatic links of GitHub and the formulas of VS Code's preview,
 * renders as that text, in any position. Harmless characters are not escaped, because reports are also read unrendered.
 */
function escaped(text: string): string {
  return visibleLine(text).trim().replace(risky, escape);
}

const risky = new RegExp(
  [
    // An interval, `[66.5, 77.1]`, is not a link: nothing that is written here can contain its definition.
    String.raw`\[[+-]?[\d.]+, [+-]?[\d.]+\](?![(\[:])`,
    // Escapes, code, emphasis, strikethrough, cells, HTML, formulas, links.
    '[\\\\`*~|<$[\\]]',
    // Emphasis. In the middle of a word it has no effect.
    String.raw`(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])`,
    // An entity.
    String.raw`&(?=#?\w*(?:;|$))`,
    // What becomes a link by itself: an address, with or without a protocol, or a mail address.
    String.raw`(?<=/)/|(?<=www)\.|(?<=\S)@(?=\S)`,
    // What would combine with the adjacent markup.
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

/** @file Free text within Markdown. */

/** Text of the data as a code span, whatever stands in it. */
export function code(text: string, longest = 40): string {
  const line = text.replace(/\s+/g, ' ').trim();
  const cut = line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
  const fence = '`'.repeat(Math.max(0, ...(cut.match(/`+/g) ?? []).map((run) => run.length)) + 1);
  return cut === '' ? '*(empty)*' : `${fence}${/^`|`$/.test(cut) ? ` ${cut} ` : cut}${fence}`;
}

/** Text as it is, where Markdown is read. */
export const escaped = (text: string): string => text.replace(/[\\`*_{}[\]()#+!|<>~]/g, '\\$&');

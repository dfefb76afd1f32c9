/** @file A small template language of its own, for tests. */
import { textOf, valueOf } from '../values.ts';
import type { TemplateLanguage, Variable } from './templateLanguage.ts';

/** `<column>`, and nothing else. */
export const angles: TemplateLanguage = {
  syntax: 'angles',
  values: 'literal',
  variables,
  write: (column) => `<${column}>`,
  tags: variables,
  filler: () => (text) => (values) => text.replaceAll(pattern, (_, name: string) => textOf(valueOf(values, name))),
  problems: () => [],
  typing: {
    triggers: ['<'],
    begun(before, after) {
      const begun = /<\w*$/.exec(before);
      const rest = /^\w*/.exec(after)![0].length;
      return begun ? { before: begun[0].length, after: rest, closed: after[rest] === '>' } : undefined;
    },
    complete: (column, closed) => `<${column}${closed ? '' : '>'}`,
  },
};

const pattern = /<(\w+)>/g;

function variables(body: string): Variable[] {
  return [...body.matchAll(pattern)].map(({ 0: tag, 1: name, index: start }) => ({
    name,
    start,
    end: start + tag.length,
    nameStart: start + 1,
  }));
}

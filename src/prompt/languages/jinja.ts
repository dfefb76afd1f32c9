/** @file The template language of `.prompty`: Jinja, with a section for each role. */
import { valueOf } from '../values.ts';
import { runPart } from './jinjaFault.ts';
import { keysRead } from './jinjaKeys.ts';
import { depthOf, tagsOf } from './jinjaTags.ts';
import { assigned, assignmentsOf, freeNames, jinjaProblems } from './jinjaTemplate.ts';
import { foreignRoles, roleLines, sectionsOf } from './roles.ts';
import type { BodyProblem, Filler, Span, TemplateLanguage, Variable } from './templateLanguage.ts';

export const jinja: TemplateLanguage = {
  syntax: 'jinja',
  values: 'computed',
  variables,
  write: (column) => `{{${column}}}`,
  tags: tagsOf,
  filler,
  problems,
  typing: {
    triggers: ['{', ' '],
    // In an expression only its first name: what follows may be a filter.
    begun(before, after) {
      const begun = /\{\{-?[ \t]*(?:[A-Za-z_]\w*)?$/.exec(before);
      return begun ? { before: begun[0].length, after: /^\w*/.exec(after)![0].length, closed: /^[^{]*\}\}/.test(after) } : undefined;
    },
    complete: (column, closed) => `{{ ${column}${closed ? '' : ' }}'}`,
  },
  blockAround,
  roles: { lines: roleLines, sections: sectionsOf },
  keysRead,
};

function variables(body: string): readonly Variable[] {
  return freeNames(body).filter(({ name }) => name !== 'demos');
}

function blockAround(body: string, variable: Span, from: number): number {
  let at = variable.start;
  let depth = 0;
  for (const tag of tagsOf(body)) {
    if (tag.start < from) continue;
    if (tag.start >= variable.start) break;
    if (depth === 0 && depthOf(tag) === 1) at = tag.start;
    depth += depthOf(tag);
    if (depth === 0) at = variable.start;
  }
  return at;
}

/** The body before a part is included only as far as it assigns names. */
function filler(body: string): Filler {
  const all = assignmentsOf(body);
  return (text, from) => {
    const assignments = text === '' ? [] : all.filter(({ end }) => end <= from);
    const part = {
      ...{ text, body, before: assigned(assignments), start: body.indexOf(text, from) },
      beforeStarts: assignments.map(({ start }) => start),
    };
    const columns = new Set(variables(part.before + text).map(({ name }) => name));
    return (values, origin) => {
      for (const column of columns) valueOf(values, column);
      return runPart(part, values, origin);
    };
  };
}

/** The fixed parts of Jinja and of the roles. */
function problems(body: string, demos?: Span): BodyProblem[] {
  const found: BodyProblem[] = jinjaProblems(body).map((problem) => ({ severity: 'error', ...problem }));
  for (const { name, start, end } of roleLines(body)) {
    if (!foreignRoles.has(name)) continue;
    const hint = 'Move its text under system: or user:.';
    found.push({ severity: 'error', start, end, message: `A local model has no "${name}" role.`, hint });
  }
  if (demos && isInBlock(body, demos.start)) {
    const hint = 'Move it out of the block. Demonstrations repeat the text after it.';
    found.push({ severity: 'error', ...demos, message: '{{demos}} is inside a Jinja block.', hint });
  }
  return found;
}

function isInBlock(body: string, at: number): boolean {
  let depth = 0;
  for (const tag of tagsOf(body)) if (tag.start < at) depth += depthOf(tag);
  return depth > 0;
}

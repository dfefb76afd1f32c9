/**
 * @file The language of a skill's description: a fixed frame asks whether an agent should load the skill for a request. The description is in the
 * frame, as it is written. Only the frame reads a column, so `${input:…}` in a description is nothing but text.
 */
import { textOf, valueOf } from '../values.ts';
import type { Section, Span, TemplateLanguage } from './templateLanguage.ts';

/** The column with the user's request, as in the trigger evaluations of Anthropic's skill-creator. */
export const queryColumn = 'query';
/** The most characters of a description, by the specification of Agent Skills. */
export const longestDescription = 1024;

const systemLine = 'system:\n';
const userLine = 'user:\n';
const query = `\${input:${queryColumn}}`;
const opening = `${systemLine}You decide whether an agent should load this skill for a user's request.\n\nSkill: `;
const closing = `${userLine}Request: ${query}\nShould the agent load the skill, yes or no?\nAnswer:`;

/** The body that asks about a skill. */
export const skillBody = (name: string, description: string): string =>
  `${opening}${name.replaceAll(/\s+/g, ' ')}\n${description}\n\n${closing}`;

/** The place of the description in a body, without the white space around it. Undefined if the frame is not whole. */
export function descriptionSpan(body: string): Span | undefined {
  if (!body.startsWith(opening) || !body.endsWith(closing)) return undefined;
  const start = body.indexOf('\n', opening.length) + 1;
  const text = body.slice(start, body.length - closing.length);
  const blanks = text.length - text.trimStart().length;
  return { start: start + blanks, end: start + Math.max(blanks, text.trimEnd().length) };
}

/** Where the frame goes on after the description. */
const closingOf = (body: string): number => body.length - closing.length;

export const skill: TemplateLanguage = {
  syntax: 'skill',
  values: 'literal',
  variables(body) {
    if (!descriptionSpan(body)) return [];
    const start = closingOf(body) + closing.indexOf(query);
    return [{ name: queryColumn, start, end: start + query.length, nameStart: start + query.indexOf(queryColumn) }];
  },
  write: (column) => `\${input:${column}}`,
  tags: (body) => frameOf(body),
  filler: (body) => (text, from) => {
    if (from < closingOf(body) || !descriptionSpan(body)) return () => text;
    const [before, after] = text.split(query);
    return (values) => (after === undefined ? text : before + textOf(valueOf(values, queryColumn)) + after);
  },
  problems: () => [],
  // Nobody writes the frame.
  typing: { triggers: [], begun: () => undefined, complete: (column) => column },
  roles: {
    lines: (body) => (descriptionSpan(body) ? sectionsOf(body).map(({ role, marker }) => ({ name: role, ...marker })) : []),
    sections: sectionsOf,
  },
  framed: { text: descriptionSpan, maxCharacters: longestDescription },
};

function frameOf(body: string): Span[] {
  const description = descriptionSpan(body);
  if (!description) return [];
  return [
    { start: 0, end: description.start },
    { start: closingOf(body), end: body.length },
  ];
}

function sectionsOf(body: string): Section[] {
  if (!descriptionSpan(body)) return [{ role: 'user', marker: { start: 0, end: 0 }, start: 0, end: body.length }];
  const user = closingOf(body);
  return [
    { role: 'system', marker: { start: 0, end: systemLine.length }, start: systemLine.length, end: user },
    { role: 'user', marker: { start: user, end: user + userLine.length }, start: user + userLine.length, end: body.length },
  ];
}

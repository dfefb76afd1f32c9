/** @file The sections of a `.prompty` body: `system:`, `user:` and `assistant:`, each on a separate line. */
import { tagsOf } from './jinjaTags.ts';
import type { Role, RoleLine, Section } from './templateLanguage.ts';

/** The words of a role line, and the turn that each means for a local model. */
const roles: Readonly<Record<string, Role>> = { system: 'system', developer: 'system', user: 'user', assistant: 'assistant' };

/** Roles of the format for which no local model has a turn. */
export const foreignRoles: ReadonlySet<string> = new Set(['function', 'tool']);

export const isRoleName = (name: string): boolean =>
  Object.hasOwn(roles, name.trim().toLowerCase()) || foreignRoles.has(name.trim().toLowerCase());

/** Lines that name a role and are not inside a tag. */
export function roleLines(body: string): RoleLine[] {
  const tags = tagsOf(body);
  let next = 0;
  return [...body.matchAll(rolePattern)].flatMap(({ 0: line, 1: name, index: start }) => {
    const end = start + line.length;
    while (next < tags.length && tags[next].end <= start) next++;
    return next < tags.length && tags[next].start < end ? [] : [{ name: name.toLowerCase(), start, end }];
  });
}

/** The sections, first to last. A body without role lines is one user section. */
export function sectionsOf(body: string): Section[] {
  const lines = roleLines(body).filter(({ name }) => !foreignRoles.has(name));
  if (lines.length === 0) return [{ role: 'user', marker: { start: 0, end: 0 }, start: 0, end: body.length }];
  const sections = lines.map(({ name, start, end }, place): Section => {
    return { role: roles[name], marker: { start, end }, start: end, end: lines.at(place + 1)?.start ?? body.length };
  });
  const before = body.slice(0, lines[0].start);
  return before.trim() === '' ? sections : [{ role: 'system', marker: { start: 0, end: 0 }, start: 0, end: lines[0].start }, ...sections];
}

const rolePattern =
  /(?<=^|\n)[ \t]*(?:#[ \t]*)?(system|developer|user|assistant|function|tool)(?:\[[^[\]\r\n]*\])?[ \t]*:[ \t]*(?:\r?\n|$)/gi;

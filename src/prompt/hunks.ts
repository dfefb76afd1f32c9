/** @file Changes of a text as hunks of lines that can be accepted one by one, exact to the byte. */
import { createTwoFilesPatch, diffArrays, FILE_HEADERS_ONLY } from 'diff';

/** A range of lines replaced by others. Either side may be empty, but not both. */
export interface Hunk {
  readonly id: string;
  /** 0-based line of the text before at which `before` starts (or `after` is inserted). */
  readonly line: number;
  /** The removed lines, with their line endings. */
  readonly before: string;
  /** The inserted lines, with their line endings. */
  readonly after: string;
}

/** Hunks with the lines at which they are, or would be, in the changed text; same ids. */
export interface Rebased {
  /** Hunks that still apply. */
  readonly applied: readonly Hunk[];
  /** Hunks whose lines were changed in another way. */
  readonly conflicts: readonly Hunk[];
  /** Hunks that the changed text already has. */
  readonly present: readonly Hunk[];
}

/**
 * The hunks that turn `before` into `after`, top to bottom: places that are at least one unchanged line apart. At a place that only loses
 * text each paragraph is a separate hunk, so that one can be deleted and the next kept. Ids are '1', '2', …
 */
export function diffHunks(before: string, after: string): Hunk[] {
  const hunks: Hunk[] = [];
  let line = 0;
  let open: Omit<Hunk, 'id'> | undefined;
  const close = (): void => {
    for (const part of open ? paragraphsOf(open) : []) hunks.push({ id: String(hunks.length + 1), ...part });
    open = undefined;
  };
  for (const { added, removed, value } of diffArrays(linesOf(before), linesOf(after))) {
    if (added || removed) {
      open ??= { line, before: '', after: '' };
      open = removed ? { ...open, before: open.before + value.join('') } : { ...open, after: open.after + value.join('') };
    } else close();
    if (!added) line += value.length;
  }
  close();
  return hunks;
}

/** A deletion by paragraphs, each with the blank lines after it. */
function paragraphsOf(hunk: Omit<Hunk, 'id'>): Omit<Hunk, 'id'>[] {
  if (hunk.after !== '') return [hunk];
  const parts: Omit<Hunk, 'id'>[] = [];
  let { line } = hunk;
  let blank = false;
  for (const text of linesOf(hunk.before)) {
    const last = parts.at(-1);
    if (last && !(blank && text.trim() !== '')) parts[parts.length - 1] = { ...last, before: last.before + text };
    else parts.push({ line, before: text, after: '' });
    blank = text.trim() === '';
    line++;
  }
  return parts;
}

/** `before` with the accepted hunks applied. All of them give `after`, none gives `before`. */
export function applyHunks(before: string, hunks: readonly Hunk[], accepted: Iterable<string>): string {
  const chosen = new Set(accepted);
  const lines = linesOf(before);
  const pieces: string[] = [];
  let line = 0;
  for (const hunk of hunks) {
    if (!chosen.has(hunk.id)) continue;
    pieces.push(...lines.slice(line, hunk.line), hunk.after);
    line = hunk.line + linesOf(hunk.before).length;
  }
  return [...pieces, ...lines.slice(line)].join('');
}

/**
 * Transfers hunks of `before` to a text that has been changed meanwhile, e.g. in the open editor.
 * A hunk conflicts if a line of it was changed, or something else was inserted at the same place.
 */
export function rebaseHunks(before: string, hunks: readonly Hunk[], changed: string): Rebased {
  const taken = takenOver(before, hunks, changed);
  if (taken) {
    let grown = 0;
    const moved = hunks.map((hunk) => {
      const line = hunk.line + grown;
      if (taken.has(hunk.id)) grown += linesOf(hunk.after).length - linesOf(hunk.before).length;
      return { ...hunk, line };
    });
    return { applied: moved.filter(({ id }) => !taken.has(id)), conflicts: [], present: moved.filter(({ id }) => taken.has(id)) };
  }
  const edits = diffHunks(before, changed);
  const applied: Hunk[] = [];
  const conflicts: Hunk[] = [];
  const present: Hunk[] = [];
  for (const hunk of hunks) {
    // Accepted hunks are found again unchanged: part of a shortest edit script is a shortest one.
    const there = edits.some((edit) => edit.line === hunk.line && edit.before === hunk.before && edit.after === hunk.after);
    const above = there ? edits.filter((edit) => edit.line < hunk.line) : edits;
    const moved = { ...hunk, line: hunk.line + growthAbove(above, hunk.line) };
    if (there) present.push(moved);
    else if (edits.some((edit) => collide(edit, hunk))) conflicts.push(moved);
    else applied.push(moved);
  }
  return { applied, conflicts, present };
}

/**
 * Which hunks have been accepted, if nothing else was changed. Found by reading the changed text along the old one, because a diff cannot
 * distinguish identical paragraphs. Undefined if something else was changed.
 */
function takenOver(before: string, hunks: readonly Hunk[], changed: string): ReadonlySet<string> | undefined {
  const [old, now] = [linesOf(before), linesOf(changed)];
  const matches = (lines: readonly string[], at: number): boolean => lines.every((line, i) => now[at + i] === line);
  // How far the changed text has been matched, with the hunks that were accepted up to there.
  let reached = new Map<number, readonly string[]>([[0, []]]);
  let line = 0;
  for (const { id, line: start, before: out, after } of [...hunks, { id: '', line: old.length, before: '', after: '' }]) {
    const [kept, gone, come] = [old.slice(line, start), linesOf(out), linesOf(after)];
    const next = new Map<number, readonly string[]>();
    for (const [at, ids] of reached) {
      if (!matches(kept, at)) continue;
      const from = at + kept.length;
      if (matches(gone, from) && !next.has(from + gone.length)) next.set(from + gone.length, ids);
      if (id !== '' && matches(come, from) && !next.has(from + come.length)) next.set(from + come.length, [...ids, id]);
    }
    reached = next;
    line = start + gone.length;
  }
  const ids = reached.get(now.length);
  return ids && new Set(ids);
}

/** The text as an editor has it: without BOM, and with one kind of line ending. */
export const editorText = (text: string): string => text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');

/** The change as `diff -u` prints it; '' if there is none. */
export function unifiedDiff(path: string, before: string, after: string): string {
  if (before === after) return '';
  return createTwoFilesPatch(`a/${path}`, `b/${path}`, before, after, undefined, undefined, {
    context: 3,
    headerOptions: FILE_HEADERS_ONLY,
  });
}

/** Lines with their line endings; the last one may have none. */
const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

/** By how many lines a text grows above a line of it, including what is inserted at the line. */
export const growthAbove = (edits: readonly Hunk[], line: number): number =>
  edits
    .filter((edit) => edit.line < line || (edit.line === line && edit.before === ''))
    .reduce((sum, { before, after }) => sum + linesOf(after).length - linesOf(before).length, 0);

function collide(a: Hunk, b: Hunk): boolean {
  const [aEnd, bEnd] = [a, b].map((hunk) => hunk.line + linesOf(hunk.before).length);
  if (a.line === b.line && aEnd === a.line && bEnd === b.line) return true;
  if (lacksNewline(a.after) || lacksNewline(b.after) || lacksNewline(a.before) || lacksNewline(b.before))
    return a.line <= bEnd && b.line <= aEnd;
  return a.line < bEnd && b.line < aEnd;
}

/** True at the end of a text without a final newline, where nothing can be inserted next to a line without changing it. */
const lacksNewline = (lines: string): boolean => lines !== '' && !lines.endsWith('\n');

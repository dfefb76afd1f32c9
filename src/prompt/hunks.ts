/** @file Changes of a text as hunks of lines that can be accepted one by one; exact to the byte. */
import { createTwoFilesPatch, diffArrays, FILE_HEADERS_ONLY } from 'diff';

/** A stretch of lines replaced by others; either side may be empty, not both. */
export interface Hunk {
  readonly id: string;
  /** 0-based line of the text before, where `before` starts (or `after` is inserted). */
  readonly line: number;
  /** The lines taken out, with their line endings. */
  readonly before: string;
  /** The lines put in, with their line endings. */
  readonly after: string;
}

/** Hunks with the lines at which they stand, or would stand, in the changed text; same ids. */
export interface Rebased {
  /** Hunks that still apply. */
  readonly applied: readonly Hunk[];
  /** Hunks whose lines were changed in another way. */
  readonly conflicts: readonly Hunk[];
  /** Hunks that the changed text already holds. */
  readonly present: readonly Hunk[];
}

/** The hunks that turn `before` into `after`, top to bottom, at least one unchanged line apart. Ids are '1', '2', … */
export function diffHunks(before: string, after: string): Hunk[] {
  const hunks: Hunk[] = [];
  let line = 0;
  let open: { line: number; before: string; after: string } | undefined;
  const close = (): void => {
    if (open) hunks.push({ id: String(hunks.length + 1), ...open });
    open = undefined;
  };
  for (const { added, removed, value } of diffArrays(linesOf(before), linesOf(after))) {
    if (added || removed) {
      open ??= { line, before: '', after: '' };
      open[removed ? 'before' : 'after'] += value.join('');
    } else close();
    if (!added) line += value.length;
  }
  close();
  return hunks;
}

/** `before` with the accepted hunks applied: all of them give `after`, none gives `before`. */
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
 * Carries hunks of `before` over to a text that someone has changed meanwhile, e.g. the open editor.
 * A hunk conflicts if a line of it was changed, or something else was inserted at the same place.
 */
export function rebaseHunks(before: string, hunks: readonly Hunk[], changed: string): Rebased {
  const edits = diffHunks(before, changed);
  const applied: Hunk[] = [];
  const conflicts: Hunk[] = [];
  const present: Hunk[] = [];
  for (const hunk of hunks) {
    // Hunks that were taken over are found again as they are: part of a shortest edit script is a shortest one.
    const there = edits.some((edit) => edit.line === hunk.line && edit.before === hunk.before && edit.after === hunk.after);
    const above = there ? edits.filter((edit) => edit.line < hunk.line) : edits;
    const moved = { ...hunk, line: hunk.line + growthAbove(above, hunk.line) };
    if (there) present.push(moved);
    else if (edits.some((edit) => collide(edit, hunk))) conflicts.push(moved);
    else applied.push(moved);
  }
  return { applied, conflicts, present };
}

/** The text as an editor has it, whose documents have no BOM; and with one kind of line ending. */
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

/** By how many lines a text grows above a line of it, what is inserted at the line included. */
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

/** True at the end of a text without a final newline, where nothing can be put next to a line without touching it. */
const lacksNewline = (lines: string): boolean => lines !== '' && !lines.endsWith('\n');

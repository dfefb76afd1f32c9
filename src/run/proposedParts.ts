/** @file Which parts of a prompt the hunks of a file belong to: its instruction, its demonstrations, its label words or its decoding. */
import type { Change } from '../optimize/events.ts';
import { diffHunks, type Hunk } from '../prompt/hunks.ts';
import { stepsOf, type Prompt } from '../prompt/prompt.ts';
import { isProgramPath } from '../prompt/kinds/table.ts';
import { parsePromptFile } from '../prompt/readPrompt.ts';
import { applyPrompt } from '../prompt/writePrompt.ts';
import type { Proposal } from './review.ts';

/** A part that a hunk of the file belongs to. */
export interface PromptPart extends Pick<Change, 'step'> {
  readonly part: Exclude<Change['part'], 'adapter'>;
  /** For an instruction, its place in the body, and that body. */
  readonly hunk?: Hunk;
  readonly from?: string;
}

/** The hunks of a proposal, each with its parts of the prompt: usually one, more if parts are adjacent in the file. */
export function hunksByPart(
  proposal: Proposal,
  start: Prompt,
  best: Prompt,
): { readonly hunk: Hunk; readonly parts: readonly PromptPart[] }[] {
  const { file: path, before, prompt: proposed } = proposal;
  const hunks = diffHunks(before, proposed);
  // A program's own file contains no prompt.
  if (hunks.length === 0 || isProgramPath(path)) return hunks.map((hunk) => ({ hunk, parts: [] }));
  const place = proposal.step?.place;
  const [from, to] = [start, best].map((prompt) => (place === undefined ? prompt : stepsOf(prompt)[place]));
  const file = parsePromptFile(path, before);
  const options = proposal.step ? { output: proposal.step.output } : {};
  const written = (prompt: Prompt): Hunk[] => diffHunks(before, applyPrompt(file, prompt, options));
  const of = place === undefined ? {} : { step: place };
  const { decoding: _, ...plain } = from;
  const { labelWords: __, ...unspoken } = from;
  const places: { part: PromptPart; hunks: Hunk[] }[] = [
    ...diffHunks(from.body, to.body).map((hunk) => ({
      part: { part: 'instruction', ...of, hunk, from: from.body } as const,
      hunks: written({ ...from, body: replaced(from.body, hunk) }),
    })),
    { part: { part: 'demonstrations', ...of }, hunks: written({ ...from, demonstrations: to.demonstrations }) },
    { part: { part: 'labels', ...of }, hunks: written({ ...unspoken, ...(to.labelWords && { labelWords: to.labelWords }) }) },
    { part: { part: 'decoding', ...of }, hunks: written({ ...plain, ...(to.decoding && { decoding: to.decoding }) }) },
  ];
  return hunks.map((hunk) => ({
    hunk,
    parts: places.filter((each) => each.hunks.some((own) => touches(own, hunk))).map(({ part }) => part),
  }));
}

/** The body with one place changed. */
function replaced(body: string, { line, before, after }: Hunk): string {
  const lines = body.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const taken = heightOf(before);
  return [...lines.slice(0, line), after, ...lines.slice(line + taken)].join('');
}

/** Whether two hunks of a text belong together: they share a line, or one is inserted where the other begins or ends. */
function touches(a: Hunk, b: Hunk): boolean {
  const [aEnd, bEnd] = [a, b].map(({ line, before }) => line + heightOf(before));
  const isPutIn = aEnd === a.line || bEnd === b.line;
  return isPutIn ? a.line <= bEnd && b.line <= aEnd : a.line < bEnd && b.line < aEnd;
}

const heightOf = (text: string): number => (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).length;

/**
 * @file The parts of a prompt's instruction that could be left out by themselves: blocks between blank lines, lines, sentences; as a tree,
 * for a search that takes away much at once and comes back to less where that was too much.
 */
import { fixedSpans, instructionSpan, type Span } from './template.ts';
import type { Prompt } from './prompt.ts';

export type UnitKind = 'instruction' | 'block' | 'line' | 'sentence';

/** A stretch of the body, with the line ending or the blanks that go with it. */
export interface Unit extends Span {
  readonly kind: UnitKind;
  /** Smaller ones in it, in order: none of a unit that is left out as a whole or not at all. */
  readonly parts: readonly Unit[];
}

/**
 * The instruction as units, outermost first; undefined where there is nothing that may be left out. What reads a column, a tag or a role
 * stays: a unit with one in it can be left out in parts only.
 */
export function unitsOf(prompt: Prompt): Unit | undefined {
  const { start, end } = instructionSpan(prompt);
  const fixed = fixedSpans(prompt).filter((span) => span.start < end && span.end > start);
  const text = prompt.body.slice(start, end);
  const blocks = spansOf(text, blockPattern, start).flatMap((span) => {
    const lines = spansOf(prompt.body.slice(span.start, span.end), linePattern, span.start).flatMap((line) => {
      const sentences = spansOf(prompt.body.slice(line.start, line.end), sentencePattern, line.start);
      return unit('line', line, sentences.length > 1 ? sentences.flatMap((each) => unit('sentence', each, [], fixed)) : [], fixed);
    });
    return lines.length > 1 ? unit('block', span, lines, fixed) : lines.map((line) => ({ ...line, ...span, kind: 'block' as const }));
  });
  return blocks.length > 1 ? unit('instruction', { start, end }, blocks, fixed).at(0) : blocks.at(0);
}

/** The unit, or what is left of its parts where something in it must stay. */
function unit(kind: UnitKind, span: Span, parts: readonly Unit[], fixed: readonly Span[]): Unit[] {
  const holds = fixed.some((each) => each.start < span.end && each.end > span.start);
  if (holds) return [...parts];
  return [{ kind, ...span, parts }];
}

/** Up to and with the blank lines after it. */
const blockPattern = /(?:[ \t]*\S[^\n]*(?:\n|$))+(?:[ \t]*(?:\n|$))*/g;
const linePattern = /[^\n]*\S[^\n]*(?:\n|$)/g;
/** With the blanks after it; an abbreviation or a number does not end one. */
const sentencePattern = /\S(?:[^.!?\n]|[.!?](?!\s|$))*(?:[.!?]+|(?=\n|$))[ \t]*/g;

const spansOf = (text: string, pattern: RegExp, offset: number): Span[] =>
  [...text.matchAll(pattern)]
    .filter(([match]) => match.trim() !== '')
    .map((match) => ({ start: offset + match.index, end: offset + match.index + match[0].length }));

/**
 * @file The parts of a prompt's instruction that could be left out separately: blocks between blank lines, lines, sentences. They form a tree,
 * for a search that removes much at once and returns to smaller parts if that was too much.
 */
import type { Span } from './languages/templateLanguage.ts';
import { fixedSpans, instructionSpan } from './template.ts';
import type { Prompt } from './prompt.ts';

export type UnitKind = 'block' | 'line' | 'sentence';

/** A range of the body, including its line ending or blanks. */
export interface Unit extends Span {
  readonly kind: UnitKind;
  /** The smaller units in it, in order. Empty for a unit that can only be left out as a whole. */
  readonly parts: readonly Unit[];
}

/**
 * The instruction as units, outermost first. Empty if nothing may be left out. Text that reads a column, a tag or a role stays: from a unit
 * that contains one, only the other parts are returned.
 */
export function unitsOf(prompt: Prompt): Unit[] {
  const { start, end } = instructionSpan(prompt);
  const fixed = fixedSpans(prompt).filter((span) => span.start < end && span.end > start);
  const text = prompt.body.slice(start, end);
  return spansOf(text, blockPattern, start).flatMap((span) => {
    const lines = spansOf(prompt.body.slice(span.start, span.end), linePattern, span.start).flatMap((line) => {
      const sentences = spansOf(prompt.body.slice(line.start, line.end), sentencePattern, line.start);
      return unit('line', line, sentences.length > 1 ? sentences.flatMap((each) => unit('sentence', each, [], fixed)) : [], fixed);
    });
    return lines.length > 1 ? unit('block', span, lines, fixed) : lines.map((line) => ({ ...line, ...span, kind: 'block' as const }));
  });
}

/** The prompt without some of its units. */
export function withoutUnits(prompt: Prompt, units: readonly Span[]): Prompt {
  const { body } = prompt;
  const removed = [...units].sort((a, b) => a.start - b.start);
  let text = '';
  let at = 0;
  for (const { start, end } of removed) {
    text += body.slice(at, Math.max(at, start));
    at = Math.max(at, end);
  }
  const rest = text + body.slice(at);
  // The paragraph that now begins the body needs no blank lines before it.
  return { ...prompt, body: text === '' ? rest.replace(/^(?:[ \t]*\r?\n)+/, '') : rest };
}

/** The unit, or its remaining parts if something in it must stay. */
function unit(kind: UnitKind, span: Span, parts: readonly Unit[], fixed: readonly Span[]): Unit[] {
  const holds = fixed.some((each) => each.start < span.end && each.end > span.start);
  if (holds) return [...parts];
  return [{ kind, ...span, parts }];
}

/** Up to and including the blank lines after it. */
const blockPattern = /(?:[ \t]*\S[^\n]*(?:\n|$))+(?:[ \t]*(?:\n|$))*/g;
const linePattern = /[^\n]*\S[^\n]*(?:\n|$)/g;
/** Including the blanks after it. An abbreviation or a number does not end one. */
const sentencePattern = /\S(?:[^.!?\n]|[.!?](?!\s|$))*(?:[.!?]+|(?=\n|$))[ \t]*/g;

const spansOf = (text: string, pattern: RegExp, offset: number): Span[] =>
  [...text.matchAll(pattern)]
    .filter(([match]) => match.trim() !== '')
    .map((match) => ({ start: offset + match.index, end: offset + match.index + match[0].length }));

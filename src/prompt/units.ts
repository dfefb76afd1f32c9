/**
 * @file The parts of a prompt's instruction that could be left out by themselves: blocks between blank lines, lines, sentences; as a tree,
 * for a search that takes away much at once and comes back to less where that was too much.
 */
import type { Span } from './languages/templateLanguage.ts';
import { fixedSpans, instructionSpan } from './template.ts';
import type { Prompt } from './prompt.ts';

export type UnitKind = 'block' | 'line' | 'sentence';

/** A stretch of the body, with the line ending or the blanks that go with it. */
export interface Unit extends Span {
  readonly kind: UnitKind;
  /** Smaller ones in it, in order: none of a unit that is left out as a whole or not at all. */
  readonly parts: readonly Unit[];
}

/**
 * The instruction as units, outermost first; none where nothing may be left out. What reads a column, a tag or a role stays: of a unit with
 * one in it there are the parts alone.
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
  // What begins the body now is no paragraph that needs a distance.
  return { ...prompt, body: text === '' ? rest.replace(/^(?:[ \t]*\r?\n)+/, '') : rest };
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

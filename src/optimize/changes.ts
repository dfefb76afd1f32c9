/** @file What a state changed of another one, part by part: the link from a decision to the lines that a reviewer sees, kept as data. */
import { isDeepStrictEqual } from 'node:util';
import { diffHunks } from '../prompt/hunks.ts';
import { stepsOf, type Prompt } from '../prompt/prompt.ts';
import type { Change, MeasuredState } from './events.ts';

/** A prompt, and the id of the adapter beside it. */
export type Pair = Pick<MeasuredState, 'prompt' | 'adapter'>;

/** The parts that differ: of each step of a program its instruction, demonstrations and decoding; the weights last. */
export function changesBetween(from: Pair, to: Pair): Change[] {
  const before = stepsOf(from.prompt);
  const several = before.length > 1;
  return [
    ...stepsOf(to.prompt).flatMap((prompt, place) => changesOfPrompt(before[place], prompt, several ? { step: place } : {})),
    ...(from.adapter === to.adapter ? [] : [{ part: 'adapter' } as const]),
  ];
}

function changesOfPrompt(from: Prompt, to: Prompt, step: Pick<Change, 'step'>): Change[] {
  return [
    ...(from.body === to.body ? [] : [{ part: 'instruction', ...step, hunks: diffHunks(from.body, to.body) } as const]),
    ...(isDeepStrictEqual(from.demonstrations, to.demonstrations) ? [] : [{ part: 'demonstrations', ...step } as const]),
    ...(isDeepStrictEqual(from.decoding, to.decoding) ? [] : [{ part: 'decoding', ...step } as const]),
  ];
}

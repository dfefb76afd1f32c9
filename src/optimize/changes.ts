/** @file What a state changed in another one, part by part. This links a decision to the lines that a reviewer sees, as data. */
import { isDeepStrictEqual } from 'node:util';
import { applyHunks, diffHunks } from '../prompt/hunks.ts';
import { ownWords } from '../prompt/labelWords.ts';
import { stepsOf, type Prompt } from '../prompt/prompt.ts';
import type { Change, ChangedHunk, MeasuredState } from './events.ts';
import type { TokenCounter } from './promptTokens.ts';

/** A prompt, and the id of the adapter used with it. */
export type Pair = Pick<MeasuredState, 'prompt' | 'adapter'>;

/**
 * The parts that differ: of each step of a program its instruction, demonstrations, label words and decoding, with the weights last.
 * @param tokensOf counts what each part, and each place of an instruction, adds to the prompt
 */
export function changesBetween(from: Pair, to: Pair, tokensOf: TokenCounter = () => undefined): Change[] {
  const before = stepsOf(from.prompt);
  const several = before.length > 1;
  return [
    ...stepsOf(to.prompt).flatMap((prompt, place) =>
      changesOfPrompt(before[place], prompt, several ? { step: place } : {}, (other) => tokensOf(other, place)),
    ),
    ...(from.adapter === to.adapter ? [] : [{ part: 'adapter' } as const]),
  ];
}

function changesOfPrompt(from: Prompt, to: Prompt, step: Pick<Change, 'step'>, count: (prompt: Prompt) => number | undefined): Change[] {
  /** Compared with the same prompt without it. */
  const added = (without: Prompt): { tokens?: number } => {
    const [more, less] = [count(to), count(without)];
    return more === undefined || less === undefined ? {} : { tokens: more - less };
  };
  const hunks = diffHunks(from.body, to.body);
  const without = ({ id }: ChangedHunk): Prompt => {
    const others = hunks.flatMap((hunk) => (hunk.id === id ? [] : [hunk.id]));
    return { ...to, body: applyHunks(from.body, hunks, others) };
  };
  return [
    ...(from.body === to.body
      ? []
      : [
          {
            part: 'instruction',
            ...step,
            hunks: hunks.map((hunk): ChangedHunk => ({ ...hunk, ...added(without(hunk)) })),
            ...added({ ...to, body: from.body }),
          } as const,
        ]),
    ...(isDeepStrictEqual(from.demonstrations, to.demonstrations)
      ? []
      : [{ part: 'demonstrations', ...step, ...added({ ...to, demonstrations: from.demonstrations }) } as const]),
    ...(isDeepStrictEqual(ownWords(from), ownWords(to)) ? [] : [{ part: 'labels', ...step, ...added(withWordsOf(from, to)) } as const]),
    ...(isDeepStrictEqual(from.decoding, to.decoding) ? [] : [{ part: 'decoding', ...step } as const]),
  ];
}

function withWordsOf({ labelWords }: Prompt, { labelWords: _, ...prompt }: Prompt): Prompt {
  return labelWords ? { ...prompt, labelWords } : prompt;
}

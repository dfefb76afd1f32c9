/** @file Other decoding: calibration and normalization of label scores, and where free text ends. */
import { isDeepStrictEqual } from 'node:util';
import type { Row } from '../../data/dataset.ts';
import { answersOf, type Task } from '../../evaluate/evaluation.ts';
import type { Texts } from '../../model/texts.ts';
import type { Prompt } from '../../prompt/prompt.ts';
import type { Decoding } from '../../prompt/decoding.ts';
import type { Proposal } from './proposer.ts';

export interface Grounds {
  readonly trainset: readonly Row[];
  readonly texts?: Texts;
  /** What one more token adds to a label's likelihood, if the prompt has been measured. */
  readonly lengthSlope?: number;
}

/** Every other choice for the task, each as the prompt with the decoding settings that differ from the file. */
export function decodingProposals(prompt: Prompt, task: Task, { trainset, texts, lengthSlope }: Grounds): Proposal[] {
  const now = { ...task.decoding, ...prompt.decoding };
  const changes = task.labels ? [...labelChanges, ...lengthChanges(lengthSlope)] : textChanges(task, trainset, texts);
  return changes.flatMap(({ decoding, reason }) =>
    differing(now, decoding)
      ? [{ prompt: withDecoding(prompt, differing(task.decoding, { ...prompt.decoding, ...decoding })), reason }]
      : [],
  );
}

/** The settings that differ from `from`. Undefined if none do. */
function differing(from: Decoding, asked: Partial<Decoding>): Partial<Decoding> | undefined {
  const entries = Object.entries(asked).filter(([name, value]) => !isDeepStrictEqual(from[name as keyof Decoding], value));
  return entries.length ? Object.fromEntries(entries) : undefined;
}

function withDecoding({ decoding: _, ...prompt }: Prompt, decoding: Partial<Decoding> | undefined): Prompt {
  return decoding ? { ...prompt, decoding } : prompt;
}

interface Change {
  readonly decoding: Partial<Decoding>;
  readonly reason: string;
}

/** Content-free calibration must be requested explicitly: on tuned weights it loses more than it gains. */
const labelChanges: readonly Change[] = (['none', 'domain'] as const).flatMap((calibration) =>
  (['tokens', 'sum'] as const).map((normalize) => ({
    decoding: { calibration, normalize },
    reason: `label scores ${normalize === 'sum' ? 'summed over tokens' : 'averaged over tokens'}, calibration ${calibration}`,
  })),
);

/** Calibration subtracts what each label gets regardless of the input, including the effect of its length, so the two are not combined. */
const lengthChanges = (slope: number | undefined): Change[] =>
  slope === undefined
    ? []
    : [
        {
          decoding: { calibration: 'none', normalize: { slope } },
          reason: `label scores corrected for length (${slope} nats per token), calibration none`,
        },
      ];

/** Cuts an answer that is longer than any right one or that has more than one line. */
function textChanges({ output }: Task, trainset: readonly Row[], texts: Texts | undefined): Change[] {
  const golds = answersOf(trainset, output);
  const lines = golds.every((gold) => !gold.includes('\n'));
  const longest = texts && golds.length > 0 ? [golds.reduce((most, gold) => Math.max(most, texts.count(` ${gold}`)), 0) + 2] : [8, 16, 32];
  return [
    ...(lines ? [{ decoding: { stop: ['\n'] }, reason: 'the answer ends at the end of its line' }] : []),
    ...longest.map((maxTokens) => ({ decoding: { maxTokens }, reason: `at most ${maxTokens} tokens` })),
    ...(lines
      ? longest.map((maxTokens) => ({ decoding: { stop: ['\n'], maxTokens }, reason: `one line of at most ${maxTokens} tokens` }))
      : []),
  ];
}

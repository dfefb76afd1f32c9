/** @file Other ways to read the answer off the model: calibration and normalization of label scores; where free text ends. */
import { isDeepStrictEqual } from 'node:util';
import type { Row } from '../../data/dataset.ts';
import { answersOf, type Task } from '../../evaluate/evaluation.ts';
import type { Tokenizer } from '../../model/tokenizer.ts';
import type { Prompt } from '../../prompt/prompt.ts';
import { calibrations, type Decoding } from '../../prompt/decoding.ts';
import type { Proposal } from './proposer.ts';

/** Every other choice for the task, each as the prompt with what it decodes otherwise than the file says. */
export function decodingProposals(prompt: Prompt, task: Task, trainset: readonly Row[], tokenizer: Tokenizer | undefined): Proposal[] {
  const now = { ...task.decoding, ...prompt.decoding };
  const changes = task.labels ? labelChanges : textChanges(task, trainset, tokenizer);
  return changes.flatMap(({ decoding, reason }) =>
    differing(now, decoding)
      ? [{ prompt: withDecoding(prompt, differing(task.decoding, { ...prompt.decoding, ...decoding })), reason }]
      : [],
  );
}

/** What is another than in `from`; undefined where nothing is. */
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

const labelChanges: readonly Change[] = calibrations.flatMap((calibration) =>
  (['tokens', 'sum'] as const).map((normalize) => ({
    decoding: { calibration, normalize },
    reason: `label scores ${normalize === 'sum' ? 'summed over tokens' : 'per token'}, calibration ${calibration}`,
  })),
);

/** An answer that is longer than any right one, or that runs over its line, is cut. */
function textChanges({ output }: Task, trainset: readonly Row[], tokenizer: Tokenizer | undefined): Change[] {
  const golds = answersOf(trainset, output);
  const lines = golds.every((gold) => !gold.includes('\n'));
  const longest =
    tokenizer && golds.length > 0
      ? [golds.reduce((most, gold) => Math.max(most, tokenizer.encode(` ${gold}`).length), 0) + 2]
      : [8, 16, 32];
  return [
    ...(lines ? [{ decoding: { stop: ['\n'] }, reason: 'the answer ends with its line' }] : []),
    ...longest.map((maxTokens) => ({ decoding: { maxTokens }, reason: `at most ${maxTokens} tokens` })),
    ...(lines
      ? longest.map((maxTokens) => ({ decoding: { stop: ['\n'], maxTokens }, reason: `one line of at most ${maxTokens} tokens` }))
      : []),
  ];
}

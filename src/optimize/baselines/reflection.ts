/**
 * @file Asks the writer, or the model itself if there is none, to write a new instruction from rows and the feedback on its answers. Agrawal et al.
 * 2025; Yang et al. 2023.
 */
import type { Row } from '../../data/dataset.ts';
import { TandemError } from '../../errors.ts';
import type { Evaluation, RowResult } from '../../evaluate/evaluation.ts';
import { isForGood, isWriterTrouble, type Written } from '../../model/writer.ts';
import { ownWriter } from '../../model/writers/own.ts';
import { isRight } from '../../evaluate/judging.ts';
import { instructionOf, withInstruction } from '../../prompt/instruction.ts';
import { wordsFor } from '../../prompt/labelWords.ts';
import type { Prompt } from '../../prompt/prompt.ts';
import { columnsOf, fixedSpans, mayHaveRoles } from '../../prompt/template.ts';
import { textIn } from '../../prompt/values.ts';
import type { OptimizationContext } from '../coordinator.ts';
import { withoutThoughts } from '../proposers/writtenAnswer.ts';

export interface Reflection {
  /** Undefined if the model wrote nothing that can be an instruction. */
  readonly prompt?: Prompt;
  readonly tokensUsed: number;
  /** The writer will not write anything more in this run. */
  readonly silent?: true;
}

/** An instruction may contain roles, which a text from a model would lose. */
export const canReflect = (prompt: Prompt): boolean => !mayHaveRoles(prompt);

/** The most tokens of an instruction: of the model's own, and of a writer's, which may think first. */
const longest = { own: 96, written: 1024 };

/**
 * @param answered an evaluation of `rows` under the prompt
 * @param seed of the sampling, at temperature 1 as in GEPA
 */
export async function reflect(
  { evaluator, start: adapter, writer, signal }: OptimizationContext,
  prompt: Prompt,
  rows: readonly Row[],
  answered: Evaluation,
  seed: number,
): Promise<Reflection> {
  if (!canReflect(prompt)) return { tokensUsed: 0 };
  const { model, task } = evaluator;
  const columns = columnsOf(prompt).filter((name) => name !== task.output);
  const shown = rows.map(({ values }, place) => {
    const result = answered.rows[place];
    const verdict = isRight(result) ? 'This is right.' : verdictOf(result);
    return [...columns.map((name) => `${name}: ${textIn(values, name)}`), `answer: ${result.prediction}`, `feedback: ${verdict}`].join(
      '\n',
    );
  });
  const asked = [
    'An assistant was given this instruction:',
    instructionOf(prompt) || `Give the ${task.output}.`,
    ...(task.labels && task.labels.length <= 20
      ? [`It has to choose one of: ${task.labels.map((label) => wordsFor(prompt, label)).join(', ')}.`]
      : []),
    'Here is how it answered, with feedback:',
    ...shown,
    'Write a better instruction for the assistant. Say what the task is and what the feedback teaches. Write only the instruction.',
  ].join('\n\n');
  const from = writer ?? ownWriter(model, { adapter, ...(task.chat && { chat: task.chat }), stop: ['\n\n'] });
  const maxTokens = writer ? longest.written : longest.own;
  const options = { maxTokens, temperature: 1, seed, ...(writer && signal && { signal }) };
  const written = await orNothing(async () => from.write([{ role: 'user', content: asked }], options));
  if ('nothing' in written) return { tokensUsed: 0, ...(written.nothing === 'for good' && { silent: true as const }) };
  const instruction = cleaned(prompt, withoutThoughts(written.text));
  return { ...(instruction !== undefined && { prompt: withInstruction(prompt, instruction) }), tokensUsed: written.cost.tokensUsed };
}

/** What the metric says, and the right answer if there is one. */
function verdictOf({ gold, feedback }: RowResult): string {
  const said = [
    'This is wrong.',
    ...(feedback === undefined ? [] : [feedback]),
    ...(gold === undefined ? [] : [`The right answer is: ${gold}`]),
  ];
  return said.join(' ');
}

/** Long rows may leave no room for an answer, and a writer may be unreachable. */
async function orNothing(write: () => Promise<Written>): Promise<Written | { readonly nothing: 'now' | 'for good' }> {
  try {
    return await write();
  } catch (error) {
    if (isWriterTrouble(error)) return { nothing: isForGood(error) ? 'for good' : 'now' };
    if (error instanceof TandemError && error.reason === 'too-long') return { nothing: 'now' };
    throw error;
  }
}

/** Removes fences and quotes around the text. Undefined for a text that would be parsed as template language, above all as the prompt's. */
function cleaned(prompt: Prompt, text: string): string | undefined {
  const instruction = text
    .replaceAll('```', '')
    .trim()
    .replace(/^"(.*)"$/s, '$1')
    .trim();
  const isPlain = !/\$\{|\{\{|<\|/.test(instruction) && fixedSpans({ ...prompt, body: instruction }).length === 0;
  return /[\p{L}]/u.test(instruction) && isPlain ? instruction : undefined;
}

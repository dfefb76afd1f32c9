/**
 * @file How long an answer of free text may be and what ends it when the prompt file does not say. Both come from the right answers of the training
 * rows, so that the model can give each of them. The reasons and the cost: `docs/decisions/0027-where-answers-end.md`.
 */
import type { Row } from '../data/dataset.ts';
import { limitRows } from '../data/split.ts';
import { defaultDecoding, endsOf, type AnswerEnds, type Decoding } from '../prompt/decoding.ts';
import type { Problem, PromptFile } from '../prompt/promptFile.ts';
import { rangesOf, type TextRange } from '../prompt/textRange.ts';
import { answersOf, type Task } from './evaluation.ts';
import { metrics } from './metrics/table.ts';

/** The facts about the answering model that the ends depend on. */
export interface AnsweringModel {
  /** Counts the tokens of a right answer as it follows a question. */
  readonly tokensOf: (answer: string) => number;
  /** The model's context: the most tokens it can process, prompt and answer together. */
  readonly maxPositions: number;
}

/**
 * The ends that fit the training answers. Without answers, the defaults of a task whose answers are unknown.
 * - `stop`: a blank line, or two blank lines if an answer contains a blank line. If an answer contains two, there is no stop text, and only the
 *   model's end-of-text token ends an answer, as in a chat.
 * - `maxTokens`: a quarter more than the longest answer has, rounded up to a multiple of 16, at least 64. If the longest answer has more than twice
 *   the tokens of 99 answers in 100, it counts as an outlier, and the 99 decide.
 */
export function fittedEnds(
  { template }: Pick<Task, 'template'>,
  answers: readonly string[],
  { tokensOf, maxPositions }: AnsweringModel,
): AnswerEnds {
  if (answers.length === 0) return endsOf(template);
  const candidates = template === 'text' ? ['\n\n', '\n\n\n'] : [];
  const stop = candidates.find((text) => !answers.some((answer) => answer.trim().includes(text)));
  const lengths = longestLengths(answers, tokensOf);
  const [longest] = lengths;
  const ordinary = lengths[Math.floor(answers.length / 100)];
  const covered = longest <= 2 * ordinary ? longest : ordinary;
  const room = Math.ceil((1.25 * covered + 1) / 16) * 16;
  return { maxTokens: Math.min(Math.max(defaultDecoding.maxTokens, room), maxPositions), stop: stop === undefined ? [] : [stop] };
}

/** The task with ends that fit the training answers, for what the prompt file does not set. A task with labels needs no ends. */
export function withFittedEnds(task: Task, given: Partial<Decoding>, training: readonly Row[], model: AnsweringModel): Task {
  if (task.labels) return task;
  return withEnds(task, given, fittedEnds(task, task.metric.golds === 'patterns' ? [] : answersOf(training, task.output), model));
}

export const withEnds = (task: Task, given: Partial<Decoding>, ends: AnswerEnds): Task => ({
  ...task,
  decoding: { ...task.decoding, ...ends, ...given },
});

/**
 * Right answers that the model can never give in full, because they contain a stop text or are longer than `maxTokens`. Each problem is reported at
 * its setting.
 * @param task with the ends that apply
 */
export function endProblems(file: PromptFile, task: Task, training: readonly Row[], model: AnsweringModel): Problem[] {
  return task.labels || task.metric.golds === 'patterns'
    ? []
    : [...stopProblems(file, task.decoding.stop, training), ...lengthProblems(file, task, training, model)];
}

/** Right answers that contain a text at which the prediction ends. */
export function stopProblems(file: PromptFile, stop: readonly string[], training: readonly Row[]): Problem[] {
  if (metrics.get(file.settings.metric)?.golds === 'patterns') return [];
  const answers = countedAnswers(training, file.settings.output);
  return stop.flatMap((text): Problem[] => {
    const count = answers.filter((answer) => answer.includes(text)).length;
    if (count === 0) return [];
    return [
      {
        severity: 'warning',
        message: `${count} of ${answers.length} training answers ${count === 1 ? 'contains' : 'contain'} ${JSON.stringify(text)}. \`decoding.stop\` ends a prediction there, so the model can never give them in full.`,
        range: rangeOf(file, 'decoding.stop'),
        hint: 'Choose another text to stop at, or remove `stop`.',
      },
    ];
  });
}

function lengthProblems(file: PromptFile, task: Task, training: readonly Row[], model: AnsweringModel): Problem[] {
  const answers = countedAnswers(training, task.output);
  const { maxTokens } = task.decoding;
  // A token has at least one byte, and one of the bytes may be the space before the answer.
  const lengths = answers.flatMap((answer) => (Buffer.byteLength(answer) < maxTokens ? [] : [model.tokensOf(answer)]));
  const longer = lengths.filter((tokens) => tokens > maxTokens);
  if (longer.length === 0) return [];
  const longest = longer.reduce((most, tokens) => Math.max(most, tokens));
  const given = file.settings.decoding.maxTokens !== undefined;
  return [
    {
      severity: 'warning',
      message: `${longer.length} of ${answers.length} training answers ${longer.length === 1 ? 'is' : 'are'} longer than ${maxTokens} tokens, the limit ${given ? 'in `decoding.maxTokens`' : 'that fits the others'}. The model can never give them in full. The longest has ${longest} tokens.`,
      range: rangeOf(file, 'decoding.maxTokens'),
      hint: given
        ? `Raise it, or remove it. Without it the limit is ${fittedEnds(task, answers, model).maxTokens}.`
        : 'If they matter, raise `decoding.maxTokens`.',
    },
  ];
}

const countedAnswers = (training: readonly Row[], output: string): string[] =>
  answersOf(limitRows(training, mostCounted, 0), output).map((answer) => answer.trim());

/** At most this many answers are checked, to save time. */
const mostCounted = 5000;

/** Token lengths of the longest answers, descending: 2 in 100 answers, at least 512. Only answers with the most characters are tokenized. */
function longestLengths(answers: readonly string[], tokensOf: (answer: string) => number): number[] {
  const sorted = [...answers].map((answer) => answer.trim()).sort((a, b) => b.length - a.length);
  const probed = sorted.slice(0, Math.max(512, Math.ceil(answers.length / 50)));
  return probed.map(tokensOf).sort((a, b) => b - a);
}

function rangeOf({ ranges, text, bodyOffset }: PromptFile, setting: string): TextRange {
  return ranges[setting] ?? ranges.decoding ?? ranges.output ?? rangesOf(text)(bodyOffset, bodyOffset);
}

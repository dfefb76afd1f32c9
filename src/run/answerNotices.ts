/** @file Notices about right answers that can never be given because they are outside the labels, longer than the limit, or after a stop. */
import type { Row } from '../data/dataset.ts';
import type { Splits } from '../data/openDataset.ts';
import { TandemError } from '../errors.ts';
import { endProblems, type AnsweringModel } from '../evaluate/answerEnds.ts';
import { haveAnswers, type Task } from '../evaluate/evaluation.ts';
import { labelProblems } from '../evaluate/labelProblems.ts';
import { answerAfter } from '../evaluate/question.ts';
import type { LanguageModel } from '../model/languageModel.ts';
import type { Problem, PromptFile } from '../prompt/promptFile.ts';
import { textIn } from '../prompt/values.ts';
import { portable } from './record/runDirectory.ts';

export interface Answered {
  readonly workspace: string;
  /** One per step, like the tasks. */
  readonly files: readonly PromptFile[];
  readonly tasks: readonly Task[];
  /** The data, with the columns that the prompt files add. */
  readonly read: Splits;
  readonly model: LanguageModel;
}

/** Each problem with its place in the prompt file. */
export function answerNotices({ workspace, files, tasks, read, model }: Answered): string[] {
  const known = { rows: [...read.train, ...read.val], called: 'training and validation rows', areAll: true };
  const ofSteps = files.flatMap((file, step) => {
    const ends = endProblems(file, tasks[step], read.train, answeringModel(model, tasks[step]));
    return [...labelProblems(file, known), ...ends].map((problem) => placedNotice(workspace, file.path, problem));
  });
  const last = tasks[tasks.length - 1];
  return [...ofSteps, ...sealedLabelNotices(read, last), ...withoutAnswersNotices(known.rows, last)];
}

/** The model, set up to answer a task. */
export const answeringModel = ({ texts, maxTokens }: LanguageModel, task: Task): AnsweringModel => ({
  tokensOf: (answer) => texts.countAnswer(answerAfter(task, '…', answer)),
  maxPositions: maxTokens,
});

/**
 * For everything that trains on right answers alone.
 * @param what the subject of the message, as the beginning of a sentence
 * @throws TandemError reason 'needs-answers'
 */
export function requireAnswers(
  what: string,
  {
    trainset,
    evaluator,
    file,
  }: { readonly trainset: readonly Row[]; readonly evaluator: { readonly task: Task }; readonly file: PromptFile },
): void {
  const { output } = evaluator.task;
  if (haveAnswers(trainset, output)) return;
  const { line, column } = file.ranges.output ?? {};
  throw new TandemError('needs-answers', `${what} learns from right answers, but the data has no column "${output}".`, {
    where: { file: file.path, line, column },
    hint: 'Use the alternating coordinator: its weights learn from answers that the metric passes.',
  });
}

/** What it means for a run if no right answer is known. */
function withoutAnswersNotices(rows: readonly Row[], { output, metric }: Task): string[] {
  if (rows.length === 0 || haveAnswers(rows, output)) return [];
  return [`The data has no column "${output}". Only ${metric.name} judges the answers, and the weights learn from answers that it passes.`];
}

/** For the sealed rows, reports only how many can never be right. */
function sealedLabelNotices(splits: Splits, { labels, output }: Task): string[] {
  if (!labels) return [];
  const known = new Set([...splits.train, ...splits.val]);
  let strange = 0;
  splits.without((row) => {
    if (!known.has(row) && Object.hasOwn(row.values, output) && !labels.includes(textIn(row.values, output).trim())) strange++;
    return undefined;
  });
  if (strange === 0) return [];
  return [
    `${strange} test ${strange === 1 ? 'row has an answer that is' : 'rows have answers that are'} not among the labels and can never be right.`,
  ];
}

/** `prompts/kind.prompt.md:5:12: ` and the problem there. */
function placedNotice(workspace: string, path: string, { message, hint, range: { line, column } }: Problem): string {
  return `${portable(workspace, path)}:${line}:${column}: ${message}${hint === undefined ? '' : ` ${hint}`}`;
}

/** @file Demonstrations: labelled rows chosen for coverage, or rows that the model itself gets right, which for free text show its own words. */
import type { Row } from '../../data/dataset.ts';
import { limitRows } from '../../data/split.ts';
import { haveAnswers, type Evaluation } from '../../evaluate/evaluation.ts';
import type { Candidate, Evaluator } from '../../evaluate/evaluator.ts';
import { isRight } from '../../evaluate/judging.ts';
import type { Demonstration, Prompt } from '../../prompt/prompt.ts';
import { columnsOf } from '../../prompt/template.ts';
import { textIn, textsOf } from '../../prompt/values.ts';
import type { Random } from '../../random.ts';
import { newOnes, type Proposal, type Proposer, type ProposerContext } from './proposer.ts';

/** A row as a demonstration for a prompt: the columns that the prompt uses, and the answer. */
export function demonstrationOf(prompt: Prompt, output: string, row: Row): Demonstration {
  const columns = columnsOf(prompt).filter((name) => name !== output);
  return { inputs: Object.fromEntries(columns.map((name) => [name, row.values[name] ?? ''])), output: textIn(row.values, output) };
}

/** The number of demonstrations. The first is the number in a training sequence. */
const sizes = [3, 1, 5, 8];

/** Labelled rows whose answers are as different as possible. Brown et al. 2020. */
export const labelledDemonstrations: Proposer = {
  name: 'demonstrations',
  async propose(context) {
    const { prompt, trainset, evaluator, hard = [], count } = context;
    // Rows without a right answer show nothing.
    if (!haveAnswers(trainset, evaluator.task.output)) return [];
    const proposals = sizesWithin(trainset, count).map((size) => proposalOf(context, trainset, size, 'that cover the answers'));
    const ofHard = sizesWithin(hard, Math.ceil(count / 2)).map((size) => proposalOf(context, hard, size, 'that the model always fails'));
    return newOnes(prompt, [{ prompt: { ...prompt, demonstrations: [] }, reason: 'no demonstrations' }, ...ofHard, ...proposals], count);
  },
};

/** Rows that the model answers right with this prompt, shown with its own answers. Bootstrapped few-shot, Khattab et al. 2023. */
export const bootstrappedDemonstrations: Proposer = {
  name: 'bootstrapped demonstrations',
  async propose(context) {
    const { evaluator, prompt, adapter, trainset, random, count } = context;
    if (!trainset.length) return [];
    const { passed, inOwnWords } = await passingRows(evaluator, { prompt, adapter }, random.shuffle(trainset).slice(0, 32));
    passed.sort((a, b) => (b.logLikelihood ?? 0) - (a.logLikelihood ?? 0));
    // Without right answers there are no labelled ones, so this source also gets their share.
    const wanted = haveAnswers(trainset, evaluator.task.output) ? count : 3 * count;
    const isKnown = passed.some(({ logLikelihood }) => logLikelihood !== undefined);
    const sure = passed.slice(0, isKnown ? Math.ceil(passed.length / 2) : undefined).map(({ row }) => row);
    const which = `that the model answers right${isKnown ? ' with high confidence' : ''}${inOwnWords ? ', in its own words' : ''}`;
    return newOnes(
      prompt,
      sizesWithin(sure, wanted).map((size) => proposalOf(context, sure, size, which)),
      wanted,
    );
  },
};

export interface PassingRows {
  /** With the model's own answers if they are in its own words. */
  /** The likelihood is present if the data has a right answer. */
  readonly passed: { readonly row: Row; readonly logLikelihood?: number }[];
  readonly inOwnWords: boolean;
  readonly tokensUsed: number;
}

/** The rows that the model answers right. @throws TandemError those of `Evaluator.evaluate` */
export async function passingRows(evaluator: Evaluator, candidate: Candidate, tried: readonly Row[]): Promise<PassingRows> {
  const { rows, tokensUsed } = await evaluator.evaluate(candidate, tried);
  const { labels, output } = evaluator.task;
  const noGold = rows.some(({ gold }) => gold === undefined);
  const inOwnWords = noGold || (!labels && isPassOrFail(rows));
  const passed = rows.flatMap((result, i) => {
    const { prediction, logLikelihood } = result;
    return isRight(result)
      ? [{ row: inOwnWords ? answered(tried[i], output, prediction) : tried[i], ...(logLikelihood !== undefined && { logLikelihood }) }]
      : [];
  });
  return { passed, inOwnWords, tokensUsed };
}

/** A partial score says how near an answer is, which is no reason to show it instead of the right one. */
const isPassOrFail = (rows: Evaluation['rows']): boolean => rows.every(({ score }) => score === 0 || score === 1);

const answered = (row: Row, output: string, answer: string): Row => ({ ...row, values: { ...row.values, [output]: answer } });

function sizesWithin(rows: readonly Row[], count: number): number[] {
  return Array.from({ length: count }, (_, i) => sizes[i % sizes.length]).filter((size) => size <= rows.length);
}

function proposalOf({ prompt, evaluator, random }: ProposerContext, rows: readonly Row[], size: number, which: string): Proposal {
  const { output } = evaluator.task;
  const demonstrations = covering(rows, output, size, random).map((row) => demonstrationOf(prompt, output, row));
  return {
    prompt: { ...prompt, demonstrations },
    reason: size === 1 ? `1 demonstration ${which.replace(/^that cover /, 'that covers ')}` : `${size} demonstrations ${which}`,
  };
}

/** Rows with as many different answers as possible, choosing short ones among a few random rows. */
function covering(rows: readonly Row[], output: string, size: number, random: Random): Row[] {
  const drawn = limitRows(rows, Math.min(rows.length, 3 * size), random.integer(2 ** 31), { balance: output });
  const length = (row: Row): number => Object.values(textsOf(row.values)).join('').length;
  const seen = new Set<string>();
  const chosen: Row[] = [];
  const byLength = [...drawn].sort((a, b) => length(a) - length(b));
  for (const fresh of [true, false]) {
    for (const row of byLength) {
      if (chosen.length === size || chosen.includes(row) || (fresh && seen.has(textIn(row.values, output)))) continue;
      seen.add(textIn(row.values, output));
      chosen.push(row);
    }
  }
  return random.shuffle(chosen);
}

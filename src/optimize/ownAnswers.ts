/**
 * @file What weights learn from if the data has no right answers: the model's own answers that the metric passes. Rejection sampling: Zelikman et al.
 * 2022 (STaR); Yuan et al. 2023; the best of several per row, Dong et al. 2023 (RAFT). A prompt makes the first outputs pass, and training on them
 * makes the next ones more likely.
 */
import type { Row } from '../data/dataset.ts';
import { limitRows } from '../data/split.ts';
import { haveAnswers, type RowResult } from '../evaluate/evaluation.ts';
import type { Candidate } from '../evaluate/evaluator.ts';
import { isRight } from '../evaluate/judging.ts';
import { asProgram, stepsOf, type Prompt } from '../prompt/prompt.ts';
import { randomStream } from '../random.ts';
import type { OptimizationContext } from './coordinator.ts';
import { allowance, type Purse } from './purse.ts';

/** Samples of free text for each row, besides the greedy answer. For a label, the most likely one is used: sampling would only add noise. */
const samples = 2;
const temperature = 0.8;
/** The share of the phase's budget. Finding answers that pass is worth no more than training on them. */
const share = 0.3;
/** Fewer rows say nothing about what passes. */
const fewestRows = 16;

/** Rows to learn from, each with an answer. */
export interface Learned {
  readonly rows: readonly Row[];
  /** Tokens that finding them cost. */
  readonly tokensUsed: number;
}

/** Amounts in tokens. */
interface LearningPhase {
  readonly phase: number;
  /** Spent since the start of the optimization. */
  readonly spent: number;
  /** What the phase may spend. */
  readonly budget: Purse;
  /** The cost of one answer, as far as it is known. */
  readonly rowCost: number;
}

type Learning = Pick<OptimizationContext, 'evaluator' | 'trainset' | 'seed' | 'emit' | 'trainer' | 'signal'>;

/** Whether the data has right answers to learn from. */
export const hasAnswers = ({ trainset, trainer }: Pick<OptimizationContext, 'trainset' | 'trainer'>): boolean =>
  haveAnswers(trainset, trainer.outputColumn);

/**
 * The training rows. Without right answers, those rows that the candidate answers well, with the best of its own answers. An answer is good if it
 * passes. While few pass and the metric gives partial scores, an answer that scores above the average is good too.
 */
export async function rowsToLearn(
  context: Learning,
  candidate: Candidate,
  { phase, spent, budget, rowCost }: LearningPhase,
): Promise<Learned> {
  const { evaluator, trainset, trainer, seed, signal } = context;
  if (hasAnswers(context)) return { rows: trainset, tokensUsed: 0 };
  const isSampled = evaluator.task.labels === undefined;
  const rounds = isSampled ? 1 + samples : 1;
  const affordable = Math.floor((share * allowance(budget)) / (rounds * rowCost));
  const asked = limitRows(trainset, Math.max(fewestRows, affordable), randomStream(seed, 'own answers', phase).integer(2 ** 31));
  let tokensUsed = 0;
  const answers: RowResult[][] = asked.map(() => []);
  for (let round = 0; round < rounds && !signal?.aborted; round++) {
    const sampling = { temperature, topP: 1, seed: randomStream(seed, 'own answers', phase, round).integer(2 ** 31) };
    const prompt = round === 0 ? candidate.prompt : sampled(candidate.prompt, sampling);
    const evaluation = await evaluator.evaluate({ ...candidate, prompt }, asked);
    evaluation.rows.forEach((result, place) => answers[place].push(result));
    tokensUsed += evaluation.tokensUsed;
  }
  const all = answers.flat();
  const average = all.reduce((sum, { score }) => sum + score, 0) / Math.max(1, all.length);
  // The earliest of the best: the greedy answer if no other is better.
  const bestOf = answers.map((each) => each.toSorted((a, b) => b.score - a.score).at(0));
  // Answers that are merely good help while hardly any are right.
  const isEnough = bestOf.filter((best) => best && isRight(best)).length >= fewestRows;
  const rows = asked.flatMap((row, place) => {
    const best = bestOf[place];
    return best && best.prediction !== '' && (isRight(best) || (!isEnough && best.score > average))
      ? [{ ...row, values: { ...row.values, [trainer.outputColumn]: best.prediction } }]
      : [];
  });
  context.emit({
    type: 'ownAnswersJudged',
    phase,
    rows: asked.length,
    answers: all.length,
    passed: all.filter(isRight).length,
    learned: rows.length,
    tokensUsed: spent + tokensUsed,
  });
  return { rows, tokensUsed };
}

/** Sampling applies to the last step's answers, or to all answers of a single prompt. */
function sampled(prompt: Prompt, sampling: { readonly temperature: number; readonly topP: number; readonly seed: number }): Prompt {
  const steps = stepsOf(prompt);
  const last = steps[steps.length - 1];
  return asProgram([...steps.slice(0, -1), { ...last, decoding: { ...last.decoding, ...sampling } }]);
}

/** The rows, with the model's answers where they have none. For measurements of time, which do not need good answers. */
export function answeredBy(rows: readonly Row[], results: readonly RowResult[], output: string): Row[] {
  return rows.map((row, place) =>
    Object.hasOwn(row.values, output) ? row : { ...row, values: { ...row.values, [output]: results[place].prediction } },
  );
}

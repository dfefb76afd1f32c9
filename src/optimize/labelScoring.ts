/**
 * @file Label scoring: how the labels' probabilities become an answer. They are summed over their tokens, averaged, or corrected for length, with or
 * without domain-context calibration (Fei et al. 2023). Once the valset has been measured, the other ways cost little. On a small model they can
 * gain more than any wording, because labels differ in length, and in how likely the model finds them regardless of the input.
 */
import type { Row } from '../data/dataset.ts';
import { limitRows } from '../data/split.ts';
import { domainCount } from '../evaluate/calibration.ts';
import { compareEvaluations, type Comparison, type Evaluation } from '../evaluate/evaluation.ts';
import type { Candidate } from '../evaluate/evaluator.ts';
import { isFramed } from '../prompt/frame.ts';
import type { Prompt } from '../prompt/prompt.ts';
import type { Adapter } from '../model/adapter.ts';
import type { OptimizationContext } from './coordinator.ts';
import type { MeasuredState } from './events.ts';
import { likely, mostToJudge, telling } from './gate.ts';
import type { MeasuredCandidate, MeasuredOutcome, Outcome } from './outcome.ts';
import { hasAnswers } from './ownAnswers.ts';
import { collectRunners } from './proposers/collect.ts';
import { decodingProposals } from './proposers/decoding.ts';
import { promptKey, type Proposal } from './proposers/proposer.ts';
import type { Purse } from './purse.ts';
import { measureAll } from './successiveHalving.ts';
import { bestFirst } from '../evaluate/ranking.ts';

/** Whether there is more than one way, and the prompt's file can say which. */
export const hasScorings = ({ evaluator, prompt }: OptimizationContext): boolean =>
  evaluator.task.labels !== undefined && !isFramed(prompt);

/** The prompt with every other way that costs little. Empty if the answer is free text, or in a frame. @param measured of the prompt; no right answers are used */
export function otherScorings(
  { evaluator, trainset }: Pick<OptimizationContext, 'evaluator' | 'trainset'>,
  prompt: Prompt,
  { lengthSlope }: Pick<Evaluation, 'lengthSlope'>,
): Proposal[] {
  const { task } = evaluator;
  if (!task.labels || isFramed(prompt)) return [];
  return decodingProposals(prompt, task, { trainset, ...(lengthSlope !== undefined && { lengthSlope }) });
}

/** Why it comes first. */
export const scoringFirst = 'trying other label scoring costs almost nothing';

export interface ScoringStart {
  readonly phase: number;
  readonly memory: { readonly current: MeasuredState };
  /** The evaluation of the current state on the valset. */
  readonly before: Evaluation;
  readonly adapter: Adapter | undefined;
  /** What the phase may spend. */
  readonly budget: Purse;
}

/** A first phase, which tries other label scoring for the unchanged prompt. */
export async function scoringPhase(
  context: OptimizationContext,
  { phase, memory, before, adapter, budget }: ScoringStart,
): Promise<Outcome> {
  const { prompt } = memory.current;
  const { runners, take } = collectRunners(context, phase, prompt, [promptKey(prompt)]);
  for (const proposal of otherScorings(context, prompt, before)) take('label scoring', proposal);
  const costOf = scoringCosts(before);
  const { finishers, tokensUsed } = await measureAll(context, phase, runners, adapter, before, budget, (_, evaluation) =>
    costOf(evaluation),
  );
  const [winner] = finishers;
  if (!winner) return { tokensUsed };
  const { id, evaluation, reason: scoring } = winner;
  const measured: MeasuredCandidate = { id, prompt: winner.prompt, adapter, evaluation, among: runners.length, scoring };
  const more = trainingRowsToo(context, adapter, compareEvaluations(before, evaluation));
  if (more.length === 0) return { measured, tokensUsed };
  return judgedOnMore(context, { measured, tokensUsed }, { before, rows: [...context.valset, ...more], prompt });
}

function trainingRowsToo(context: OptimizationContext, adapter: Adapter | undefined, { score }: Comparison): Row[] {
  const { trainset, valset, seed } = context;
  if (valset.length >= telling || adapter || score.probabilityBetter < likely || !hasAnswers(context)) return [];
  return limitRows(trainset, telling - valset.length, seed);
}

async function judgedOnMore(
  { evaluator }: OptimizationContext,
  { measured, tokensUsed }: MeasuredOutcome,
  { before, rows, prompt }: { readonly before: Evaluation; readonly rows: readonly Row[]; readonly prompt: Prompt },
): Promise<MeasuredOutcome> {
  const { adapter } = measured;
  const former = await evaluator.evaluate({ prompt, adapter }, rows);
  const latter = await evaluator.evaluate({ prompt: measured.prompt, adapter }, rows);
  const evidence = { before: former, after: latter, told: `judged on ${rows.length} rows, including training rows` };
  return {
    measured: { ...measured, evidence },
    tokensUsed: tokensUsed + Math.max(0, former.tokensUsed - before.tokensUsed) + scoringCosts(former)(latter),
  };
}

/**
 * The best label scoring for a measured candidate, where each other way counts as one more result. A way that was best for other weights gets no
 * preference, because a calibration may have corrected what training has now taught. Domain calibration stays valid when somebody changes the wording
 * of the prompt, so it is chosen if it is equally good.
 */
export async function bestScoring(
  context: OptimizationContext,
  { prompt, adapter }: Candidate,
  measured: Evaluation,
): Promise<MeasuredOutcome> {
  const { evaluator, valset } = context;
  const costOf = scoringCosts(measured);
  const tuned = adapter ? { adapter } : {};
  const ways: MeasuredCandidate[] = [{ prompt, ...tuned, evaluation: measured }];
  let tokensUsed = 0;
  for (const { prompt: other, reason: scoring } of otherScorings(context, prompt, measured)) {
    const evaluation = await evaluator.evaluate({ prompt: other, adapter }, valset);
    tokensUsed += costOf(evaluation);
    ways.push({ prompt: other, ...tuned, evaluation, scoring, without: { part: 'decoding', evaluation: measured } });
  }
  const isCalibrated = ({ prompt: { decoding } }: MeasuredCandidate): boolean =>
    ({ ...evaluator.task.decoding, ...decoding }).calibration === 'domain';
  const [best, calibrated] = [ways, ways.filter(isCalibrated)].map((from) => [...from].sort(bestFirst).at(0));
  const isLevel = calibrated?.evaluation.score.mean === best!.evaluation.score.mean;
  return { measured: { ...(isLevel ? calibrated : best!), scorings: ways.length }, tokensUsed };
}

/** A candidate on the valset with its best label scoring, or with its current one if that must not change. */
export async function measureBest(context: OptimizationContext, candidate: Candidate, mayChange: boolean): Promise<MeasuredOutcome> {
  const evaluation = await context.evaluator.evaluate(candidate, context.valset);
  const { tokensUsed } = evaluation;
  if (!mayChange) return { measured: { ...candidate, evaluation, scorings: 1 }, tokensUsed };
  const best = await bestScoring(context, candidate, evaluation);
  return { measured: best.measured, tokensUsed: tokensUsed + best.tokensUsed };
}

/** The candidate as the best of several measurements, each with its labels scored in the same number of ways. */
export const bestOf = (measured: MeasuredCandidate, measurements: number): MeasuredCandidate => ({
  ...measured,
  among: measurements * (measured.scorings ?? 1),
});

/** In how many ways a measurement of these weights may be scored, and how many measurements there may be, so that the best of all can be judged. */
export interface Judgeable {
  readonly mayRescore: boolean;
  readonly measurements: number;
}

/**
 * How the result of a whole training may be scored if all rows of both splits will judge it: no measurement during the training chooses when to stop.
 */
export function judgeableTwice(
  context: Pick<OptimizationContext, 'evaluator' | 'trainset' | 'valset'>,
  prompt: Prompt,
  before: Pick<Evaluation, 'lengthSlope'>,
  mayRescore: boolean,
): Judgeable {
  const valset = [...context.valset, ...context.trainset];
  return { ...judgeable({ ...context, valset }, prompt, before, mayRescore), measurements: 1 };
}

/**
 * The more results there are to choose from, the more rows are needed to judge the best of them. With few rows there are fewer results: first fewer
 * ways of label scoring, then fewer measurements.
 * @param mayRead whether label scoring may change at all
 * @param prompts that each measurement measures
 */
export function judgeable(
  context: Pick<OptimizationContext, 'evaluator' | 'trainset' | 'valset'>,
  prompt: Prompt,
  before: Pick<Evaluation, 'lengthSlope'>,
  mayRescore: boolean,
  prompts = 1,
): Judgeable {
  const results = Math.floor(mostToJudge(context.valset.length) / prompts);
  const scorings = mayRescore ? 1 + otherScorings(context, prompt, before).length : 1;
  if (scorings > results) return { mayRescore: false, measurements: Math.max(1, results) };
  return { mayRescore, measurements: Math.floor(results / scorings) };
}

/** Tokens that a measurement is expected to cost, with every way in which it may be scored. @param before the current prompt on the valset */
export function measuringCost({ evaluator, valset }: OptimizationContext, { tokensUsed }: Evaluation, mayRescore: boolean): number {
  return mayRescore && evaluator.task.labels ? Math.round(tokensUsed * (1 + domainCount / valset.length)) : tokensUsed;
}

/**
 * Measures the adapters of a phase, each with its best label scoring.
 * @returns `of`: the measured outcome of an adapter
 */
export function bestScorings(
  context: OptimizationContext,
  prompt: Prompt,
  mayChange: boolean,
): { measure: (adapter: Adapter) => Promise<Evaluation>; of: (adapter: Adapter) => MeasuredOutcome } {
  const outcomes = new Map<string, MeasuredOutcome>();
  return {
    async measure(adapter) {
      const outcome = await measureBest(context, { prompt, adapter }, mayChange);
      outcomes.set(adapter.id, outcome);
      return { ...outcome.measured.evaluation, tokensUsed: outcome.tokensUsed };
    },
    of: ({ id }) => outcomes.get(id)!,
  };
}

/** The cost of measuring one after another: the scores of the labels are cached, and only what a calibration asks first is new. */
export function scoringCosts(measured: Evaluation): (evaluation: Evaluation) => number {
  let known = measured.tokensUsed;
  return ({ tokensUsed }) => {
    const more = Math.max(0, tokensUsed - known);
    known += more;
    return more;
  };
}

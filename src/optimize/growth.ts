/** @file What a curriculum gives to an alternating phase: rows by role, what may move, and guards against regression. */
import type { Row } from '../data/dataset.ts';
import type { Evaluation } from '../evaluate/evaluation.ts';
import type { Candidate } from '../evaluate/evaluator.ts';
import { isRight } from '../evaluate/judging.ts';
import { weightDrift } from '../model/adapterTraining.ts';
import type { Adapter } from '../model/adapter.ts';
import type { OptimizationContext } from './coordinator.ts';
import {
  leastMeasured,
  pacedBatches,
  recordRows,
  rowsOf,
  shareInPlay,
  type Curriculum,
  type CurriculumOptions,
  type Difficulties,
  type RowRole,
} from './curriculum.ts';
import type { GateDecision } from './gate.ts';
import type { MeasuredCandidate } from './outcome.ts';
import { freedomOf, freedomStages, nextStage, relaxed, type FreedomMemory, type FreedomStage } from './freedom.ts';

export interface GrowthMemory {
  readonly difficulties: Difficulties;
  /** Tokens spent so far on measuring rows. */
  readonly measuring: number;
  readonly freedom?: FreedomMemory;
}

export const noGrowth: GrowthMemory = { difficulties: {}, measuring: 0 };

/** What one phase receives. Empty without a curriculum. */
export interface PhaseGrowth {
  readonly stage?: FreedomStage;
  readonly rows?: PhaseRows;
  /** Tokens that it cost before the phase. */
  readonly tokensUsed: number;
}

export const noPhaseGrowth: PhaseGrowth = { tokensUsed: 0 };

export interface PhaseRows {
  /** Rows that the model has always failed. The prompt should address them. */
  readonly hard: readonly Row[];
  /** Rows that the model has always passed. */
  readonly guards: readonly Row[];
  /** Draws the batches of a weight phase. @param progress the current share of the run's budget that is spent */
  batches(seed: number, progress: () => number): (count: number) => Row[];
  /** Measures some rows again with the weights in training, for the coming batches. @returns tokens */
  remeasure(candidate: Candidate, count: number): Promise<number>;
  difficulties(): Difficulties;
}

const growsData = (curriculum: Curriculum): boolean => curriculum === 'data' || curriculum === 'both';
const growsFreedom = (curriculum: Curriculum): boolean => curriculum === 'freedom' || curriculum === 'both';

/**
 * Shares of the budget: for the first look at the training rows, and for a look before a later phase. The third is the limit for all looks, as a
 * share of the tokens spent.
 */
const firstLook = 0.05;
const laterLook = 0.02;
const mostLooking = 0.1;
/** The fewest rows in a look. */
const fewestRows = 16;
/** The most always-passed rows that a candidate must still pass, and the share of them that it may lose. */
const mostGuards = 32;
const guardsLost = 0.1;

/** The stage of the coming phase, reported if it is new. @param stuck nothing helps in the current one */
export function growFreedom(
  { emit, budget, trainer, seed }: OptimizationContext,
  { curriculum, pacing }: CurriculumOptions,
  memory: GrowthMemory,
  spent: number,
  phase: number,
  stuck = false,
): GrowthMemory {
  if (!growsFreedom(curriculum)) return memory;
  const next = stuck
    ? { stage: memory.freedom!.stage + 1, because: 'neither the prompt nor the weights improve any further at this stage' }
    : nextStage(pacing, memory.freedom, spent / budget);
  if (next.stage === memory.freedom?.stage) return memory;
  const stage = freedomStages[next.stage];
  const { config, pairs } = trainer.fresh(seed);
  const layers = 1 + Math.max(...pairs.map(({ layer }) => layer));
  const { rank, fromLayer } = freedomOf(stage, config, layers);
  emit({
    type: 'freedomGrown',
    phase,
    stage: next.stage + 1,
    stages: freedomStages.length,
    name: stage.name,
    prompt: stage.prompt,
    rank: [rank, config.rank],
    layers: [layers - fromLayer, layers],
    penalty: stage.penalty,
    because: next.because,
  });
  return { ...memory, freedom: { stage: next.stage, helped: true } };
}

/** Whether another stage is to come. Then a run does not end because nothing helps. */
export const canGrow = ({ freedom }: GrowthMemory): boolean => freedom !== undefined && freedom.stage < freedomStages.length - 1;

/** Measures training rows with the current model, and gives the phase its share of them. */
export async function growthOf(
  context: OptimizationContext,
  { curriculum, pacing }: CurriculumOptions,
  memory: GrowthMemory,
  candidate: Candidate,
  before: Evaluation,
  spent: number,
  phase: number,
): Promise<PhaseGrowth> {
  const stage = memory.freedom && freedomStages[memory.freedom.stage];
  if (!growsData(curriculum)) return { ...(stage && { stage }), tokensUsed: 0 };
  const { evaluator, trainset, budget, seed, emit } = context;
  let known = memory.difficulties;
  const look = async (asked: Candidate, count: number): Promise<Evaluation> => {
    const evaluation = await evaluator.evaluate(asked, leastMeasured(trainset, known, count, seed));
    known = recordRows(known, evaluation.rows);
    return evaluation;
  };
  const first = memory.measuring === 0;
  let tokensUsed = 0;
  if (first || memory.measuring < mostLooking * spent) {
    const rowTokens = before.tokensUsed / before.rows.length;
    const seen = await look(candidate, Math.max(fewestRows, Math.floor(((first ? firstLook : laterLook) * budget) / rowTokens)));
    tokensUsed = seen.tokensUsed;
    const count = (role: RowRole): number => rowsOf(role, trainset, known).length;
    const measured = Object.values(known);
    emit({
      type: 'difficultyMeasured',
      phase,
      rows: seen.rows.length,
      known: measured.length,
      success: measured.reduce((sum, { success }) => sum + success, 0) / measured.length,
      passRate: seen.score.mean,
      ...(seen.logLikelihood && { logLikelihood: seen.logLikelihood.mean }),
      roles: { weights: count('weights'), prompt: count('prompt'), guard: count('guard') },
      inPlay: shareInPlay(pacing, spent / budget),
      tokensUsed: spent + tokensUsed,
    });
  }
  const rows: PhaseRows = {
    hard: rowsOf('prompt', trainset, known),
    guards: rowsOf('guard', trainset, known).slice(0, mostGuards),
    batches: (batchSeed, progress) => pacedBatches(trainset, pacing, batchSeed, () => ({ known, progress: progress() })),
    remeasure: async (asked, count) => (await look(asked, count)).tokensUsed,
    difficulties: () => known,
  };
  return { ...(stage && { stage }), rows, tokensUsed };
}

/** What a phase in this stage may train, with the penalties of the stage. */
export function growthOfWeights(
  { stage }: PhaseGrowth,
  { objective }: OptimizationContext,
  { config, pairs }: Adapter,
): { readonly weightPenalty: number; readonly freedom?: { readonly rank: number; readonly fromLayer: number } } {
  if (!stage) return { weightPenalty: objective.weights };
  const layers = 1 + Math.max(...pairs.map(({ layer }) => layer));
  return { weightPenalty: relaxed(stage, objective).weights, freedom: freedomOf(stage, config, layers) };
}

/**
 * The objection to a candidate that the gate has accepted with an equal score: it loses rows that were always passed, or its gain in likelihood does
 * not pay for the penalties of the stage. A certain gain in score outweighs both.
 */
export async function objection(
  context: OptimizationContext,
  { rows, stage }: PhaseGrowth,
  decision: Pick<GateDecision, 'accepted' | 'score' | 'logLikelihood'>,
  before: MeasuredCandidate,
  after: MeasuredCandidate,
): Promise<{ readonly because?: string; readonly tokensUsed: number }> {
  if (!decision.accepted || decision.score.probabilityBetter >= 0.95) return { tokensUsed: 0 };
  if (stage && stage.penalty !== 1) {
    const { weights, prompt } = relaxed(stage, context.objective);
    const penalty = ({ adapter, evaluation }: MeasuredCandidate): number =>
      weights * (adapter ? weightDrift(adapter) : 0) + prompt * evaluation.promptTokens;
    const more = penalty(after) - penalty(before);
    const { score, logLikelihood } = decision;
    if (score.mean <= 0 && more > (logLikelihood ?? score).mean)
      return {
        because: `its penalties rose by ${more.toFixed(3)} at this stage, more than its ${logLikelihood ? 'log-likelihood' : 'score'}`,
        tokensUsed: 0,
      };
  }
  if (!rows || rows.guards.length < fewestRows) return { tokensUsed: 0 };
  const held = await context.evaluator.evaluate(after, rows.guards);
  const lost = held.rows.filter((row) => !isRight(row)).length;
  const because = `it fails ${lost} of ${held.rows.length} training rows that always passed before`;
  return { ...(lost > guardsLost * held.rows.length && { because }), tokensUsed: held.tokensUsed };
}

/** What the next phase needs to know. */
export function rememberGrowth(
  memory: GrowthMemory,
  { rows, tokensUsed }: PhaseGrowth,
  started: Difficulties,
  { accepted, helped }: { readonly accepted: boolean; readonly helped: boolean },
): GrowthMemory {
  return {
    // Measurements under weights that were not kept say nothing about the rows.
    difficulties: (accepted ? rows?.difficulties() : undefined) ?? started,
    measuring: memory.measuring + tokensUsed,
    ...(memory.freedom && { freedom: { ...memory.freedom, helped } }),
  };
}

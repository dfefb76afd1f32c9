/** @file One weight phase: LoRA steps under the current prompt, or under a mixture of it and its challengers. */
import { bestFirst } from '../evaluate/ranking.ts';
import type { Row } from '../data/dataset.ts';
import type { Adapter } from '../model/adapter.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { randomStream } from '../random.ts';
import type { AlternatingMemory, AlternatingOptions, PhaseStart } from './alternatingPhase.ts';
import type { OptimizationContext } from './coordinator.ts';
import { exchanged, isFew, mayExchange, shareOfFirst } from './exchange.ts';
import { canGrow, growthOfWeights, noPhaseGrowth } from './growth.ts';
import { rateAfter } from './learningRate.ts';
import { mixtureOf, paraphrases } from './paraphrases.ts';
import { textKey } from './proposers/proposer.ts';
import { hasAnswers, rowsToLearn } from './ownAnswers.ts';
import { after, allowance, keeping, purseOf, type Purse } from './purse.ts';
import { bestOf, bestScorings, judgeable, judgeableTwice, measureBest, measuringCost } from './labelScoring.ts';
import type { MeasuredOutcome, Outcome } from './outcome.ts';
import { mayTeachAll } from './refit.ts';
import { recipeAfter, type Recipe, type Training } from './recipe.ts';
import { planPhase, type PhaseSteps } from './stepCost.ts';
import { shortest } from './shorten.ts';
import { shotsFor } from './shots.ts';
import type { Lesson, Trained, TrainingJob } from './trainer.ts';

/**
 * What a weight phase tries after it has failed: continue gently, then start again with other batches. The rate is a factor on the options'.
 * Learning rate and stopping decide more than anything else on few rows, and only the valset can choose them.
 */
export const attempts = [
  { anew: false, rate: 1, otherShots: false },
  { anew: false, rate: 0.3, otherShots: false },
  { anew: true, rate: 2, otherShots: true },
];

export async function weightPhase(context: OptimizationContext, options: AlternatingOptions, start: PhaseStart): Promise<Outcome> {
  const { phase, memory, before, adapter, spent, budget, growth } = start;
  const { prompt } = memory.current;
  const rowCost = before.tokensUsed / before.rows.length;
  const learned = await rowsToLearn(context, { prompt, ...(adapter && { adapter }) }, { phase, spent, budget, rowCost });
  if (learned.rows.length === 0) return { tokensUsed: learned.tokensUsed };
  const outcome = await trainPhase({ ...context, trainset: learned.rows }, options, {
    ...start,
    spent: spent + learned.tokensUsed,
    budget: after(budget, learned.tokensUsed),
    // A curriculum paces the rows of the data, which have no answers to learn then.
    ...(growth && !hasAnswers(context) && { growth: { tokensUsed: growth.tokensUsed, ...(growth.stage && { stage: growth.stage }) } }),
  });
  return { ...outcome, tokensUsed: learned.tokensUsed + outcome.tokensUsed };
}

/** What a phase trains, and how: all that is known before the first step. */
interface Plan {
  readonly job: TrainingJob;
  readonly start: Adapter;
  /** Undefined where the weights are not fresh. */
  readonly seedOfStart: number | undefined;
  readonly budget: Purse;
  /** Tokens that a measurement is expected to cost. */
  readonly measuring: number;
  /** Whose weights they are to be. */
  readonly prompt: Prompt;
  /** Live prompts beside it that they are measured under too. */
  readonly rivals: readonly Prompt[];
  /** All that they are trained under. */
  readonly wordings: readonly Prompt[];
  /** Under paraphrases as well. */
  readonly varies: boolean;
  readonly otherShots: boolean;
  readonly shots: number;
  /** Why the prompt is the short one, where it is. */
  readonly absorbed?: string;
  readonly mayRescore: boolean;
  /** Whether the splits may be exchanged, and whether all rows may teach in the end. */
  readonly exchanges: boolean;
  readonly teachesAll: boolean;
}

/** Under which prompts, from which weights, and how many steps. */
async function planOf(context: OptimizationContext, options: AlternatingOptions, given: PhaseStart): Promise<Plan> {
  const { phase, memory, before, adapter, promising, budget, growth = noPhaseGrowth } = given;
  const { trainer, seed } = context;
  const { failures, phases } = memory.statistics.weights;
  const shorter = absorbable(context, options, memory);
  // The first turn is that of the short prompt; where it has failed, the other attempts follow.
  const { anew, rate, otherShots } =
    attempts[promising ? 0 : Math.max(0, failures - (shorter && failures === phases ? 1 : 0)) % attempts.length];
  const absorbs = shorter && (phases === 0 || isSame(memory.promising?.prompt, shorter.prompt)) ? shorter : undefined;
  const prompt = memory.promising?.prompt ?? absorbs?.prompt ?? memory.current.prompt;
  const prompts = distinct([prompt, ...(options.strategy === 'mixture' && !absorbs ? [context.prompt, ...memory.challengers] : [])]);
  // Of a program the wording of one step alone says little; a published method trains under its own prompt.
  const gated = options.schedule.kind === 'gated';
  const mayChange = options.targets.includes('prompt');
  const mixes = gated && mayChange && options.strategy !== 'mixture' && !context.program;
  const wordings = mixes ? mixtureOf(prompt, await paraphrases(context, prompt)) : prompts;
  const shots = shotsFor(context.trainset.length, otherShots);
  const lessons = lessonsOf(context.trainset, wordings, shots);
  // What is trained must be measured too, under every live prompt.
  const whole = keeping(budget, prompts.length * before.tokensUsed);
  const isSimple = gated && prompts.length === 1 && !growth.rows;
  const exchanges = isSimple && mayExchange(context, { adapter, promising });
  const teachesAll = isSimple && mayTeachAll(context);
  const isJudgedTwice = exchanges && isFew(context);
  const affordable = isJudgedTwice ? shareOfFirst(whole, stepCostOf(context, lessons, options)) : whole;
  const judged = isJudgedTwice
    ? judgeableTwice(context, prompt, before, mayChange)
    : gated
      ? judgeable(context, prompt, before, mayChange, prompts.length)
      : undefined;
  const measuring = measuringCost(context, before, judged?.mayRescore ?? false);
  const cost = { measuring, affordable: allowance(affordable), measurements: judged?.measurements };
  const { steps, most, every, pace, patience } = lengthOf(context, options, memory, lessons, cost);
  const seedOfPhase = randomStream(seed, 'phase', phase, 'weights').integer(2 ** 31);
  const goesOn = promising ?? (anew ? undefined : adapter);
  const seedOfStart = goesOn ? undefined : anew ? seedOfPhase : seed;
  const start = goesOn ?? trainer.fresh(seedOfStart!);
  const job: TrainingJob = {
    from: start.id,
    lessons,
    steps,
    mostSteps: most,
    batchRows: options.batchRows,
    learningRate: options.learningRate * rate * (anew ? 1 : pace),
    ...growthOfWeights(growth, context, start),
    seed: seedOfPhase,
    measureEvery: every,
    patience,
  };
  return {
    ...{ job, start, seedOfStart, prompt, rivals: prompts.slice(1), wordings, otherShots, shots, exchanges, teachesAll },
    budget: affordable,
    measuring,
    varies: mixes && wordings.length > 1,
    ...(absorbs && { absorbed: absorbs.because }),
    mayRescore: judged?.mayRescore ?? false,
  };
}

async function trainPhase(context: OptimizationContext, options: AlternatingOptions, given: PhaseStart): Promise<Outcome> {
  const { phase, memory, spent, growth = noPhaseGrowth } = given;
  const { trainer, emit, signal } = context;
  const plan = await planOf(context, options, given);
  const { job, start, budget, measuring, prompt, rivals, mayRescore, absorbed } = plan;
  const scoring = bestScorings(context, prompt, mayRescore);
  let reached = spent;
  const { rows } = growth;
  const tuned = await trainer.train(job, {
    ...{ start, budget, signal, measuring, measure: scoring.measure },
    ...(rows && {
      batches: rows.batches(job.seed, () => reached / context.budget),
      afterMeasurement: (candidate) => rows.remeasure({ prompt, adapter: candidate }, options.batchRows),
    }),
    onStep: (step) => {
      reached = spent + step.tokensUsed;
      emit({ type: 'weightStep', phase, ...step, tokensUsed: reached });
    },
  });
  if (!tuned.evaluation) return { tokensUsed: tuned.tokensUsed };
  let { tokensUsed } = tuned;
  const underAll = [scoring.of(tuned.adapter)];
  for (const other of rivals) {
    const outcome = await measureBest(context, { prompt: other, adapter: tuned.adapter }, mayRescore);
    tokensUsed += outcome.tokensUsed;
    underAll.push(outcome);
  }
  underAll.sort((a, b) => bestFirst(a.measured, b.measured));
  const [winner, ...rest] = underAll;
  const judged = await onAllRows(context, options, { ...given, spent: spent + tokensUsed }, plan, tuned, winner);
  const { scorings: _, ...onAll } = judged.measured;
  return {
    measured: {
      // All rows judge one way to score the labels of each measurement.
      ...(onAll.evidence ? { ...onAll, among: tuned.measurements } : bestOf(judged.measured, tuned.measurements * underAll.length)),
      ...(absorbed !== undefined && { absorbed }),
    },
    tokensUsed: tokensUsed + judged.tokensUsed,
    ...(judged.recipe && { recipe: judged.recipe }),
    // The live prompts thin out, phase by phase, as evidence comes in.
    challengers:
      options.strategy === 'mixture'
        ? rest.slice(0, Math.max(0, options.challengers - 1)).map(({ measured }) => measured.prompt)
        : memory.challengers,
  };
}

/**
 * What all rows say of a training where few validate, and how it may be done again on all of them.
 * @param winner the training with its labels scored as is best on the valset
 */
async function onAllRows(
  context: OptimizationContext,
  options: AlternatingOptions,
  { phase, memory, before, adapter, spent }: PhaseStart,
  { job, start, seedOfStart, prompt, wordings, varies, otherShots, shots, mayRescore, exchanges, teachesAll }: Plan,
  tuned: Trained,
  winner: MeasuredOutcome,
): Promise<MeasuredOutcome> {
  const all = [...context.trainset, ...context.valset];
  const recipeOfAll = (): Recipe | undefined => {
    const stepCost = stepCostOf(context, lessonsOf(all, wordings, shots), options);
    const training = { job: jobAgain(job, tuned.steps), otherShots, varies, stepCost };
    return recipeAfter(memory.recipes, { id: start.id, seed: seedOfStart }, tuned.adapter.id, training, before.tokensUsed);
  };
  const recipe = teachesAll ? recipeOfAll() : undefined;
  const known = recipe ? { recipe } : {};
  if (!exchanges) return { measured: winner.measured, ...known, tokensUsed: 0 };
  const result = await exchanged(context, {
    ...{ job, start, tuned, winner, measurements: tuned.measurements, prompt, mayRescore, before },
    current: { prompt: memory.current.prompt, adapter },
    // The other half's rows may be longer: what is left of the run pays for that.
    budget: after(purseOf(context), spent),
    lessonsOf: (rows) => lessonsOf(rows, wordings, shots),
    onStep: (step) => context.emit({ type: 'weightStep', phase, aside: true, ...step, tokensUsed: spent + step.tokensUsed }),
  });
  return { ...result, ...known };
}

/** The rows under each prompt; as sequences of worked examples where rows are few. */
function lessonsOf(rows: readonly Row[], prompts: readonly Prompt[], shots: number): Lesson[] {
  return prompts.map((prompt) => ({ prompt, rows, shots: Math.min(shots, Math.max(0, rows.length - 1)) }));
}

const isSame = (a: Prompt | undefined, b: Prompt): boolean => a !== undefined && textKey(a) === textKey(b);

/** Fewer tokens are not worth a phase. */
const leastAbsorbed = 48;

/**
 * The prompt without its instruction, for the weights to learn what it says: a step costs a fraction, and what they learn from rows says the
 * same. Only of the author's prompt, where the gate judges the result and the text may change.
 */
function absorbable(
  { trainer, trainset: rows, prompt: author }: OptimizationContext,
  { schedule, targets, curriculum, strategy }: AlternatingOptions,
  { current }: AlternatingMemory,
): { readonly prompt: Prompt; readonly because: string } | undefined {
  if (schedule.kind !== 'gated' || !targets.includes('prompt') || curriculum !== 'none' || strategy === 'mixture') return undefined;
  // What the gate has chosen is not thrown away.
  if (!isSame(author, current.prompt)) return undefined;
  const prompt = shortest(current.prompt);
  if (!prompt) return undefined;
  // All rows of a batch of one share nothing but the prompt.
  const costOf = (each: Prompt): number => trainer.stepCost({ prompt: each, rows, shots: 0 }, 1) / 3;
  const tokens = Math.round(costOf(current.prompt) - costOf(prompt));
  return tokens < leastAbsorbed ? undefined : { prompt, because: `the weights learn what ${tokens} prompt tokens said` };
}

/**
 * A parameter step of the classic loop is one step; a chain's weight phase takes longer, as far as its share goes. With the gate a phase takes what
 * the budget pays for where that is fewer than usual, or too few more for another phase: the learning rate has come down when the budget ends.
 * @param cost tokens of one measurement and those that may be spent, and how many measurements the gate can judge
 * @returns with the most steps that it may become where the clock allows more, a factor on the rate of weights that go on, and after how many measurements without a better one the phase gives up, if it does
 */
function lengthOf(
  context: OptimizationContext,
  options: AlternatingOptions,
  memory: AlternatingMemory,
  lessons: readonly Lesson[],
  {
    measuring,
    affordable,
    measurements,
  }: { readonly measuring: number; readonly affordable: number; readonly measurements: number | undefined },
): PhaseSteps & { readonly most: number; readonly pace: number; readonly patience?: number } {
  const { schedule, weightSteps, patience } = options;
  const stepCost = stepCostOf(context, lessons, options);
  // No long phase while less may move than will.
  const grows = memory.growth !== undefined && canGrow(memory.growth);
  const plan = planPhase(grows ? { ...options, weightEpochs: 0 } : options, context.trainset.length, stepCost, measuring, measurements);
  if (schedule.kind === 'classic') return { ...plan.within(1), most: 1, pace: 1, patience };
  if (schedule.kind === 'chain') return { ...plan.within(3 * weightSteps, affordable), most: 3 * weightSteps, pace: 1, patience };
  const { usual, isLong } = plan;
  const longest = Math.ceil(1.5 * usual);
  const rest = plan.within(longest, affordable);
  const takesAll = rest.steps < longest;
  const phase = takesAll ? rest : plan.within(usual);
  // Another long phase in little, with a rate that is high again, would undo what weights have learned from many rows: it is the end of one.
  const ends = isLong && phase.steps < usual && memory.statistics.weights.gain > 0;
  // What giving up would save of the last phase nothing else could use.
  const most = takesAll ? longest : phase.steps;
  return { ...phase, most, pace: ends ? rateAfter(1 - phase.steps / usual) : 1, ...(!takesAll && { patience }) };
}

/** A job as it was done, without what belongs to its rows and its measurements. */
function jobAgain(
  { from: _, lessons: __, mostSteps: ___, patience: ____, measureEvery: _____, ...job }: TrainingJob,
  steps: number,
): Training['job'] {
  return { ...job, steps };
}

/** Tokens of a step, on average over the lessons. */
const stepCostOf = ({ trainer }: OptimizationContext, lessons: readonly Lesson[], { batchRows }: AlternatingOptions): number =>
  mean(lessons.map((lesson) => trainer.stepCost(lesson, batchRows)));

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The same text read in two ways is trained once: each measurement tries all ways to read it. */
function distinct(prompts: readonly Prompt[]): Prompt[] {
  const seen = new Set<string>();
  const keys = prompts.map(textKey);
  return prompts.filter((_, place) => !seen.has(keys[place]) && seen.add(keys[place]));
}

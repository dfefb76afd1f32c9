/** @file One joint phase: AdamW on a soft prompt and on a LoRA, each with its own rate, from the same gradients of the same batches. */
import type { Evaluation } from '../evaluate/evaluation.ts';
import { makeAdapter, type Adapter } from '../model/adapter.ts';
import { instructionOf, withSoftLine } from '../prompt/instruction.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { columnsOf } from '../prompt/template.ts';
import { randomStream } from '../random.ts';
import type { OptimizationContext } from './coordinator.ts';
import type { MeasuredState } from './events.ts';
import type { Outcome } from './outcome.ts';
import type { SimultaneousOptions } from './simultaneousOptions.ts';
import { after, allowance, clocked, keeping, purseOf } from './purse.ts';
import { bestOf, bestScorings, judgeable, measuringCost } from './labelScoring.ts';
import { shotsFor } from './shots.ts';
import { planPhase } from './stepCost.ts';
import type { TrainingJob } from './trainer.ts';

export interface JointStart {
  readonly phase: number;
  readonly best: MeasuredState;
  readonly adapter: Adapter | undefined;
  /** The best prompt that is all text. */
  readonly text: Prompt;
  /** The evaluation of the best state on the valset. */
  readonly before: Evaluation;
  /** Tokens spent since the start of the optimization. */
  readonly spent: number;
  /** A factor on both rates. */
  readonly rate: number;
}

export async function jointPhase(context: OptimizationContext, options: SimultaneousOptions, start: JointStart): Promise<Outcome> {
  const { trainer, seed, emit, objective } = context;
  const { phase, best, text, before, spent, rate } = start;
  const seedOfPhase = randomStream(seed, 'phase', phase, 'joint').integer(2 ** 31);
  const prompt = withSoftLine(best.prompt);
  const weights = start.adapter ?? trainer.fresh(seed);
  const weightsMove = options.targets.includes('weights');
  const soft = start.adapter?.soft ?? trainer.soft.begin(startText(context, best.prompt), { ...options, seed: seedOfPhase });
  const pairs = weightsMove || start.adapter ? weights.pairs : [];
  const adapter = makeAdapter(pairs.length ? weights.config : { ...weights.config, targets: [] }, pairs, soft);
  const shots = shotsFor(context.trainset.length);
  const stepCost = trainer.stepCost({ prompt, rows: context.trainset, shots }, options.batchRows, soft);
  const length = { weightSteps: options.steps, weightEpochs: options.epochs, batchRows: options.batchRows };
  const judged = judgeable(context, prompt, before, true);
  const measuring = measuringCost(context, before, judged.mayRescore);
  const plan = planPhase(length, context.trainset.length, stepCost, measuring, judged.measurements);
  const left = after(purseOf(context), spent);
  // At most the phase's share of the remaining budget, measurements included.
  const most = options.jointShare * allowance(left) - 5 * measuring;
  const steps = Math.max(5, Math.min(plan.usual, Math.floor(most / stepCost)));
  const scoring = bestScorings(context, prompt, judged.mayRescore);
  const prompts = promptsOf(prompt, text, weightsMove ? options.textBatches : 0);
  const job: TrainingJob = {
    from: adapter.id,
    lessons: prompts.map((each) => ({ prompt: each, rows: context.trainset, shots })),
    steps,
    mostSteps: plan.usual,
    batchRows: options.batchRows,
    learningRate: weightsMove ? options.learningRate * rate : 0,
    weightPenalty: weightsMove ? objective.weights : 0,
    soft: { learningRate: options.softRate * rate, penalty: objective.prompt },
    seed: seedOfPhase,
    measureEvery: plan.within(steps).every,
    patience: options.patience,
  };
  const tuned = await trainer.train(job, {
    start: adapter,
    budget: keeping(clocked(left, options.jointShare), measuring),
    measuring,
    signal: context.signal,
    measure: scoring.measure,
    onStep: (step) => emit({ type: 'weightStep', phase, ...step, tokensUsed: spent + step.tokensUsed }),
  });
  const { adapter: found, evaluation, measurements, tokensUsed } = tuned;
  return { ...(evaluation && { measured: bestOf(scoring.of(found).measured, measurements) }), tokensUsed };
}

/**
 * The initial text of the soft prompt: the instruction, or without one the question itself. Lester et al. 2021 start from the labels. For a small
 * model, the names of the labels do more harm than the steps of a run can undo (docs/simultaneous.md).
 */
export function startText({ trainer }: Pick<OptimizationContext, 'trainer'>, prompt: Prompt): string {
  const author = instructionOf(prompt);
  if (author !== '') return author;
  const thing = columnsOf(prompt).find((name) => name !== trainer.outputColumn) ?? 'input';
  const words = (name: string): string => name.replaceAll(/[_-]/g, ' ');
  return `Give the ${words(trainer.outputColumn)} of the ${words(thing)}.`;
}

/** The prompts that batches use in turn. */
function promptsOf(soft: Prompt, text: Prompt, textBatches: number): Prompt[] {
  return textBatches === 0 ? [soft] : [soft, ...(textBatches === 1 ? [soft, text] : [text, text])];
}

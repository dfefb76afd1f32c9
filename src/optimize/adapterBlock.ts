/**
 * @file A phase of coordinate descent on the adapter, the one which all steps share or a step's own: the last step learns the right answers,
 * given what the earlier steps answer now; the earlier ones learn the data's answers where it has them, else those of their own that led to
 * a right end (rejection sampling; Soylu et al. 2024).
 */
import type { Row } from '../data/dataset.ts';
import { isRight } from '../evaluate/metrics.ts';
import type { Adapter } from '../model/adapter.ts';
import { adapterOfStep, withStepAdapter } from '../model/stepAdapters.ts';
import { stepsOf, type Prompt } from '../prompt/prompt.ts';
import { randomStream } from '../random.ts';
import { failuresOf } from './blocks.ts';
import type { BlockResult, BlockStart, CoordinateOptions } from './coordinatePhase.ts';
import type { OptimizationContext } from './coordinator.ts';
import { after, allowance, keeping, partOf } from './purse.ts';
import { findingOf, readAlong } from './reading.ts';
import { planPhase, stepPasses } from './stepCost.ts';
import { attempts } from './weightPhase.ts';
import { tuneWeights, type WeightTrainer } from './weightTuner.ts';

export async function adapterBlock(
  context: OptimizationContext,
  options: CoordinateOptions,
  { phase, block, memory, before, adapter, spent, budget }: BlockStart,
): Promise<BlockResult> {
  const { emit, seed } = context;
  const { prompt } = memory.current;
  const { anew, rate } = attempts[failuresOf(memory.statistics, block) % attempts.length];
  const seedOfPhase = randomStream(seed, 'phase', phase, 'adapter').integer(2 ** 31);
  const { trainer, trainset, passes: tracing } = await lessonsOf(context, memory.current.prompt, adapter, block.step);
  // No answer of an earlier step has led to a right end yet.
  if (trainset.length === 0) return { prompt, passes: tracing };
  // Each step's adapter has its first turn before the budget is spent.
  const tried = Object.keys(memory.statistics).filter((name) => name.startsWith('adapter of ')).length;
  const turns = block.step === undefined ? 1 : Math.max(1, stepsOf(prompt).length - tried);
  // What is trained must be measured too.
  const share = keeping(after(partOf(budget, turns), tracing), before.passes);
  const own = block.step === undefined ? adapter : adapterOfStep(adapter, block.step);
  const whole = (tuned: Adapter): Adapter =>
    block.step === undefined ? tuned : withStepAdapter(adapter, block.step, tuned, stepsOf(prompt).length);
  const lesson = stepsOf(prompt).at(block.step ?? -1)!;
  const stepCost = stepPasses({ trainer, prompt: lesson, rows: trainset, batchRows: options.batchRows });
  // By the rows of the data, however many lessons a program makes of each: so its prompts come to their turns.
  const plan = planPhase(options, context.trainset.length, stepCost, before.passes);
  const { steps, every } = plan.within(plan.usual, allowance(share));
  const reading = readAlong(context, prompt, options.levers.includes('prompt'));
  const tuned = await tuneWeights({
    trainer,
    start: own && !anew ? own : trainer.fresh(anew ? seedOfPhase : seed),
    prompts: [lesson],
    trainset,
    steps,
    mostSteps: plan.usual,
    batchRows: options.batchRows,
    learningRate: options.learningRate * rate,
    weightPenalty: context.objective.weights,
    seed: seedOfPhase,
    budget: share,
    measuring: before.passes,
    signal: context.signal,
    measure: (candidate) => reading.measure(whole(candidate)),
    measureEvery: every,
    patience: options.patience,
    onStep: (step) => emit({ type: 'weightStep', phase, ...step, passes: spent + tracing + step.passes }),
  });
  const passes = tracing + tuned.passes;
  if (!tuned.evaluation) return { prompt, passes };
  const best = whole(tuned.adapter);
  const read = reading.of(best);
  return {
    ...{ prompt: read.prompt, adapter: best, evaluation: read.evaluation, passes, among: tuned.measurements * read.among },
    ...findingOf(read),
  };
}

export interface Lessons {
  /** Knows which step a row is for. */
  readonly trainer: WeightTrainer;
  readonly trainset: readonly Row[];
  /** Token passes that finding them cost. */
  readonly passes: number;
}

/**
 * What the adapter is trained on: the rows as they are, or of a program one row for each step that has something to learn.
 * @param only the one step whose adapter it is; all of them where absent
 */
export async function lessonsOf(
  { trainer, trainset, program, evaluator }: Pick<OptimizationContext, 'trainer' | 'trainset' | 'program' | 'evaluator'>,
  prompt: Prompt,
  adapter: Adapter | undefined,
  only?: number,
): Promise<Lessons> {
  if (!program || program.tasks.length === 1) return { trainer, trainset, passes: 0 };
  const candidate = { prompt, ...(adapter && { adapter }) };
  const evaluation = await evaluator.evaluate(candidate, trainset);
  const { rows: traced } = await program.trace(candidate, trainset);
  const steps = stepsOf(prompt);
  const last = steps.length - 1;
  const stepOfRow = new Map<string, number>();
  const earlier = traced.flatMap((row, place) => {
    return program.tasks.slice(0, last).flatMap(({ output }, step): Row[] => {
      if (only !== undefined && only !== step) return [];
      const known = trainset[place].values;
      const gold = Object.hasOwn(known, output) ? { [output]: known[output] } : undefined;
      if (!gold && !isRight(evaluation.rows[place])) return [];
      const lesson = { ...row, values: { ...row.values, ...gold }, id: `${row.id}#${step}` };
      stepOfRow.set(lesson.id, step);
      return [lesson];
    });
  });
  return {
    trainer: {
      ...trainer,
      example: (shown, row) => {
        const step = stepOfRow.get(row.id) ?? last;
        return program.example(step, step === (only ?? last) ? shown : steps[step], row);
      },
    },
    trainset: [...(only === undefined || only === last ? traced : []), ...earlier],
    passes: evaluation.passes,
  };
}

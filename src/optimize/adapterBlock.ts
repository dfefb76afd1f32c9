/**
 * @file A phase of coordinate descent on the adapter, either the one that all steps share or the one of a single step. The last step learns the right
 * answers, given what the earlier steps answer now. The earlier steps learn the data's answers if it has them. Otherwise they learn those of their
 * own answers that led to a right final answer (rejection sampling; Soylu et al. 2024).
 */
import type { Row } from '../data/dataset.ts';
import { isRight } from '../evaluate/judging.ts';
import type { Adapter } from '../model/adapter.ts';
import { adapterOfStep, withStepAdapter } from '../model/stepAdapters.ts';
import { stepsOf, type Prompt } from '../prompt/prompt.ts';
import { randomStream } from '../random.ts';
import { failuresOf } from './blocks.ts';
import type { BlockStart, CoordinateOptions } from './coordinatePhase.ts';
import type { OptimizationContext } from './coordinator.ts';
import { rowsToLearn } from './ownAnswers.ts';
import { after, allowance, keeping, partOf } from './purse.ts';
import { bestOf, bestScorings, judgeable, measuringCost } from './labelScoring.ts';
import type { Outcome } from './outcome.ts';
import { shotsFor } from './shots.ts';
import { planPhase } from './stepCost.ts';
import type { Lesson, TrainingJob } from './trainer.ts';
import { attempts } from './weightPhase.ts';

export async function adapterBlock(
  context: OptimizationContext,
  options: CoordinateOptions,
  { phase, block, memory, before, adapter, spent, budget }: BlockStart,
): Promise<Outcome> {
  const { emit, seed, trainer } = context;
  const { prompt } = memory.current;
  const { anew, rate } = attempts[failuresOf(memory.statistics, block) % attempts.length];
  const seedOfPhase = randomStream(seed, 'phase', phase, 'adapter').integer(2 ** 31);
  const { lesson, tokensUsed: tracing } = await lessonOf(context, prompt, adapter, block.step, { phase, spent, budget, before });
  // No answer of an earlier step has led to a right final answer yet.
  if (lesson.rows.length === 0) return { tokensUsed: tracing };
  // Each step's adapter gets its first turn before the budget is spent.
  const tried = Object.keys(memory.statistics).filter((name) => name.startsWith('adapter of ')).length;
  const turns = block.step === undefined ? 1 : Math.max(1, stepsOf(prompt).length - tried);
  // The trained adapter must be measured too.
  const share = keeping(after(partOf(budget, turns), tracing), before.tokensUsed);
  const own = block.step === undefined ? adapter : adapterOfStep(adapter, block.step);
  const whole = (tuned: Adapter): Adapter =>
    block.step === undefined ? tuned : withStepAdapter(adapter, block.step, tuned, stepsOf(prompt).length);
  const stepCost = trainer.stepCost(lesson, options.batchRows);
  // Counted in rows of the data, however many lessons a program makes of each, so that the program's prompts also get their turns.
  const { mayRescore, measurements } = judgeable(context, prompt, before, options.targets.includes('prompt'));
  const measuring = measuringCost(context, before, mayRescore);
  const plan = planPhase(options, context.trainset.length, stepCost, measuring, measurements);
  const { steps, every } = plan.within(plan.usual, allowance(share));
  const scoring = bestScorings(context, prompt, mayRescore);
  const start = own && !anew ? own : trainer.fresh(anew ? seedOfPhase : seed);
  const job: TrainingJob = {
    from: start.id,
    lessons: [lesson],
    steps,
    mostSteps: plan.usual,
    batchRows: options.batchRows,
    learningRate: options.learningRate * rate,
    weightPenalty: context.objective.weights,
    seed: seedOfPhase,
    measureEvery: every,
    patience: options.patience,
  };
  const tuned = await trainer.train(job, {
    start,
    budget: share,
    measuring,
    signal: context.signal,
    measure: (candidate) => scoring.measure(whole(candidate)),
    onStep: (step) => emit({ type: 'weightStep', phase, ...step, tokensUsed: spent + tracing + step.tokensUsed }),
  });
  const tokensUsed = tracing + tuned.tokensUsed;
  if (!tuned.evaluation) return { tokensUsed };
  return { measured: bestOf(scoring.of(whole(tuned.adapter)).measured, tuned.measurements), tokensUsed };
}

/**
 * What the adapter is trained on: the rows as they are, or in a program one row for each step that has something to learn.
 * @param only the step whose adapter it is; all steps if absent
 * @returns with the tokens that finding it cost
 */
export async function lessonOf(
  context: Pick<OptimizationContext, 'trainset' | 'program' | 'evaluator' | 'trainer' | 'seed' | 'signal' | 'emit'>,
  prompt: Prompt,
  adapter: Adapter | undefined,
  only: number | undefined,
  { phase, spent, budget, before }: Pick<BlockStart, 'phase' | 'spent' | 'budget' | 'before'>,
): Promise<{ readonly lesson: Lesson; readonly tokensUsed: number }> {
  const prompts = stepsOf(prompt);
  const { trainset, program, evaluator } = context;
  const own = { prompt: prompts.at(only ?? -1)!, shots: shotsFor(trainset.length) };
  const candidate = { prompt, ...(adapter && { adapter }) };
  if (!program || program.tasks.length === 1) {
    const rowCost = before.tokensUsed / before.rows.length;
    const { rows, tokensUsed } = await rowsToLearn(context, candidate, { phase, spent, budget, rowCost });
    return { lesson: { ...own, rows }, tokensUsed };
  }
  const evaluation = await evaluator.evaluate(candidate, trainset);
  const { rows: traced } = await program.trace(candidate, trainset);
  const last = prompts.length - 1;
  const step = only ?? last;
  const others: Record<string, number> = {};
  const earlier = traced.flatMap((row, place) => {
    return program.tasks.slice(0, last).flatMap(({ output }, at): Row[] => {
      if (only !== undefined && only !== at) return [];
      const known = trainset[place].values;
      const gold = Object.hasOwn(known, output) ? { [output]: known[output] } : undefined;
      if (!gold && !isRight(evaluation.rows[place])) return [];
      const id = `${row.id}#${at}`;
      if (at !== step) others[id] = at;
      return [{ ...row, values: { ...row.values, ...gold }, id }];
    });
  });
  // Without right answers, the last step learns those of its own answers that pass.
  const { output } = program.tasks[last];
  const ends = traced.flatMap((row, place): Row[] => {
    if (Object.hasOwn(row.values, output)) return [row];
    const result = evaluation.rows[place];
    return isRight(result) ? [{ ...row, values: { ...row.values, [output]: result.prediction } }] : [];
  });
  const rows = [...(step === last ? ends : []), ...earlier];
  return { lesson: { ...own, rows, program: { step, others, prompts } }, tokensUsed: evaluation.tokensUsed };
}

/** @file One run of the alternating coordinator that records every measurement of the whole valset, with the steps and tokens before it. */
import { calibrationRows } from '../../src/evaluate/calibration.ts';
import { makeEvaluator, type Evaluator } from '../../src/evaluate/evaluator.ts';
import type { Adapter } from '../../src/model/adapter.ts';
import type { OpenedModel } from '../../src/model/trainableModel.ts';
import { alternating } from '../../src/optimize/alternating.ts';
import type { AlternatingOptions } from '../../src/optimize/alternatingPhase.ts';
import type { OptimizationContext } from '../../src/optimize/coordinator.ts';
import { memoryAdapters } from '../../src/optimize/jointOptimization.ts';
import { defaultObjective } from '../../src/optimize/objective.ts';
import type { ProposalPrior } from '../../src/optimize/proposalPrior.ts';
import { localTrainer, type LocalTrainer } from '../../src/optimize/localTrainer.ts';
import { loraTrainer } from '../../src/optimize/loraTrainer.ts';
import type { JointCase } from './jointRun.ts';

export interface TracePoint {
  /** Weight steps (including look-aheads) and tokens up to the end of the measurement. */
  readonly steps: number;
  readonly tokensUsed: number;
  readonly score: number;
  readonly logLikelihood: number;
}

export interface TracedRun {
  readonly trace: readonly TracePoint[];
  /** Means over the test rows, for the start and the best state. */
  readonly test: { readonly before: number; readonly after: number; readonly logLikelihood: number };
  readonly val: { readonly score: number; readonly logLikelihood: number };
  readonly phases: number;
  readonly tokensUsed: number;
}

export interface TracedOptions {
  readonly options: Partial<AlternatingOptions>;
  readonly seed: number;
  readonly budget: number;
  /** Replaces the task's own trainer, e.g. by one whose new adapters have another start. */
  readonly trainer?: (trainer: LocalTrainer) => LocalTrainer;
  readonly prior?: ProposalPrior;
}

export async function tracedRun(
  model: OpenedModel,
  { task, prompt, rows }: JointCase,
  { options, seed, budget, trainer = (own) => own, prior }: TracedOptions,
): Promise<TracedRun> {
  const evaluator = makeEvaluator({ model, task, calibrationRows: calibrationRows(rows.val, rows.train) });
  const trace: TracePoint[] = [];
  let [steps, tokensUsed] = [0, 0];
  const traced: Evaluator = {
    ...evaluator,
    async evaluate(candidate, asked, ...rest) {
      const evaluation = await evaluator.evaluate(candidate, asked, ...rest);
      tokensUsed += evaluation.tokensUsed;
      if (asked.length === rows.val.length)
        trace.push({ steps, tokensUsed, score: evaluation.score.mean, logLikelihood: evaluation.logLikelihood!.mean });
      return evaluation;
    },
  };
  const own = trainer(loraTrainer(model, task));
  const counted = localTrainer({
    ...own,
    start(...asked) {
      const training = own.start(...asked);
      return {
        ...training,
        async step(...given) {
          const result = await training.step(...given);
          steps++;
          tokensUsed += 3 * result.tokens;
          return result;
        },
      };
    },
  });
  const adapters = memoryAdapters();
  const context: OptimizationContext = {
    evaluator: traced,
    trainer: counted,
    adapters,
    prompt,
    trainset: rows.train,
    valset: rows.val,
    objective: defaultObjective,
    seed,
    budget,
    emit: () => {},
    ...(prior && { prior }),
  };
  const coordinator = alternating(options);
  let state = await coordinator.begin(context);
  while (!state.done) state = await coordinator.advance(context, state);
  const adapter: Adapter | undefined = state.best.adapter === undefined ? undefined : await adapters.get(state.best.adapter);
  const before = await evaluator.evaluate({ prompt }, rows.test);
  const after = await evaluator.evaluate({ prompt: state.best.prompt, adapter }, rows.test);
  model.forget();
  return {
    trace,
    test: { before: before.score.mean, after: after.score.mean, logLikelihood: after.logLikelihood!.mean },
    val: { score: state.best.score.mean, logLikelihood: state.best.logLikelihood!.mean },
    phases: state.phase,
    tokensUsed: state.tokensUsed,
  };
}

/** The first point that is at least this good; undefined if there is none. */
export const reached = (trace: readonly TracePoint[], what: 'score' | 'logLikelihood', target: number): TracePoint | undefined =>
  trace.find((point) => point[what] >= target - 1e-9);

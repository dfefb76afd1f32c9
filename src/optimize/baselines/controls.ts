/**
 * @file Controls: what the same compute would have gained without tuning prompt and weights together. Each control has the whole budget of the run
 * and starts from the same state.
 */
import type { Row } from '../../data/dataset.ts';
import { compareEvaluations, type Evaluation } from '../../evaluate/evaluation.ts';
import type { Coordinator, OptimizationContext } from '../coordinator.ts';
import type { Difference, Estimate, Target, MeasuredState } from '../events.ts';
import { baselines } from './baselines.ts';
import { singleTarget } from './chains.ts';
import type { ControlName } from './names.ts';

export interface ChosenControl {
  readonly coordinator: Coordinator;
  readonly target: Target;
  /** For people: what it does, and why. */
  readonly because: string;
}

/** @param valOf the validation score that a control has reached, if it has run */
export function chooseControl(name: ControlName, valOf: (control: ControlName) => number | undefined): ChosenControl {
  if (name === 'p -> p') return { coordinator: baselines['p-p'].make(), target: 'prompt', because: 'two prompt steps, without a gate' };
  if (name === 'w -> w') return { coordinator: baselines['w-w'].make(), target: 'weights', because: 'two weight steps, without a gate' };
  const target: Target = (valOf('p -> p') ?? 0) > (valOf('w -> w') ?? 0) ? 'prompt' : 'weights';
  const because = `the ${target} alone with Tandem's gate, because that chain did better on the validation rows`;
  return { coordinator: singleTarget(target), target, because };
}

export interface MeasuredControl {
  /** The score of the control on the test rows. */
  readonly score: Estimate;
  readonly logLikelihood?: Estimate;
  /** The run minus the control, on the same rows. Above zero favours the run. */
  readonly difference: Difference;
}

/** Compares the results of a run and of a control on the test rows. */
export async function measureControl(
  { adapters, evaluator }: Pick<OptimizationContext, 'adapters' | 'evaluator'>,
  rows: readonly Row[],
  run: MeasuredState,
  control: MeasuredState,
): Promise<MeasuredControl> {
  const measure = async ({ prompt, adapter }: MeasuredState): Promise<Evaluation> =>
    evaluator.evaluate({ prompt, adapter: adapter === undefined ? undefined : await adapters.get(adapter) }, rows);
  const [of, other] = [await measure(run), await measure(control)];
  return {
    score: other.score,
    ...(other.logLikelihood && { logLikelihood: other.logLikelihood }),
    difference: compareEvaluations(other, of).score,
  };
}

/**
 * @file Demonstrations alone: the untuned model is measured with one set of labelled rows after another, and the set that is best on the
 * validation rows is kept. No published method has this name. It is what people do by hand (Brown et al. 2020), with as many sets as the budget
 * allows.
 */
import { coordinatorOf, tryOut, type Standing, type StepOutcome } from '../../src/optimize/baselines/method.ts';
import type { Coordinator, OptimizationContext } from '../../src/optimize/coordinator.ts';
import { demonstrationOf } from '../../src/optimize/proposers/demonstrations.ts';
import { bestScoring } from '../../src/optimize/labelScoring.ts';
import { randomStream } from '../../src/random.ts';

/** Numbers of demonstrations in a set, used in turn. */
const sizes = [1, 3, 5, 8, 16];

export interface FewShotOptions {
  /** The maximum number of sets. With a handful of validation rows, hundreds of sets would only find the luckiest. */
  readonly mostSets: number;
}

export const labelledFewShot = ({ mostSets }: FewShotOptions = { mostSets: 60 }): Coordinator =>
  coordinatorOf<null>({
    begin: () => null,
    next(context, standing) {
      if (standing.phase > mostSets) return { done: `${mostSets} sets are measured` };
      return { target: 'prompt', because: `set ${standing.phase} of demonstrations`, take: () => trySet(context, standing) };
    },
  });

/** Each set gets its best label scoring, as the other methods may choose theirs. */
async function trySet(context: OptimizationContext, { phase }: Standing<null>): Promise<StepOutcome<null>> {
  const { trainset, seed, prompt, evaluator } = context;
  const fitting = sizes.filter((size) => size <= trainset.length);
  const size = fitting[(phase - 1) % fitting.length];
  const rows = randomStream(seed, 'labelled few-shot', phase).shuffle(trainset).slice(0, size);
  const demonstrations = rows.map((row) => demonstrationOf(prompt, evaluator.task.output, row));
  const proposal = { prompt: { ...prompt, demonstrations }, reason: `${size} labelled demonstrations` };
  const id = `${phase}.0`;
  const evaluation = await tryOut(context, { phase, candidate: id, proposer: 'labelled few-shot', proposal });
  if (!evaluation) return { memory: null, tokensUsed: 0 };
  const best = await bestScoring(context, { prompt: proposal.prompt, adapter: context.start }, evaluation);
  return { memory: null, tokensUsed: evaluation.tokensUsed + best.tokensUsed, measured: { id, ...best.measured } };
}

/**
 * @file Bootstrap few-shot with random search: the author's instruction with one random set of demonstrations after another, each measured
 * on the whole valset, the best mean kept. Khattab et al. 2023, DSPy's BootstrapFewShotWithRandomSearch; as many sets as the budget pays for.
 */
import { randomStream } from '../../random.ts';
import type { Coordinator, OptimizationContext } from '../coordinator.ts';
import { drawDemonstrations, mostBootstrapped } from './bootstrap.ts';
import { coordinatorOf, tryOut, type Standing, type StepResult } from './method.ts';

export const bootstrapFewShot = (): Coordinator =>
  coordinatorOf<null>({
    begin: () => null,
    next: (context, standing) => ({
      lever: 'prompt',
      because: `set ${standing.phase} of demonstrations`,
      take: () => trySet(context, standing),
    }),
  });

/** As in DSPy the first two sets are labelled rows alone, and the first rows in order; the rest are random in rows and size. */
async function trySet(context: OptimizationContext, { phase }: Standing<null>): Promise<StepResult<null>> {
  const { trainset, seed, prompt } = context;
  const random = randomStream(seed, 'bootstrap few-shot', phase);
  const size = phase === 1 ? 0 : phase === 2 ? mostBootstrapped : 1 + random.integer(mostBootstrapped);
  const rows = phase === 2 ? trainset : random.shuffle(trainset);
  const { demonstrations, bootstrapped, passes } = await drawDemonstrations(context, rows, size, random);
  const reason = `${demonstrations.length} demonstrations, ${bootstrapped} of them answered by the model`;
  const id = `${phase}.1`;
  const proposal = { prompt: { ...prompt, demonstrations }, reason };
  const evaluation = await tryOut(context, { phase, candidate: id, proposer: 'bootstrap few-shot', proposal });
  if (!evaluation) return { memory: null, passes };
  const candidate = { id, prompt: proposal.prompt, adapter: context.start, evaluation };
  return { memory: null, passes: passes + evaluation.passes, candidate };
}

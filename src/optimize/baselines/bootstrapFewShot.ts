/**
 * @file Bootstrap few-shot with random search: measures the author's instruction with random sets of demonstrations on the whole valset and keeps the
 * best mean. Khattab et al. 2023, DSPy's BootstrapFewShotWithRandomSearch. It tries as many sets as the budget pays for.
 */
import { randomStream } from '../../random.ts';
import type { Coordinator, OptimizationContext } from '../coordinator.ts';
import { drawDemonstrations, mostBootstrapped } from './bootstrap.ts';
import { coordinatorOf, tryOut, type Standing, type StepOutcome } from './method.ts';

interface Memory {
  /** Ids of rows that the teacher has been asked. They cost nothing again. */
  readonly asked: readonly string[];
  /** How many sets in a row were too long for the model even with the fewest demonstrations. */
  readonly tooLong: number;
}

/** A set that does not fit is shortened to these numbers of demonstrations, one after the other. */
const cuts = [16, 8, 4, 2];
const mostTooLong = 5;

export const bootstrapFewShot = (): Coordinator =>
  coordinatorOf<Memory>({
    begin: () => ({ asked: [], tooLong: 0 }),
    next(context, standing) {
      if (standing.memory.tooLong === mostTooLong) return { done: "no set of demonstrations fits into the model's context" };
      return { target: 'prompt', because: `demonstration set ${standing.phase}`, take: () => trySet(context, standing) };
    },
  });

/** As in DSPy, the first two sets are only labelled rows, and then the first rows in order. All other sets have random rows and sizes. */
async function trySet(context: OptimizationContext, { phase, memory }: Standing<Memory>): Promise<StepOutcome<Memory>> {
  const { trainset, seed, prompt } = context;
  const random = randomStream(seed, 'bootstrap few-shot', phase);
  const size = phase === 1 ? 0 : phase === 2 ? mostBootstrapped : 1 + random.integer(mostBootstrapped);
  const rows = phase === 2 ? trainset : random.shuffle(trainset);
  const { demonstrations, bootstrapped, tokensUsed, asked } = await drawDemonstrations(context, rows, size, memory.asked, random);
  for (const [place, most] of cuts.filter((cut) => cut === cuts[0] || cut < demonstrations.length).entries()) {
    const shown = demonstrations.slice(0, most);
    const reason = `${shown.length} demonstrations, ${Math.min(bootstrapped, most)} of them answered by the model`;
    const id = `${phase}.${place + 1}`;
    const proposal = { prompt: { ...prompt, demonstrations: shown }, reason };
    const evaluation = await tryOut(context, { phase, candidate: id, proposer: 'bootstrap few-shot', proposal });
    if (!evaluation) continue;
    const measured = { id, prompt: proposal.prompt, adapter: context.start, evaluation };
    return { memory: { asked, tooLong: 0 }, tokensUsed: tokensUsed + evaluation.tokensUsed, measured };
  }
  return { memory: { asked, tooLong: memory.tooLong + 1 }, tokensUsed };
}

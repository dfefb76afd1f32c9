/**
 * @file Bootstrap few-shot with random search: the author's instruction with one random set of demonstrations after another, each measured
 * on the whole valset, the best mean kept. Khattab et al. 2023, DSPy's BootstrapFewShotWithRandomSearch; as many sets as the budget pays for.
 */
import { randomStream } from '../../random.ts';
import type { Coordinator, OptimizationContext } from '../coordinator.ts';
import { drawDemonstrations, mostBootstrapped } from './bootstrap.ts';
import { coordinatorOf, tryOut, type Standing, type StepOutcome } from './method.ts';

interface Memory {
  /** Ids of rows that the teacher has been asked: they cost nothing again. */
  readonly asked: readonly string[];
  /** Sets in a row that were longer than the model reads, however few demonstrations were left. */
  readonly tooLong: number;
}

/** A set that does not fit is cut to this many demonstrations. */
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

/** As in DSPy the first two sets are labelled rows alone, and the first rows in order; the rest are random in rows and size. */
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

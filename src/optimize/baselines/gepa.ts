/**
 * @file GEPA-like: instructions evolve by reflection on a few rows, and parents come from the Pareto front over the rows of the valset. Agrawal et
 * al. 2025, without the merge of two parents. The writer reflects. If there is none, the tuned model itself does.
 */
import type { Prompt } from '../../prompt/prompt.ts';
import { randomStream, type Random } from '../../random.ts';
import type { Coordinator, OptimizationContext } from '../coordinator.ts';
import { promptKey } from '../proposers/proposer.ts';
import { allowance } from '../purse.ts';
import { coordinatorOf, measureIfFits, tryOut, type Standing, type StepOutcome } from './method.ts';
import { canReflect, reflect } from './reflection.ts';

/** GEPA's minibatch. */
const batchRows = 3;
/** The most reflections in a phase. It ends earlier when one is added to the pool. */
const triesAPhase = 10;

interface Member {
  readonly prompt: Prompt;
  /** Score of each row of the valset. */
  readonly scores: readonly number[];
}

interface Memory {
  readonly pool: readonly Member[];
  /** The writer will not write anything more. */
  readonly silent?: true;
}

export const gepa = (): Coordinator =>
  coordinatorOf<Memory>({
    begin: ({ prompt }, { rows }) => ({ pool: [{ prompt, scores: rows.map(({ score }) => score) }] }),
    next(context, standing) {
      if (!canReflect(context.prompt)) return { done: 'an instruction with roles cannot be rewritten' };
      if (standing.memory.silent) return { done: 'the writer gives no more answers' };
      return {
        target: 'prompt',
        because: `reflection on failures, ${standing.memory.pool.length} in the pool`,
        take: () => evolve(context, standing),
      };
    },
  });

async function evolve(context: OptimizationContext, { phase, memory, left }: Standing<Memory>): Promise<StepOutcome<Memory>> {
  const { evaluator, trainset, start: adapter, seed, signal } = context;
  const { pool } = memory;
  const random = randomStream(seed, 'gepa', phase);
  const seen = new Set(pool.map(({ prompt }) => promptKey(prompt)));
  let tokensUsed = 0;
  for (let attempt = 1; attempt <= triesAPhase && tokensUsed < allowance(left, tokensUsed) && !signal?.aborted; attempt++) {
    const parent = pool[chooseParent(pool, random)];
    const rows = random.shuffle(trainset).slice(0, batchRows);
    const before = await evaluator.evaluate({ prompt: parent.prompt, adapter }, rows);
    tokensUsed += before.tokensUsed;
    if (before.score.mean === 1) continue;
    const reflection = await reflect(context, parent.prompt, rows, before, random.integer(2 ** 31));
    tokensUsed += reflection.tokensUsed;
    if (reflection.silent) return { memory: { ...memory, silent: true }, tokensUsed };
    if (!reflection.prompt || seen.has(promptKey(reflection.prompt))) continue;
    const { prompt } = reflection;
    seen.add(promptKey(prompt));
    const after = await measureIfFits(context, prompt, rows);
    tokensUsed += after?.tokensUsed ?? 0;
    if (!after || after.score.mean <= before.score.mean) continue;
    const id = `${phase}.${attempt}`;
    const reason = `written by ${context.writer?.name ?? 'the model'} from ${rows.length} rows, of which it fixed ${Math.round((after.score.mean - before.score.mean) * rows.length)}`;
    const evaluation = await tryOut(context, { phase, candidate: id, proposer: 'reflection', proposal: { prompt, reason } });
    if (!evaluation) continue;
    tokensUsed += evaluation.tokensUsed;
    const measured = { id, prompt, adapter, evaluation };
    return { memory: { pool: [...pool, { prompt, scores: evaluation.rows.map(({ score }) => score) }] }, tokensUsed, measured };
  }
  return { memory, tokensUsed };
}

/**
 * A random member of the Pareto front. The more rows a member is best on, the more likely it is chosen. A member is left out if others that are kept
 * cover all rows it is best on. Agrawal et al. 2025, algorithm 2.
 */
export function chooseParent(pool: readonly Pick<Member, 'scores'>[], random: Random): number {
  const rows = pool[0].scores.length;
  const fronts = Array.from({ length: rows }, (_, row) => {
    const best = Math.max(...pool.map(({ scores }) => scores[row]));
    return new Set(pool.flatMap(({ scores }, member) => (scores[row] === best ? [member] : [])));
  });
  const mean = (member: number): number => pool[member].scores.reduce((sum, score) => sum + score, 0) / rows;
  // The weakest come first, so that of two that are best on the same rows the better one remains.
  const byMean = [...pool.keys()].sort((a, b) => mean(a) - mean(b) || b - a);
  const out = new Set<number>();
  for (const member of byMean) {
    const its = fronts.filter((front) => front.has(member));
    if (its.every((front) => [...front].some((other) => other !== member && !out.has(other)))) out.add(member);
  }
  const tickets = fronts.flatMap((front) => [...front].filter((member) => !out.has(member)));
  return random.choice(tickets);
}

/**
 * @file Meta-learning of a start for adapters, and for soft prompts with them: Reptile, Nichol et al. 2018. It learns a start from which a few steps
 * on a new task lead far.
 */
import type { Row } from '../data/dataset.ts';
import { makeAdapter, type Adapter, type LoraPair } from '../model/adapter.ts';
import { takesSoftPrompt, withSoftLine } from '../prompt/instruction.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { randomStream } from '../random.ts';
import type { LocalTrainer } from './localTrainer.ts';

/** A task to learn from. */
export interface MetaTask {
  readonly name: string;
  readonly trainer: Pick<LocalTrainer, 'start' | 'example'>;
  /** Different wordings of the task. Each visit uses one. */
  readonly prompts: readonly Prompt[];
  readonly rows: readonly Row[];
}

export interface ReptileOptions {
  readonly rounds: number;
  /** Tasks visited in a round. The start moves to the mean of where they end. */
  readonly tasksARound: number;
  readonly innerSteps: number;
  readonly batchRows: number;
  /** The constant rate of the steps on a task. */
  readonly learningRate: number;
  /** The same for the soft prompt, if the start has one. */
  readonly softRate: number;
  /** How far the start moves in the first round. Decreases linearly to a tenth. */
  readonly outerRate: number;
  readonly seed: number;
}

export const reptileDefaults: Omit<ReptileOptions, 'rounds' | 'seed'> = {
  tasksARound: 2,
  innerSteps: 5,
  batchRows: 8,
  learningRate: 1e-3,
  softRate: 0.03,
  outerRate: 1,
};

/** The state after a round. JSON except for the adapter. With it, a later call continues as if it had not been interrupted. */
export interface ReptileState {
  readonly round: number;
  readonly adapter: Adapter;
  /** Tokens so far. */
  readonly tokensUsed: number;
}

/**
 * Runs the remaining rounds. If the start has a soft prompt, its start is learned too: in every second step it replaces the instruction, and the step
 * moves both.
 * @param onRound called after each round, with the mean first and last loss on its tasks, in nats per row
 */
export async function reptile(
  from: ReptileState,
  tasks: readonly MetaTask[],
  { rounds, tasksARound, innerSteps, batchRows, learningRate, softRate, outerRate, seed }: ReptileOptions,
  onRound: (state: ReptileState, losses: { readonly first: number; readonly last: number }) => Promise<void> | void = () => {},
  signal?: AbortSignal,
): Promise<ReptileState> {
  let state = from;
  while (state.round < rounds && !signal?.aborted) {
    const { round } = state;
    const reached: Adapter[] = [];
    let tokensUsed = 0;
    let [first, last] = [0, 0];
    for (const task of visited(tasks, round, tasksARound, seed)) {
      const random = randomStream(seed, 'round', round, task.name);
      const prompt = random.choice(task.prompts);
      const training = task.trainer.start(state.adapter, { seed: random.integer(2 ** 31), weightPenalty: 0 });
      const rows = random.shuffle(task.rows);
      const softPrompt = state.adapter.soft && takesSoftPrompt(prompt) ? withSoftLine(prompt) : undefined;
      for (let step = 0; step < innerSteps; step++) {
        // A small task uses its rows more than once.
        const batch = Array.from({ length: Math.min(batchRows, rows.length) }, (_, i) => rows[(step * batchRows + i) % rows.length]);
        const soft = softPrompt && step % 2 === 0;
        const examples = batch.map((row) =>
          soft ? task.trainer.example(softPrompt, row, state.adapter.soft) : task.trainer.example(prompt, row),
        );
        const { loss, tokens } = await training.step(examples, learningRate, ...(soft ? [softRate] : []));
        tokensUsed += 3 * tokens;
        if (step === 0) first += loss / tasksARound;
        if (step === innerSteps - 1) last += loss / tasksARound;
      }
      reached.push(training.adapter());
    }
    const rate = outerRate * (1 - (0.9 * round) / rounds);
    state = { round: round + 1, adapter: towards(state.adapter, reached, rate), tokensUsed: state.tokensUsed + tokensUsed };
    await onRound(state, { first, last });
  }
  return state;
}

/** Each task once before any twice, in another order each time. */
function visited(tasks: readonly MetaTask[], round: number, count: number, seed: number): MetaTask[] {
  return Array.from({ length: Math.min(count, tasks.length) }, (_, i) => {
    const visit = round * count + i;
    const epoch = Math.floor(visit / tasks.length);
    return randomStream(seed, 'tasks', epoch).shuffle(tasks)[visit % tasks.length];
  });
}

/** The start, moved by a share of the way to the mean of the others. All have its shape. */
export function towards(start: Adapter, others: readonly Adapter[], share: number): Adapter {
  const moved = (own: Float32Array, of: (adapter: Adapter) => Float32Array): Float32Array => {
    const result = own.slice();
    for (const other of others) {
      const values = of(other);
      for (let i = 0; i < result.length; i++) result[i] += (share * (values[i] - own[i])) / others.length;
    }
    return result;
  };
  return makeAdapter(
    start.config,
    start.pairs.map(({ layer, linear, a, b }, place) => ({
      ...{ layer, linear },
      a: moved(a, ({ pairs }) => pairs[place].a),
      b: moved(b, ({ pairs }) => pairs[place].b),
    })),
    start.soft && { ...start.soft, rows: moved(start.soft.rows, ({ soft }) => soft!.rows) },
  );
}

/**
 * A learned start in the shape of a run's new adapters, without a soft prompt. A higher rank gets components that have no effect yet, and a different
 * scale alpha / rank is compensated. Undefined if the run's adapters cannot hold it: their rank is lower, or they lack some of its linears or layers.
 * @param fresh an adapter as the run would start with
 */
export function widened(learned: Adapter, fresh: Adapter): Adapter | undefined {
  const { rank, alpha } = learned.config;
  const lora = fresh.config;
  const nameOf = ({ layer, linear }: LoraPair): string => `${layer}.${linear}`;
  const places = new Map(fresh.pairs.map((pair) => [nameOf(pair), pair]));
  const fits = learned.pairs.every((pair) => places.get(nameOf(pair))?.a.length === (pair.a.length / rank) * lora.rank);
  if (lora.rank < rank || !fits) return undefined;
  const scale = alpha / rank / (lora.alpha / lora.rank);
  const known = new Map(learned.pairs.map((pair) => [nameOf(pair), pair]));
  return makeAdapter(
    lora,
    fresh.pairs.map((pair) => {
      const from = known.get(nameOf(pair));
      if (!from) return pair;
      const [a, b] = [pair.a.slice(), pair.b.slice()];
      a.set(from.a);
      for (let row = 0; row < b.length / lora.rank; row++)
        for (let component = 0; component < rank; component++) b[row * lora.rank + component] = scale * from.b[row * rank + component];
      return { ...pair, a, b };
    }),
  );
}

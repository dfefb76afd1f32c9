/**
 * @file MIPRO-like: instructions and sets of demonstrations are drafted first. Then a Parzen estimator chooses pairs of them, which are measured on
 * small batches of the valset, and from time to time the best so far on all of it. Opsahl-Ong et al. 2024 (MIPROv2's numbers). Instructions come
 * from Tandem's grounded templates and edits and from the tuned model itself, because there is no larger one.
 */
import type { Demonstration, Prompt } from '../../prompt/prompt.ts';
import { randomStream, type Random } from '../../random.ts';
import type { Coordinator, OptimizationContext } from '../coordinator.ts';
import { editOperators } from '../proposers/edits.ts';
import { promptKey, type Proposal } from '../proposers/proposer.ts';
import { groundedTemplates } from '../proposers/templates.ts';
import { allowance } from '../purse.ts';
import { drawDemonstrations, mostBootstrapped } from './bootstrap.ts';
import { coordinatorOf, freshTokens, measureIfFits, tryOut, type Standing, type StepOutcome } from './method.ts';
import { reflect } from './reflection.ts';
import { suggest, type Trial } from './tpe.ts';

/** Instructions and sets of demonstrations, including the author's own; MIPROv2 'light'. */
const candidates = 6;
const batchRows = 35;
/** Batches between two measurements on the whole valset. */
const trialsAPhase = 5;

interface Memory {
  readonly instructions: readonly (Proposal & { readonly proposer: string })[];
  readonly sets: readonly (readonly Demonstration[])[];
  readonly trials: readonly Trial[];
  /** Pairs that were measured on the whole valset, as `instruction,set`. */
  readonly measured: readonly string[];
  /** Ids of the rows that a pair was measured on. They cost nothing again. */
  readonly asked: Readonly<Record<string, readonly string[]>>;
}

export const mipro = (): Coordinator =>
  coordinatorOf<Memory>({
    begin: ({ prompt }, { score }) => ({
      instructions: [{ prompt, reason: "the author's", proposer: 'author' }],
      sets: [prompt.demonstrations],
      trials: [{ choices: [0, 0], score: score.mean }],
      measured: ['0,0'],
      asked: {},
    }),
    next(context, standing) {
      const { phase, memory } = standing;
      if (phase === 1) return { target: 'prompt', because: 'drafts instructions and demonstrations', take: () => draft(context, memory) };
      if (memory.measured.length === memory.instructions.length * memory.sets.length) return { done: 'every pair has been measured' };
      return { target: 'prompt', because: `${memory.trials.length} trials so far`, take: () => search(context, standing) };
    },
  });

async function draft(context: OptimizationContext, memory: Memory): Promise<StepOutcome<Memory>> {
  const { prompt, start: adapter, evaluator, trainset, seed } = context;
  const stream = (...purpose: readonly (string | number)[]) => randomStream(seed, 'mipro', ...purpose);
  const plain = { ...prompt, demonstrations: [] };
  let tokensUsed = 0;
  let asked: readonly string[] = [];
  const sets: (readonly Demonstration[])[] = [...memory.sets];
  for (let set = 1; set < candidates; set++) {
    const random = stream('set', set);
    const size = set === 1 ? 0 : 1 + random.integer(mostBootstrapped);
    const drawn = await drawDemonstrations(context, random.shuffle(trainset), size, asked, random);
    sets.push(drawn.demonstrations);
    asked = drawn.asked;
    tokensUsed += drawn.tokensUsed;
  }
  const random = stream('instructions');
  const rows = random.shuffle(trainset).slice(0, 3);
  const answered = await evaluator.evaluate({ prompt: plain, adapter }, rows);
  const written = await reflect(context, plain, rows, answered, random.integer(2 ** 31));
  tokensUsed += answered.tokensUsed + written.tokensUsed;
  const wanted = { prompt: plain, adapter, evaluator, trainset, random, count: candidates };
  const from = (proposer: string, proposals: readonly Proposal[]): Memory['instructions'] =>
    proposals.map((each) => ({ ...each, proposer }));
  const proposed = [
    ...memory.instructions,
    ...(written.prompt
      ? from('reflection', [{ prompt: written.prompt, reason: `written by ${context.writer?.name ?? 'the model'}` }])
      : []),
    ...from(groundedTemplates.name, (await groundedTemplates.propose(wanted)).slice(0, 3)),
    ...from(editOperators.name, await editOperators.propose(wanted)),
  ];
  const seen = new Set<string>();
  const bodyKey = ({ prompt: each }: Proposal): string => promptKey({ ...each, demonstrations: [] });
  const instructions = proposed.filter((each) => !seen.has(bodyKey(each)) && seen.add(bodyKey(each))).slice(0, candidates);
  return { memory: { ...memory, instructions, sets }, tokensUsed };
}

/** Runs some trials on batches, then measures the pair with the best mean of its trials on the whole valset, if that was not done yet. */
async function search(context: OptimizationContext, { phase, memory, left }: Standing<Memory>): Promise<StepOutcome<Memory>> {
  const { valset, seed, signal, start: adapter } = context;
  const { instructions, sets, measured } = memory;
  const random = randomStream(seed, 'mipro', phase);
  const pairOf = ([instruction, set]: readonly number[]): Prompt => ({ ...instructions[instruction].prompt, demonstrations: sets[set] });
  const trials = [...memory.trials];
  const asked = new Map(Object.entries(memory.asked));
  let tokensUsed = 0;
  for (let trial = 0; trial < trialsAPhase && tokensUsed < allowance(left, tokensUsed) && !signal?.aborted; trial++) {
    const choices = suggest([instructions.length, sets.length], trials, random);
    const rows = random.shuffle(valset).slice(0, batchRows);
    const evaluation = await measureIfFits(context, pairOf(choices), rows);
    const pair = choices.join();
    const known = new Set(measured.includes(pair) ? valset.map(({ id }) => id) : asked.get(pair));
    tokensUsed += freshTokens(evaluation?.tokensUsed ?? 0, rows, known);
    asked.set(pair, [...new Set([...known, ...rows.map(({ id }) => id)])]);
    trials.push({ choices, score: evaluation?.score.mean ?? 0 });
  }
  const best = bestPair(trials, measured) ?? unmeasuredPair(memory, random);
  const noted = { ...memory, trials, asked: Object.fromEntries(asked) };
  if (tokensUsed >= allowance(left, tokensUsed)) return { memory: noted, tokensUsed };
  const id = `${phase}.1`;
  const { reason, proposer } = instructions[best[0]];
  const proposal = { prompt: pairOf(best), reason: `${reason}; ${sets[best[1]].length} demonstrations` };
  const evaluation = await tryOut(context, { phase, candidate: id, proposer, proposal });
  const memoryAfter = { ...noted, measured: [...measured, best.join()] };
  if (!evaluation) return { memory: memoryAfter, tokensUsed };
  trials.push({ choices: best, score: evaluation.score.mean });
  tokensUsed += freshTokens(evaluation.tokensUsed, valset, new Set(asked.get(best.join())));
  return { memory: memoryAfter, tokensUsed, measured: { id, prompt: proposal.prompt, adapter, evaluation } };
}

/** If every pair that was tried has been measured: another, random one. */
function unmeasuredPair({ instructions, sets, measured }: Memory, random: Random): readonly number[] {
  const pairs = instructions.flatMap((_, i) => sets.map((__, j) => [i, j]));
  return random.choice(pairs.filter((pair) => !measured.includes(pair.join())));
}

/** The pair with the best mean over its trials among those not yet measured on the whole valset. */
function bestPair(trials: readonly Trial[], measured: readonly string[]): readonly number[] | undefined {
  const groups = new Map<string, Trial[]>();
  for (const trial of trials) {
    const key = trial.choices.join();
    if (!measured.includes(key)) groups.set(key, [...(groups.get(key) ?? []), trial]);
  }
  const mean = (group: readonly Trial[]): number => group.reduce((sum, { score }) => sum + score, 0) / group.length;
  return [...groups.values()].sort((a, b) => mean(b) - mean(a)).at(0)?.[0].choices;
}

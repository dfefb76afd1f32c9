/**
 * @file One prompt phase: successive halving compares proposals under the current weights. With look-ahead, finalists are judged after their own
 * weight steps.
 */
import type { Evaluation } from '../evaluate/evaluation.ts';
import { bestFirst, isBetter } from '../evaluate/ranking.ts';
import { randomStream } from '../random.ts';
import type { AlternatingOptions, PhaseStart } from './alternatingPhase.ts';
import type { OptimizationContext, ProposingContext } from './coordinator.ts';
import { decide, mostToJudge } from './gate.ts';
import { growthOfWeights, noPhaseGrowth } from './growth.ts';
import type { MeasuredCandidate, Outcome } from './outcome.ts';
import { hasAnswers } from './ownAnswers.ts';
import { collectRunners, countingEvaluator } from './proposers/collect.ts';
import { expectedWin, guidedShares } from './proposalPrior.ts';
import { promptKey, type Proposal } from './proposers/proposer.ts';
import { changeableParts, hasOf, proposersOf } from './proposers/table.ts';
import { inTurn, noSourceMemory } from './proposers/turns.ts';
import { after, allowance, partOf } from './purse.ts';
import { successiveHalving, type Finisher, type Runner } from './successiveHalving.ts';
import { shorten } from './shorten.ts';
import type { TrainingJob } from './trainer.ts';

const fewestProposals = 2;
/** How many times more proposals than needed are requested if some are chosen among them. */
const choice = 3;

export async function promptPhase(context: OptimizationContext, options: AlternatingOptions, start: PhaseStart): Promise<Outcome> {
  const { before, adapter } = start;
  const spared = await spare(context, options, start);
  if (spared.measured) return spared;
  const { runners: proposed, finishers, tokensUsed } = await compareProposals(context, options, start, spared);
  if (!finishers.length) return { tokensUsed, proposed };
  const rivals = different(finishers, options.challengers);
  const compared = { tokensUsed, proposed, challengers: rivals.map(({ prompt }) => prompt) };
  // A look-ahead trains on right answers. The model's own answers would have to be found for each rival.
  if (options.strategy === 'look-ahead' && options.targets.includes('weights') && hasAnswers(context)) {
    const affordable = rivals.slice(0, affordableRivals(context, options, before, allowance(start.budget, tokensUsed) - tokensUsed));
    if (affordable.length > 0) return lookAhead(context, options, start, affordable, compared);
  }
  const [{ id, prompt, evaluation }] = finishers;
  return { ...compared, measured: { id, prompt, adapter, evaluation, among: proposed.length } };
}

/** The share of a prompt phase's budget that the search for unnecessary parts may use. */
const sparingShare = 1 / 2;

/** Removes what the weights no longer need first, because a shorter prompt makes everything after it cheaper. */
async function spare(
  context: OptimizationContext,
  options: AlternatingOptions,
  start: PhaseStart,
): Promise<Outcome & { readonly proposed: readonly Runner[] }> {
  const { phase, memory, before, peak = before, adapter } = start;
  const { prompt } = memory.current;
  const collection = collectRunners(context, phase, prompt, [promptKey(prompt), ...memory.tried]);
  const { runners: proposed } = collection;
  if (options.schedule.kind !== 'gated' || start.growth?.stage) return { tokensUsed: 0, proposed };
  const shortened = await shorten(context, collection, {
    phase,
    prompt,
    adapter,
    before,
    peak,
    budget: partOf(start.budget, 1 / sparingShare),
  });
  return { ...shortened, proposed };
}

interface ComparedProposals {
  readonly runners: readonly Runner[];
  /** Best first. */
  readonly finishers: readonly Finisher[];
  readonly tokensUsed: number;
}

/** Runs successive halving once. In a step of a chain, runs it as often as the step's share pays for, because no other step will use that share. */
async function compareProposals(
  context: OptimizationContext,
  options: AlternatingOptions,
  start: PhaseStart,
  spared: Outcome & { readonly proposed: readonly Runner[] },
): Promise<ComparedProposals> {
  const { phase, before, adapter, budget } = start;
  let wanted = usualProposals(context, options, start);
  let all: ComparedProposals = { runners: spared.proposed, finishers: [], tokensUsed: spared.tokensUsed };
  for (;;) {
    const { runners, tokensUsed: proposing } = await propose(context, options, start, wanted, all.runners);
    const { finishers, tokensUsed: comparing } = await successiveHalving(
      context,
      phase,
      runners,
      adapter,
      before,
      after(after(budget, all.tokensUsed), proposing),
    );
    const tokensUsed = all.tokensUsed + proposing + comparing;
    all = { runners: [...all.runners, ...runners], finishers: [...all.finishers, ...finishers].sort(bestFirst), tokensUsed };
    if (options.schedule.kind !== 'chain' || !finishers.length) return all;
    // Most proposals are stopped early, so the cost of one is known only after the first round.
    const affordable = Math.floor(((allowance(budget, tokensUsed) - tokensUsed) * runners.length) / (proposing + comparing));
    wanted = Math.min(options.proposals - all.runners.length, affordable);
    if (wanted < fewestProposals) return all;
  }
}

/** As many as requested, within what the budget pays for if each were measured in full, and within what the gate can judge. */
function usualProposals(context: ProposingContext, options: AlternatingOptions, { before, budget }: PhaseStart): number {
  const share = options.schedule.kind === 'chain' ? allowance(budget) : options.promptShare * context.budget;
  // With more, the gate could not judge the best.
  const judged = options.schedule.kind === 'gated' ? mostToJudge(context.valset.length) : Infinity;
  return Math.max(fewestProposals, Math.min(options.proposals, Math.round(share / before.tokensUsed), judged));
}

/**
 * Proposals of every proposer, without duplicates.
 * @param earlier of the same phase, which are not proposed again
 */
export async function propose(
  context: ProposingContext,
  options: AlternatingOptions,
  start: PhaseStart,
  wanted = usualProposals(context, options, start),
  earlier: readonly Runner[] = [],
): Promise<{ runners: readonly Runner[]; tokensUsed: number }> {
  const { phase, memory, adapter, growth } = start;
  const { trainset, seed, writer, signal } = context;
  const { evaluator, spent } = countingEvaluator(context.evaluator);
  const known = [promptKey(memory.current.prompt), ...memory.tried, ...earlier.map(({ prompt }) => promptKey(prompt))];
  const { runners, take } = collectRunners(context, phase, memory.current.prompt, known, { after: earlier.length });
  for (const prompt of memory.challengers) take('challengers', { prompt, reason: 'did well before, tried again with the new weights' });
  const limit = runners.length + wanted;
  const { stage, rows } = growth ?? noPhaseGrowth;
  const { prior } = context;
  const { sources = noSourceMemory } = memory;
  for (const { proposer, share } of inTurn(
    guidedShares(proposersOf(changeableParts(memory.current.prompt), hasOf(context)), prior),
    sources,
  )) {
    const random = randomStream(seed, 'phase', phase, 'propose', proposer.name, ...(earlier.length ? [earlier.length] : []));
    const few = Math.max(1, Math.round(share * wanted));
    // If a stage excludes some of them, or a prior prefers some, there must be more to choose from.
    const count = few * (stage || prior ? choice : 1);
    if (runners.length >= limit) break;
    const { prompt } = memory.current;
    const hard = rows?.hard ?? [];
    const proposals = await proposer.propose({
      ...{ prompt, adapter, evaluator, trainset, random, count },
      ...(hard.length > 0 && { hard }),
      ...(writer && { writer, rejected: sources.rejected }),
      ...(signal && { signal }),
    });
    let fitting = stage ? proposals.filter((proposal) => stage.allows(prompt, proposal.prompt)) : proposals;
    if (prior) {
      const expected = ({ reason }: Proposal): number => expectedWin(prior, proposer.name, reason);
      fitting = [...fitting].sort((a, b) => expected(b) - expected(a)).slice(0, stage ? undefined : few);
    }
    for (const proposal of fitting.slice(0, stage && limit - runners.length)) take(proposer.name, proposal);
  }
  return { runners, tokensUsed: spent() };
}

/** The best finishers with different bodies come first, because rivals should differ in more than their demonstrations. */
function different(finishers: readonly Finisher[], count: number): Finisher[] {
  const bodies = new Set<string>();
  const fresh = finishers.filter(({ prompt }) => !bodies.has(prompt.body) && bodies.add(prompt.body));
  return [...fresh, ...finishers.filter((finisher) => !fresh.includes(finisher))].slice(0, count);
}

/**
 * How many rivals may look ahead besides the current prompt, if a row costs as much in training as on the valset. It costs less if there are many
 * labels to score.
 */
function affordableRivals(
  { budget, valset }: OptimizationContext,
  { lookAheadShare, lookAheadSteps, batchRows }: AlternatingOptions,
  { tokensUsed }: Evaluation,
  left: number,
): number {
  const each = tokensUsed * ((3 * lookAheadSteps * batchRows) / valset.length + 1);
  return Math.max(0, Math.floor(Math.min(lookAheadShare * budget, left) / each) - 1);
}

/**
 * Every rival and the current prompt get the same few weight steps from the same start. The best pair goes to the gate. A rival can be the best only
 * if it is clearly better than the current prompt, whose weights had the same steps.
 */
async function lookAhead(
  context: OptimizationContext,
  options: AlternatingOptions,
  { phase, memory, before: beforePhase, adapter, spent, budget, growth }: PhaseStart,
  rivals: readonly Finisher[],
  compared: Outcome & { readonly proposed: readonly Runner[] },
): Promise<Outcome> {
  let best: MeasuredCandidate | undefined;
  let unchanged: Evaluation | undefined;
  let { tokensUsed } = compared;
  const start = adapter ?? context.trainer.fresh(context.seed);
  for (const { id, prompt } of [{ id: undefined, prompt: memory.current.prompt }, ...rivals]) {
    const before = spent + tokensUsed;
    const job: TrainingJob = {
      from: start.id,
      lessons: [{ prompt, rows: context.trainset, shots: 0 }],
      steps: options.lookAheadSteps,
      batchRows: options.batchRows,
      learningRate: options.learningRate,
      ...growthOfWeights(growth ?? noPhaseGrowth, context, start),
      seed: randomStream(context.seed, 'phase', phase, 'look-ahead').integer(2 ** 31),
      measureEvery: options.lookAheadSteps,
      patience: 1,
    };
    const tuned = await context.trainer.train(job, {
      start,
      budget: after(budget, tokensUsed),
      measuring: beforePhase.tokensUsed,
      signal: context.signal,
      measure: (tunedAdapter) => context.evaluator.evaluate({ prompt, adapter: tunedAdapter }, context.valset),
      onStep: (step) =>
        context.emit({
          type: 'weightStep',
          phase,
          ...(id !== undefined && { candidate: id }),
          ...step,
          tokensUsed: before + step.tokensUsed,
        }),
    });
    tokensUsed += tuned.tokensUsed;
    if (id === undefined) unchanged = tuned.evaluation;
    if (!tuned.evaluation) continue;
    const sure = unchanged === undefined || id === undefined || decide(unchanged, tuned.evaluation, rivals.length).accepted;
    if (!best || (sure && isBetter(tuned.evaluation, best.evaluation))) {
      best = { id, prompt, adapter: tuned.adapter, evaluation: tuned.evaluation, among: compared.proposed.length };
    }
  }
  if (!best) return { ...compared, tokensUsed };
  const without = unchanged && best.id !== undefined ? { without: { part: 'prompt', evaluation: unchanged } as const } : {};
  return { ...compared, measured: { ...best, ...(unchanged && { unchanged }), ...without }, tokensUsed };
}

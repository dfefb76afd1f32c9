/**
 * @file Coordinate descent: one block at a time (an instruction, demonstrations, decoding, the adapter; in a program each step's prompt) while all
 * others are held fixed. The next block is the one that gained most per token. The gate keeps what the valset supports for the whole.
 */
import { adapterBlock } from './adapterBlock.ts';
import { blocksOf, chooseBlock, targetOf, recordBlock } from './blocks.ts';
import { coordinateDefaults, type BlockStart, type CoordinateMemory, type CoordinateOptions } from './coordinatePhase.ts';
import type { Coordinator, OptimizationContext, OptimizationState } from './coordinator.ts';
import { gainOf } from './targetBandit.ts';
import { adapterOf, knownEvaluations, measureStart, type KnownEvaluations } from './measuredState.ts';
import type { Outcome } from './outcome.ts';
import { promptBlock } from './promptBlock.ts';
import { promptKey } from './proposers/proposer.ts';
import { after, purseOf } from './purse.ts';
import { judge, tellVerdict } from './verdict.ts';

/** A phase that can pay for fewer measurements on the valset than this would gain nothing. */
export const leastMeasurements = 3;

export function coordinate(given: Partial<CoordinateOptions> = {}): Coordinator {
  const options: CoordinateOptions = { ...coordinateDefaults, ...given };
  const evaluations = knownEvaluations();
  return {
    async begin(context) {
      const { start, evaluation } = await measureStart(context);
      evaluations.set(start.candidate, evaluation);
      const memory: CoordinateMemory = { current: start, statistics: {}, tried: [] };
      return { version: 1, phase: 0, start, best: start, tokensUsed: evaluation.tokensUsed, done: false, memory };
    },
    advance: (context, state) => takeBlock(context, options, evaluations, state),
  };
}

async function takeBlock(
  context: OptimizationContext,
  options: CoordinateOptions,
  evaluations: KnownEvaluations,
  state: OptimizationState,
): Promise<OptimizationState> {
  const memory = state.memory as CoordinateMemory;
  const before = await evaluations.of(context, memory.current);
  if (context.budget - state.tokensUsed < leastMeasurements * before.tokensUsed) return { ...state, done: 'the budget is spent' };
  const adapters = context.start?.steps ? 'per-step' : options.adapters;
  const outputs = context.program?.tasks.map(({ output }) => output) ?? [];
  const choice = chooseBlock(memory.statistics, blocksOf(context.prompt, outputs, options.targets, adapters));
  if (!choice) return { ...state, done: 'no block improves the result any further' };
  const { block, because } = choice;
  const phase = state.phase + 1;
  context.emit({ type: 'phaseStarted', phase, target: targetOf(block), block: block.name, because });
  const adapter = await adapterOf(context, memory.current);
  const peak = memory.peak && (await evaluations.of(context, memory.peak));
  const run = block.kind === 'adapter' ? adapterBlock : promptBlock;
  const start: BlockStart = {
    phase,
    block,
    memory,
    before,
    ...(peak && { peak }),
    adapter,
    spent: state.tokensUsed,
    budget: after(purseOf(context), state.tokensUsed),
  };
  return settle(context, evaluations, state, start, await run(context, options, start));
}

/** Judges the outcome of a phase and writes the next state. */
async function settle(
  context: OptimizationContext,
  evaluations: KnownEvaluations,
  state: OptimizationState,
  { phase, block, memory, before, peak }: BlockStart,
  outcome: Outcome,
): Promise<OptimizationState> {
  const tokensUsed = state.tokensUsed + outcome.tokensUsed;
  const turn = { start: state.start, phase, before, from: memory.current, ...(peak && { peak }) };
  const verdict = outcome.measured && judge(context, turn, outcome.measured);
  if (verdict) tellVerdict(context, turn, verdict);
  const accepted = verdict?.accepted ?? false;
  const current = verdict?.accepted ? await evaluations.keep(context, verdict) : memory.current;
  context.emit({ type: 'phaseEnded', phase, target: targetOf(block), accepted, best: current, tokensUsed });
  const { peak: highest = memory.current } = memory;
  const lost = [...memory.tried, ...(outcome.proposed ?? []).map(({ prompt }) => promptKey(prompt))];
  const next: CoordinateMemory = {
    current,
    ...(highest.score.mean > current.score.mean && { peak: highest }),
    statistics: recordBlock(memory.statistics, block, {
      gain: verdict ? gainOf(verdict) : 0,
      tokensUsed: outcome.tokensUsed,
      accepted,
    }),
    tried: accepted ? [] : [...new Set(lost)].filter((key) => key !== promptKey(current.prompt)),
  };
  return { ...state, phase, best: current, tokensUsed, memory: next };
}

/**
 * @file Coordinate descent: one block at a time (an instruction, demonstrations, decoding, the adapter; of a program each step's prompt),
 * all others held, the one next that gained most per token pass; the gate keeps what the valset proves of the whole.
 */
import type { Comparison, Evaluation } from '../evaluate/evaluation.ts';
import type { Adapter } from '../model/adapter.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { adapterBlock } from './adapterBlock.ts';
import { blocksOf, chooseBlock, leverOf, recordBlock, type Block, type BlockStatistics } from './blocks.ts';
import type { Coordinator, OptimizationContext, OptimizationState } from './coordinator.ts';
import type { CandidateId, Lever, MeasuredState } from './events.ts';
import { flipsBetween } from './flips.ts';
import { decide } from './gate.ts';
import { measuredState } from './measuredState.ts';
import { promptBlock } from './promptBlock.ts';
import { promptKey } from './proposers/proposer.ts';

export interface CoordinateOptions {
  /** What may change: 'weights' is the adapter's block, 'prompt' all others. */
  readonly levers: readonly Lever[];
  /** Candidates proposed a phase, fewer where they would cost more than `promptShare` of the whole budget. */
  readonly proposals: number;
  readonly promptShare: number;
  /** AdamW steps a phase of the adapter. */
  readonly weightSteps: number;
  readonly batchRows: number;
  readonly learningRate: number;
  /** Measurements without a better one that end a phase of the adapter. */
  readonly patience: number;
  /** Training rows that a program answers before its prompts are proposed: where demonstrations of its earlier steps come from. */
  readonly tracedRows: number;
}

export const coordinateDefaults: CoordinateOptions = {
  levers: ['weights', 'prompt'],
  proposals: 5,
  promptShare: 0.05,
  weightSteps: 60,
  batchRows: 16,
  learningRate: 1e-3,
  patience: 3,
  tracedRows: 48,
};

/** What the next phase hangs on beside the best state; JSON. */
export interface CoordinateMemory {
  readonly current: MeasuredState;
  readonly statistics: BlockStatistics;
  /** Keys of prompts that were measured beside the current state and lost. */
  readonly tried: readonly string[];
}

/** What a phase is given. */
export interface BlockStart {
  readonly phase: number;
  readonly block: Block;
  readonly memory: CoordinateMemory;
  /** Of the current state on the valset. */
  readonly before: Evaluation;
  readonly adapter: Adapter | undefined;
  /** Token passes since the start of the optimization. */
  readonly spent: number;
  /** Token passes that the phase may spend. */
  readonly budget: number;
}

/** What a phase brings: at most one new state, for the gate. */
export interface BlockResult {
  /** The proposal that won; absent for an adapter. */
  readonly candidate?: CandidateId;
  readonly prompt: Prompt;
  readonly adapter?: Adapter;
  readonly evaluation?: Evaluation;
  readonly passes: number;
  /** Of how many results on these rows it is the best; 1 if absent. */
  readonly among?: number;
  readonly tried?: readonly string[];
}

/** A phase that could measure less often than this on the valset would bring nothing. */
const leastMeasurements = 3;

export class CoordinateJointOptimizer implements Coordinator {
  readonly options: CoordinateOptions;
  /** Evaluations of the current state by its candidate id: so that it is measured once. */
  private readonly measured = new Map<string, Evaluation>();

  constructor(options: Partial<CoordinateOptions> = {}) {
    this.options = { ...coordinateDefaults, ...options };
  }

  async begin(context: OptimizationContext): Promise<OptimizationState> {
    const { start: adapter } = context;
    if (adapter) await context.adapters.put(adapter);
    const evaluation = await context.evaluator.evaluate({ prompt: context.prompt, adapter }, context.valset);
    this.measured.set('0.0', evaluation);
    const start = measuredState('0.0', context.prompt, adapter, evaluation, context.objective);
    context.emit({ type: 'baselineMeasured', state: start, passes: evaluation.passes });
    const memory: CoordinateMemory = { current: start, statistics: {}, tried: [] };
    return { version: 1, phase: 0, start, best: start, passes: evaluation.passes, done: false, memory };
  }

  async advance(context: OptimizationContext, state: OptimizationState): Promise<OptimizationState> {
    const memory = state.memory as CoordinateMemory;
    const before = await this.evaluationOf(context, memory.current);
    const budget = context.budget - state.passes;
    if (budget < leastMeasurements * before.passes) return { ...state, done: 'the budget is spent' };
    const outputs = context.program?.tasks.map(({ output }) => output) ?? [];
    const choice = chooseBlock(memory.statistics, blocksOf(context.prompt, outputs, this.options.levers));
    if (!choice) return { ...state, done: 'no block helps any more' };
    const { block, because } = choice;
    const phase = state.phase + 1;
    context.emit({ type: 'phaseStarted', phase, lever: leverOf(block), block: block.name, because });
    const adapter = memory.current.adapter === undefined ? undefined : await context.adapters.get(memory.current.adapter);
    const run = block.kind === 'adapter' ? adapterBlock : promptBlock;
    const result = await run(context, this.options, { phase, block, memory, before, adapter, spent: state.passes, budget });
    return this.settle(context, state, memory, before, result, phase, block);
  }

  /** Judges what a phase brought, and writes the next state. */
  private async settle(
    context: OptimizationContext,
    state: OptimizationState,
    memory: CoordinateMemory,
    before: Evaluation,
    result: BlockResult,
    phase: number,
    block: Block,
  ): Promise<OptimizationState> {
    const passes = state.passes + result.passes;
    let { current } = memory;
    let accepted = false;
    let gain = 0;
    if (result.evaluation) {
      const candidate = measuredState(
        result.candidate ?? `${phase}.0`,
        result.prompt,
        result.adapter,
        result.evaluation,
        context.objective,
      );
      const decision = decide(before, result.evaluation, result.among);
      // A likelihood that rises while the score is level may cost a row at each phase: never below the start.
      const sunk = candidate.score.mean < state.start.score.mean;
      accepted = decision.accepted && !sunk;
      gain = gainOf(decision);
      context.emit({
        type: 'gateDecided',
        phase,
        candidate: candidate.candidate,
        accepted,
        because: decision.accepted && sunk ? `${decision.because}, but the score would be below the start's` : decision.because,
        score: decision.score,
        logLikelihood: decision.logLikelihood,
        objective: candidate.objective,
        flips: flipsBetween(before, result.evaluation, context.prompt, context.valset, context.trainer.output),
      });
      if (accepted) {
        if (result.adapter) await context.adapters.put(result.adapter);
        this.measured.set(candidate.candidate, result.evaluation);
        current = candidate;
      }
    }
    context.emit({ type: 'phaseEnded', phase, lever: leverOf(block), accepted, best: current, passes });
    const next: CoordinateMemory = {
      current,
      statistics: recordBlock(memory.statistics, block, { gain, passes: result.passes, accepted }),
      tried: accepted ? [] : [...new Set([...memory.tried, ...(result.tried ?? [])])].filter((key) => key !== promptKey(current.prompt)),
    };
    return { ...state, phase, best: current, passes, memory: next };
  }

  private async evaluationOf(context: OptimizationContext, state: MeasuredState): Promise<Evaluation> {
    const known = this.measured.get(state.candidate);
    if (known) return known;
    const adapter = state.adapter === undefined ? undefined : await context.adapters.get(state.adapter);
    const evaluation = await context.evaluator.evaluate({ prompt: state.prompt, adapter }, context.valset);
    this.measured.set(state.candidate, evaluation);
    return evaluation;
  }
}

/** For the bandit: points count, and nats a little. */
const gainOf = ({ score, logLikelihood }: Comparison): number => Math.max(0, score.mean) + 0.05 * Math.max(0, logLikelihood.mean);

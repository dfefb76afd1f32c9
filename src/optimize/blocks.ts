/** @file The blocks of coordinate descent, and which comes next: a bandit on measured gain per token over any number of blocks. */
import type { AdapterChoice } from '../model/stepAdapters.ts';
import { stepsOf, type Prompt } from '../prompt/prompt.ts';
import type { Target } from './events.ts';
import { discount } from './targetBandit.ts';

export const blockKinds = ['instruction', 'demonstrations', 'decoding', 'adapter'] as const;
export type BlockKind = (typeof blockKinds)[number];

/** What a phase may change while everything else is held fixed. */
export interface Block {
  readonly kind: BlockKind;
  /** The step of a program that has the prompt or adapter, from 0. Absent for what all steps share. */
  readonly step?: number;
  /** For people, e.g. `instruction of summary`. A block keeps its name throughout a run. */
  readonly name: string;
}

export const targetOf = ({ kind }: Pick<Block, 'kind'>): Target => (kind === 'adapter' ? 'weights' : 'prompt');

/**
 * The blocks of a prompt or program, in the order in which they are first tried. Decoding comes first because it is cheap, then the adapter, because
 * without it a small model makes little use of any wording. Then come the prompts, the last step's before the earlier ones, because its use of their
 * answers decides what these are worth.
 * @param outputs the names of the steps' answers, first to last
 * @param adapters whether each step of a program has one of its own
 */
export function blocksOf(
  prompt: Prompt,
  outputs: readonly string[],
  targets: readonly Target[],
  adapters: AdapterChoice = 'shared',
): Block[] {
  const steps = stepsOf(prompt).map((_, step) => step);
  const named = (kind: BlockKind): Block[] =>
    [...steps]
      .reverse()
      .map((step) => (steps.length === 1 ? { kind, step, name: kind } : { kind, step, name: `${kind} of ${outputs[step]}` }));
  const all: Block[] = [
    { kind: 'decoding', name: 'decoding' },
    ...(adapters === 'per-step' && steps.length > 1 ? named('adapter') : [{ kind: 'adapter' as const, name: 'adapter' }]),
    ...named('instruction'),
    ...named('demonstrations'),
  ];
  return all.filter((block) => targets.includes(targetOf(block)));
}

interface BlockRecord {
  readonly phases: number;
  /** Phases without an accepted result since the block last helped, or since another one did. */
  readonly failures: number;
  /** Discounted, like the tokens. */
  readonly gain: number;
  readonly tokensUsed: number;
}

/** By the block's name. JSON. */
export type BlockStatistics = Readonly<Record<string, BlockRecord>>;

const none: BlockRecord = { phases: 0, failures: 0, gain: 0, tokensUsed: 0 };

/** A block with this many failures is skipped until another one has changed something. */
const mostFailures = 2;

export const failuresOf = (statistics: BlockStatistics, { name }: Block): number => (statistics[name] ?? none).failures;

/** The block with the best gain per token, after each was tried once. Undefined if all have failed too often. */
export function chooseBlock(statistics: BlockStatistics, blocks: readonly Block[]): { block: Block; because: string } | undefined {
  const record = ({ name }: Block): BlockRecord => statistics[name] ?? none;
  const untried = blocks.find((block) => record(block).phases === 0);
  if (untried) return { block: untried, because: `${untried.name} has not been tried yet` };
  const open = blocks.filter((block) => record(block).failures < mostFailures);
  const rate = (block: Block): number => record(block).gain / Math.max(1, record(block).tokensUsed);
  const [best] = [...open].sort(
    (a, b) =>
      rate(b) - rate(a) ||
      record(a).failures - record(b).failures ||
      record(a).tokensUsed - record(b).tokensUsed ||
      blocks.indexOf(a) - blocks.indexOf(b),
  );
  if (!best) return undefined;
  if (rate(best) > 0) return { block: best, because: 'highest recent gain per token' };
  return { block: best, because: 'no block has helped recently; this one has failed least' };
}

export interface BlockOutcome {
  readonly gain: number;
  readonly tokensUsed: number;
  readonly accepted: boolean;
}

/** A block that changed something makes the others available again: what failed under the old state may help under the new one. */
export function recordBlock(statistics: BlockStatistics, { name }: Block, { gain, tokensUsed, accepted }: BlockOutcome): BlockStatistics {
  const { phases, failures, ...sums } = statistics[name] ?? none;
  const updated: BlockRecord = {
    phases: phases + 1,
    failures: accepted ? 0 : failures + 1,
    gain: discount * sums.gain + (accepted ? gain : 0),
    tokensUsed: discount * sums.tokensUsed + tokensUsed,
  };
  const others = accepted
    ? Object.fromEntries(Object.entries(statistics).map(([other, record]) => [other, { ...record, failures: 0 }]))
    : statistics;
  return { ...others, [name]: updated };
}

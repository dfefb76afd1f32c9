/**
 * @file Why each item of a proposal was proposed, and what was measured of it: a fold over the run. An item's grounds are those of the decision that
 * accepted it, and each number says what it is of.
 */
import { isDeepStrictEqual } from 'node:util';
import { changesBetween, type Pair } from '../optimize/changes.ts';
import type { Change, Difference, Flips } from '../optimize/events.ts';
import { diffHunks, type Hunk } from '../prompt/hunks.ts';
import { stepsOf, type Prompt } from '../prompt/prompt.ts';
import { hunksByPart, type PromptPart } from './proposedParts.ts';
import { adapterItem, itemId, type Proposal } from './review.ts';
import type { Split } from './spec.ts';
import type { CandidateState, PhaseState, RunState } from './state.ts';

export interface Evidence {
  /** What was compared with the state before it, e.g. `this change alone`, or `all of phase 3`. */
  readonly of: string;
  /** What that is made of, e.g. `2 changes of the prompt`; absent where the change was measured by itself. */
  readonly parts?: string;
  readonly difference: Difference;
  readonly split: Split;
  /** The rows that it turned, where the journal tells. */
  readonly flips?: Flips;
  /** Ids of all items that the number is of, where they are several: it is told with the first of them alone. */
  readonly items?: readonly string[];
}

export interface Grounds {
  readonly reason?: string;
  /** What comes closest to the item by itself first. */
  readonly evidence: readonly Evidence[];
  /** Ids of the items with which other numbers of this one are told. */
  readonly toldWith?: readonly string[];
}

/** The grounds of all that a run proposes, file by file, by the items' ids. */
export function groundsOf(proposals: readonly Proposal[], state: RunState): ReadonlyMap<string, Grounds> {
  const { start, best } = state;
  if (!start || !best) return new Map();
  const way = wayTo(state);
  const levers = { prompt: proposals.some(({ before, prompt }) => before !== prompt), weights: proposals.some(({ adapter }) => adapter) };
  // With one lever alone that is the same as all together.
  const onRowsOfTest = onTest(state, levers.prompt && levers.weights);
  const grounds = new Map<string, Found>();
  for (const proposal of proposals) {
    for (const { hunk, parts } of hunksByPart(proposal, start.prompt, best.prompt)) {
      const steps = parts.map((part) => ({ part, step: acceptedWith(way, part, best.prompt) })).filter(({ step }) => step !== undefined);
      const reasons = steps.flatMap(({ part, step }) => reasonOf(part, step!, way, state) ?? []);
      const evidence = steps.map(({ part, step }) => measuredOf(part, step!));
      grounds.set(itemId(proposal, hunk.id), { reasons, evidence: [...evidence, ...onRowsOfTest.prompt] });
    }
    if (!proposal.adapter) continue;
    const tuned = way.filter(({ training }) => training > 0);
    const evidence = [...tuned].sort((a, b) => a.places - b.places).map((step) => measuredOf({ part: 'adapter' }, step));
    grounds.set(adapterItem, {
      reasons: tuned.length > 0 ? [trainingText(tuned)] : [],
      evidence: [...evidence, ...onRowsOfTest.weights],
    });
  }
  return saidOnce(grounds);
}

interface Found {
  readonly reasons: readonly string[];
  /** The same number is the same object. */
  readonly evidence: readonly Evidence[];
}

/** A number of several items is told with the first of them, the adapter last, and the others say where. */
function saidOnce(found: ReadonlyMap<string, Found>): ReadonlyMap<string, Grounds> {
  const ordered = [...found].sort(([a], [b]) => Number(a === adapterItem) - Number(b === adapterItem));
  const itemsOf = (evidence: Evidence): string[] => ordered.filter(([, each]) => each.evidence.includes(evidence)).map(([id]) => id);
  return new Map(
    [...found].map(([id, { reasons, evidence }]): [string, Grounds] => {
      const shared = [...new Set(evidence)].map((each) => ({ each, items: itemsOf(each) }));
      const here = shared.filter(({ items }) => items[0] === id);
      const toldWith = [...new Set(shared.flatMap(({ items }) => (items[0] === id ? [] : items.slice(0, 1))))];
      const unique = [...new Set(reasons)];
      return [
        id,
        {
          ...(unique.length > 0 && { reason: unique.join('; ') }),
          evidence: here.map(({ each, items }) => (items.length > 1 ? { ...each, items } : each)),
          ...(toldWith.length > 0 && { toldWith }),
        },
      ];
    }),
  );
}

/** An accepted candidate on the way from the start to what the run proposes. */
interface Step {
  readonly phase: PhaseState;
  readonly candidate: CandidateState;
  readonly after: Prompt;
  readonly changes: readonly Change[];
  /** How many places of the prompt it changed. */
  readonly places: number;
  /** Training steps that its weights took. */
  readonly training: number;
  /** Its numbers, each made once. */
  readonly whole: Evidence;
  readonly own: ReadonlyMap<Change, Evidence>;
}

function wayTo({ phases, start, best }: RunState): Step[] {
  const kept = phases.flatMap((phase) =>
    phase.candidates.filter(({ decision }) => decision?.accepted).map((candidate) => ({ phase, candidate })),
  );
  // The classic schedule goes on from states that are not the best.
  const way = kept.slice(0, kept.findLastIndex(({ candidate }) => candidate.candidate === best!.candidate) + 1);
  let before: Pair = start!;
  return way.map(({ phase, candidate }, place): Step => {
    const prompt = place === way.length - 1 ? best!.prompt : (candidate.became ?? candidate.proposal ?? before).prompt;
    const training = trainingOf(phase, candidate);
    // Journals of earlier versions tell what a decision was on, and not what that changed.
    const adapter = training > 0 ? candidate.candidate : before.adapter;
    const after: Pair = { prompt, ...(adapter !== undefined && { adapter }) };
    const changes = candidate.decision!.changes ?? changesBetween(before, after);
    before = after;
    const places = changes.reduce((sum, { part, hunks }) => sum + (part === 'adapter' ? 0 : (hunks?.length ?? 1)), 0);
    const own = new Map(changes.flatMap((change) => (change.own ? [[change, ownOf(change, change.own, phase.phase)] as const] : [])));
    return { phase, candidate, after: prompt, changes, places, training, own, whole: wholeOf(phase, candidate, places, training) };
  });
}

/** A candidate that looks ahead has steps of its own; those of a phase's current prompt name none. */
function trainingOf({ lever, weightSteps }: PhaseState, { candidate, proposal }: CandidateState): number {
  return weightSteps.filter((step) => lever !== 'prompt' || step.candidate === (proposal ? candidate : undefined)).length;
}

/** The decision from which on the prompt has the part as it is proposed. */
function acceptedWith(way: readonly Step[], part: PromptPart, best: Prompt): Step | undefined {
  const final = partOf(best, part);
  const has = ({ after }: Step): boolean => {
    if (!part.hunk) return isDeepStrictEqual(partOf(after, part), final);
    return diffHunks(part.from!, (stepsOf(after)[part.step ?? 0] ?? after).body).some((hunk) => isSame(hunk, part.hunk!));
  };
  return way.at(way.findLastIndex((step) => !has(step)) + 1);
}

const isSame = (a: Hunk, b: Hunk): boolean => a.line === b.line && a.before === b.before && a.after === b.after;

function partOf(prompt: Prompt, { part, step = 0 }: Pick<Change, 'part' | 'step'>): unknown {
  const { body, demonstrations, decoding } = stepsOf(prompt)[step] ?? prompt;
  return { instruction: body, demonstrations, decoding, adapter: undefined }[part];
}

const isOf = ({ part, step = 0 }: Pick<Change, 'part' | 'step'>, other: Pick<Change, 'part' | 'step'>): boolean =>
  part === other.part && step === (other.step ?? 0);

/**
 * The decision's own reason for the part, or that of its proposal. A prompt that was proposed before and came back with other weights has
 * the reason of the latest proposal that changed this part to what it is.
 */
function reasonOf(
  part: PromptPart,
  { phase, candidate, changes, after }: Step,
  way: readonly Step[],
  { phases, start }: RunState,
): string | undefined {
  const own = changes.find((change) => isOf(change, part))?.reason;
  if (own !== undefined) return own;
  const changed = ({ proposal }: CandidateState, of: PhaseState): boolean => {
    const from = way.findLast((step) => step.phase.phase < of.phase)?.after ?? start!.prompt;
    const told = proposal!.changes ?? changesBetween({ prompt: from }, { prompt: proposal!.prompt });
    return told.some((change) => isOf(change, part)) && isDeepStrictEqual(partOf(proposal!.prompt, part), partOf(after, part));
  };
  if (candidate.proposal && changed(candidate, phase)) return candidate.proposal.reason;
  const earlier = phases.filter((each) => each.phase <= phase.phase).flatMap((of) => of.candidates.map((each) => ({ of, each })));
  return earlier.findLast(({ of, each }) => each.proposal && each.proposal.proposer !== 'challengers' && changed(each, of))?.each.proposal
    ?.reason;
}

const measuredOf = (part: Pick<Change, 'part' | 'step'>, { changes, own, whole }: Step): Evidence => {
  const change = changes.find((each) => isOf(each, part));
  return (change && own.get(change)) ?? whole;
};

const ownOf = ({ part }: Change, difference: Difference, phase: number): Evidence => ({
  of: part === 'adapter' ? `the new weights of phase ${phase} alone` : `this change alone, under the new weights of phase ${phase}`,
  difference,
  split: 'val',
});

function wholeOf({ phase }: PhaseState, { decision }: CandidateState, places: number, training: number): Evidence {
  const parts = [
    ...(places > 0 ? [counted(places, 'change of the prompt', 'changes of the prompt')] : []),
    ...(training > 0 ? [counted(training, 'training step', 'training steps')] : []),
  ];
  const { score, flips } = decision!;
  const alone = places === 1 && training === 0;
  const what = alone ? { of: 'this change alone' } : { of: `all of phase ${phase}`, parts: parts.join(' and ') };
  return { ...what, difference: score, split: 'val', ...(flips && { flips }) };
}

/** What the test rows say, of each lever by itself where both moved, and of all together. */
function onTest({ attribution }: RunState, both: boolean): { readonly prompt: Evidence[]; readonly weights: Evidence[] } {
  if (!attribution) return { prompt: [], weights: [] };
  const together: Evidence = { of: 'all that the run proposes', difference: attribution.total, split: 'test' };
  if (!both) return { prompt: [together], weights: [together] };
  return {
    prompt: [{ of: 'the new prompt under the old weights', difference: attribution.promptAlone, split: 'test' }, together],
    weights: [{ of: 'the new weights under the old prompt', difference: attribution.weightsAlone, split: 'test' }, together],
  };
}

function trainingText(steps: readonly Step[]): string {
  const total = steps.reduce((sum, { training }) => sum + training, 0);
  const phases = steps.map(({ phase }) => phase.phase);
  const where = phases.length === 1 ? `phase ${phases[0]}` : `phases ${phases.slice(0, -1).join(', ')} and ${phases.at(-1)}`;
  return `tuned by ${counted(total, 'training step', 'training steps')} in ${where}`;
}

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

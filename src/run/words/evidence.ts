/**
 * @file Why each item of a proposal was proposed, and what was measured for it: a fold over the run. An item's grounds are those of the decision that
 * accepted it, and each number names what it measures.
 */
import { isDeepStrictEqual } from 'node:util';
import { changesBetween, type Pair } from '../../optimize/changes.ts';
import type { Change, ChangedHunk, Difference, ChangedPredictions } from '../../optimize/events.ts';
import { diffHunks, growthAbove, type Hunk } from '../../prompt/hunks.ts';
import { ownWords } from '../../prompt/labelWords.ts';
import { stepsOf, type Prompt } from '../../prompt/prompt.ts';
import { hunksByPart, type PromptPart } from '../proposedParts.ts';
import { adapterItem, itemId, type Proposal } from '../review.ts';
import type { Split } from '../spec.ts';
import type { CandidateState, PhaseState, PriceState, RunState } from '../record/state.ts';

export interface Evidence {
  /** What was compared with the state before it, e.g. `this change alone`, or `all of phase 3`. */
  readonly of: string;
  /** What that consists of, e.g. `2 prompt changes`. Absent if the change was measured by itself. */
  readonly parts?: string;
  readonly difference: Difference;
  /** Tokens that it adds to the prompt, negative if it saves some. */
  readonly tokens?: number;
  /** What an answer costs before and after it, if that was measured. */
  readonly price?: PriceState;
  readonly split: Split;
  /** The rows whose predictions it changed, if the journal has them. */
  readonly changedPredictions?: ChangedPredictions;
  /** Ids of all items that the number covers, if there are several. Only the first of them shows it. */
  readonly items?: readonly string[];
}

export interface Grounds {
  readonly reason?: string;
  /** Tokens that the item adds to the prompt, if none of its own numbers includes them. */
  readonly tokens?: number;
  /** The evidence closest to the item alone comes first. */
  readonly evidence: readonly Evidence[];
  /** Ids of the items that show the other numbers of this one. */
  readonly toldWith?: readonly string[];
}

/** The grounds of everything that a run proposes, file by file, by the items' ids. */
export function groundsOf(proposals: readonly Proposal[], state: RunState): ReadonlyMap<string, Grounds> {
  const { start, best } = state;
  if (!start || !best) return new Map();
  const way = wayTo(state);
  const targets = { prompt: proposals.some(({ before, prompt }) => before !== prompt), weights: proposals.some(({ adapter }) => adapter) };
  // If only one of them changed, its effect is the same as the total.
  const onRowsOfTest = onTest(state, targets.prompt && targets.weights);
  const grounds = new Map<string, Found>();
  for (const proposal of proposals) {
    for (const { hunk, parts } of hunksByPart(proposal, start.prompt, best.prompt)) {
      const steps = parts.map((part) => ({ part, step: acceptedWith(way, part, best.prompt) })).filter(({ step }) => step !== undefined);
      const reasons = steps.flatMap(({ part, step }) => reasonOf(part, step!, way, state) ?? []);
      const measured = steps.map(({ part, step }) => measuredOf(part, step!, way, state.places));
      const tokens = measured.reduce<number | undefined>((sum, each) => plus(sum, each.tokens), measured.length > 0 ? 0 : undefined);
      const evidence = [...measured.flatMap((each) => each.evidence), ...onRowsOfTest.prompt];
      const isTold = tokens === undefined || evidence.some((each) => each.tokens !== undefined);
      grounds.set(itemId(proposal, hunk.id), { reasons, evidence, ...(!isTold && { tokens }) });
    }
    if (!proposal.adapter) continue;
    const tuned = way.filter(({ training }) => training > 0);
    const evidence = [...tuned].sort((a, b) => a.places - b.places).flatMap((step) => measuredOf({ part: 'adapter' }, step, way).evidence);
    grounds.set(adapterItem, {
      reasons: tuned.length > 0 ? [trainingText(tuned, state.refit)] : [],
      evidence: [...evidence, ...onRowsOfTest.weights],
    });
  }
  return saidOnce(grounds);
}

interface Found {
  readonly reasons: readonly string[];
  readonly tokens?: number;
  /** Equal numbers are the same object. */
  readonly evidence: readonly Evidence[];
}

/** A number of several items is shown with the first of them, the adapter last, and the others refer to it. */
function saidOnce(found: ReadonlyMap<string, Found>): ReadonlyMap<string, Grounds> {
  const ordered = [...found].sort(([a], [b]) => Number(a === adapterItem) - Number(b === adapterItem));
  const itemsOf = (evidence: Evidence): string[] => ordered.filter(([, each]) => each.evidence.includes(evidence)).map(([id]) => id);
  return new Map(
    [...found].map(([id, { reasons, tokens, evidence }]): [string, Grounds] => {
      const shared = [...new Set(evidence)].map((each) => ({ each, items: itemsOf(each) }));
      const here = shared.filter(({ items }) => items[0] === id);
      const toldWith = [...new Set(shared.flatMap(({ items }) => (items[0] === id ? [] : items.slice(0, 1))))];
      const unique = [...new Set(reasons)];
      return [
        id,
        {
          ...(unique.length > 0 && { reason: unique.join('; ') }),
          ...(tokens !== undefined && { tokens }),
          evidence: here.map(({ each, items }) => (items.length > 1 ? { ...each, items } : each)),
          ...(toldWith.length > 0 && { toldWith }),
        },
      ];
    }),
  );
}

/** An accepted candidate on the way from the start to the run's proposal. */
interface Step {
  readonly phase: PhaseState;
  readonly candidate: CandidateState;
  readonly before: Prompt;
  readonly after: Prompt;
  readonly changes: readonly Change[];
  /** How many places of the prompt it changed. */
  readonly places: number;
  /** Training steps of its weights. */
  readonly training: number;
  /** Its numbers, each created once. */
  readonly whole: Evidence;
  readonly own: ReadonlyMap<Change, Evidence>;
}

function wayTo({ phases, start, best }: RunState): Step[] {
  const kept = phases.flatMap((phase) =>
    phase.candidates.filter(({ decision }) => decision?.accepted).map((candidate) => ({ phase, candidate })),
  );
  // The classic schedule continues from states that are not the best.
  const way = kept.slice(0, kept.findLastIndex(({ candidate }) => candidate.candidate === best!.candidate) + 1);
  let before: Pair = start!;
  return way.map(({ phase, candidate }, place): Step => {
    const prompt = place === way.length - 1 ? best!.prompt : (candidate.became ?? candidate.proposal ?? before).prompt;
    const training = trainingOf(phase, candidate);
    // Journals of earlier versions have the subject of a decision, but not what it changed.
    const adapter = training > 0 ? candidate.candidate : before.adapter;
    const after: Pair = { prompt, ...(adapter !== undefined && { adapter }) };
    const changes = candidate.decision!.changes ?? changesBetween(before, after);
    const from = before.prompt;
    before = after;
    const places = changes.reduce((sum, { part, hunks }) => sum + (part === 'adapter' ? 0 : (hunks?.length ?? 1)), 0);
    const own = new Map(
      changes.flatMap((change) => (change.own ? [[change, ownOf(change, change.own, phase.phase, training)] as const] : [])),
    );
    return {
      phase,
      candidate,
      before: from,
      after: prompt,
      changes,
      places,
      training,
      own,
      whole: wholeOf(phase, candidate, places, training),
    };
  });
}

/** A candidate that looks ahead has separate steps. Steps of a phase's current prompt name no candidate. */
function trainingOf({ target, weightSteps }: PhaseState, { candidate, proposal }: CandidateState): number {
  return weightSteps.filter((step) => target !== 'prompt' || step.candidate === (proposal ? candidate : undefined)).length;
}

/** The decision since which the prompt has the part as it is proposed. */
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
  const own = stepsOf(prompt)[step] ?? prompt;
  const { body, demonstrations, decoding } = own;
  return { instruction: body, demonstrations, labels: ownWords(own), decoding, adapter: undefined }[part];
}

const isOf = ({ part, step = 0 }: Pick<Change, 'part' | 'step'>, other: Pick<Change, 'part' | 'step'>): boolean =>
  part === other.part && step === (other.step ?? 0);

/**
 * The decision's own reason for the part, or that of its proposal. A prompt that was proposed earlier and accepted with other weights has
 * the reason of the latest proposal that changed this part to its final form.
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
    const proposed = proposal!.changes ?? changesBetween({ prompt: from }, { prompt: proposal!.prompt });
    return proposed.some((change) => isOf(change, part)) && isDeepStrictEqual(partOf(proposal!.prompt, part), partOf(after, part));
  };
  if (candidate.proposal && changed(candidate, phase)) return candidate.proposal.reason;
  const earlier = phases.filter((each) => each.phase <= phase.phase).flatMap((of) => of.candidates.map((each) => ({ of, each })));
  return earlier.findLast(({ of, each }) => each.proposal && each.proposal.proposer !== 'challengers' && changed(each, of))?.each.proposal
    ?.reason;
}

interface MeasuredPart {
  readonly evidence: readonly Evidence[];
  /** Tokens that the part adds to the prompt, if they were counted. */
  readonly tokens?: number;
}

/** The evidence closest to the part alone: its own numbers, or else those of everything that was decided together with it. */
function measuredOf(
  part: PromptPart | { readonly part: 'adapter' },
  { changes, own, whole }: Step,
  way: readonly Step[],
  places: readonly Change[] = [],
): MeasuredPart {
  const place = 'hunk' in part && places.find((each) => isOf(each, part))?.hunks?.find((hunk) => isSame(hunk, part.hunk!));
  if (place && place.own) {
    const { tokens } = place;
    const evidence: Evidence = { of: 'this change alone, with everything else as proposed', difference: place.own, split: 'val' };
    return { evidence: [{ ...evidence, ...(tokens !== undefined && { tokens }) }], ...(tokens !== undefined && { tokens }) };
  }
  const change = changes.find((each) => isOf(each, part));
  const ofChange = (change && own.get(change)) ?? whole;
  if (!('hunk' in part) || !part.hunk) return { evidence: [ofChange], ...(change?.tokens !== undefined && { tokens: change.tokens }) };
  const pieces = piecesOf({ ...part, hunk: part.hunk }, way);
  const measured = pieces.flatMap((piece) => (piece.hunk.own ? [ownOfHunk(piece, piece.hunk.own, pieces.length === 1)] : []));
  const tokens = pieces.reduce<number | undefined>((sum, { hunk }) => plus(sum, hunk.tokens), pieces.length > 0 ? 0 : undefined);
  const isWhole = pieces.length > 0 && measured.length === pieces.length;
  return { evidence: isWhole ? measured : [...measured, ofChange], ...(tokens !== undefined && { tokens }) };
}

/** A place that a decision on the way changed. */
interface Piece {
  readonly hunk: ChangedHunk;
  readonly step: Step;
}

/** The changed places that make up a hunk of the proposal. Adjacent lines may have been removed one after the other. */
function piecesOf({ step = 0, hunk, from }: PromptPart & { readonly hunk: Hunk }, way: readonly Step[]): Piece[] {
  return way.flatMap((each) => {
    const edits = diffHunks(from!, (stepsOf(each.before)[step] ?? each.before).body);
    // Where the hunk is in the body that this decision was about.
    const end = hunk.line + heightOf(hunk.before);
    const above = edits.filter(({ line }) => line < hunk.line);
    const within = edits.filter(({ line }) => line < end || line === hunk.line);
    const [first, last] = [hunk.line + growthAbove(above, hunk.line), end + growthAbove(within, Infinity)];
    const hunks = each.changes.find((change) => isOf(change, { part: 'instruction', step }))?.hunks ?? [];
    return hunks.flatMap((own) => {
      const height = heightOf(own.before);
      const isPutIn = height === 0 || last === first;
      const touches = isPutIn ? own.line <= last && own.line + height >= first : own.line < last && own.line + height > first;
      return touches ? [{ hunk: own, step: each }] : [];
    });
  });
}

function ownOfHunk({ hunk: { tokens }, step: { phase, training } }: Piece, difference: Difference, isAll: boolean): Evidence {
  const what = isAll ? 'this change alone' : `the part of phase ${phase.phase} alone`;
  return { of: `${what}${underWeights(phase.phase, training)}`, difference, ...(tokens !== undefined && { tokens }), split: 'val' };
}

const ownOf = ({ part, tokens }: Change, difference: Difference, phase: number, training: number): Evidence => ({
  of: part === 'adapter' ? `the new weights of phase ${phase} alone` : `this change alone${underWeights(phase, training)}`,
  difference,
  ...(tokens !== undefined && part !== 'adapter' && { tokens }),
  split: 'val',
});

const underWeights = (phase: number, training: number): string => (training > 0 ? `, with the new weights of phase ${phase}` : '');

/** Undefined if either is. */
const plus = (a: number | undefined, b: number | undefined): number | undefined => (a === undefined || b === undefined ? undefined : a + b);

const heightOf = (text: string): number => (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).length;

function wholeOf({ phase }: PhaseState, { decision }: CandidateState, places: number, training: number): Evidence {
  const parts = [
    ...(places > 0 ? [counted(places, 'prompt change', 'prompt changes')] : []),
    ...(training > 0 ? [counted(training, 'training step', 'training steps')] : []),
  ];
  const { score, changedPredictions, changes = [] } = decision!;
  const alone = places === 1 && training === 0;
  const tokens = changes.reduce<number | undefined>((sum, change) => plus(sum, change.part === 'decoding' ? 0 : change.tokens), 0);
  const what = alone ? { of: 'this change alone' } : { of: `all of phase ${phase}`, parts: parts.join(' and ') };
  const own = alone && changes.length > 0 && tokens !== undefined && tokens !== 0 ? { tokens } : {};
  return { ...what, difference: score, ...own, split: 'val', ...(changedPredictions && { changedPredictions }) };
}

/** What the test rows show about prompt and weights separately, if both changed, and about everything together. */
function onTest({ attribution, price }: RunState, both: boolean): { readonly prompt: Evidence[]; readonly weights: Evidence[] } {
  if (!attribution) return { prompt: [], weights: [] };
  const together: Evidence = {
    of: 'everything that the run proposes',
    difference: attribution.total,
    split: 'test',
    ...(price && { price }),
  };
  if (!both) return { prompt: [together], weights: [together] };
  return {
    prompt: [{ of: 'the new prompt, with the old weights', difference: attribution.promptAlone, split: 'test' }, together],
    weights: [{ of: 'the new weights, with the old prompt', difference: attribution.weightsAlone, split: 'test' }, together],
  };
}

function trainingText(steps: readonly Step[], refit: RunState['refit']): string {
  const total = steps.reduce((sum, { training }) => sum + training, 0);
  const phases = steps.map(({ phase }) => phase.phase);
  const where = phases.length === 1 ? `phase ${phases[0]}` : `phases ${phases.slice(0, -1).join(', ')} and ${phases.at(-1)}`;
  const text = `tuned by ${counted(total, 'training step', 'training steps')} in ${where}`;
  return refit?.kept
    ? `${text}, then trained again from the start for ${counted(refit.steps, 'step', 'steps')} on all ${refit.rows} rows`
    : text;
}

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

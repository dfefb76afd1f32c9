/** @file Why each item of a proposal was proposed, and what was measured of it: a fold over the run. It says what a number is of. */
import type { Difference, Flips } from '../optimize/events.ts';
import { stepsOf, type Prompt } from '../prompt/prompt.ts';
import { diffHunks, rebaseHunks } from '../prompt/hunks.ts';
import { isProgramPath } from '../prompt/programFile.ts';
import { parsePromptFile } from '../prompt/promptFile.ts';
import { applyPrompt } from '../prompt/writePrompt.ts';
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
}

export interface Grounds {
  readonly reason?: string;
  /** What comes closest to the item by itself first. */
  readonly evidence: readonly Evidence[];
}

/** The grounds of all that a run proposes, file by file, by the items' ids. */
export function groundsOf(proposals: readonly Proposal[], state: RunState): ReadonlyMap<string, Grounds> {
  const grounds = new Map<string, Grounds>();
  const levers = { prompt: proposals.some(({ before, prompt }) => before !== prompt), weights: proposals.some(({ adapter }) => adapter) };
  // With one lever alone that is the same as all together.
  const onRowsOfTest = (which: 'promptAlone' | 'weightsAlone', of: string): Evidence[] =>
    onTest(state, levers.prompt && levers.weights ? { which, of } : undefined);
  for (const proposal of proposals) {
    const way = wayTo(proposal, state);
    for (const { id } of diffHunks(proposal.before, proposal.prompt)) {
      const step = way.at(firstWith(way, id));
      const reason = step && reasonOf(step, state);
      const evidence = [...(step ? [measuredIn(step)] : []), ...onRowsOfTest('promptAlone', 'the new prompt under the old weights')];
      grounds.set(itemId(proposal, id), { ...(reason !== undefined && { reason }), evidence });
    }
    if (!proposal.adapter) continue;
    const tuned = way.filter(({ training }) => training > 0);
    const evidence = [
      ...[...tuned].sort((a, b) => a.changes - b.changes).map(measuredIn),
      ...onRowsOfTest('weightsAlone', 'the new weights under the old prompt'),
    ];
    grounds.set(adapterItem, { ...(tuned.length > 0 && { reason: trainingText(tuned) }), evidence });
  }
  return grounds;
}

/** A phase on the way from the start to what the run proposes. */
interface Step {
  readonly phase: PhaseState;
  readonly candidate: CandidateState;
  readonly prompt: Prompt;
  /** How many places of the prompt it changed. */
  readonly changes: number;
  /** Training steps that its weights took. */
  readonly training: number;
  /** Ids of the proposal's hunks that the prompt has after it. */
  readonly has: ReadonlySet<string>;
}

function wayTo(proposal: Proposal, { phases, start, best }: RunState): Step[] {
  const { before, prompt: proposed } = proposal;
  if (!start || !best) return [];
  const kept = phases.flatMap((phase) =>
    phase.candidates.filter(({ decision }) => decision?.accepted).map((candidate) => ({ phase, candidate })),
  );
  // The classic schedule goes on from states that are not the best.
  const way = kept.slice(0, kept.findLastIndex(({ candidate }) => candidate.candidate === best.candidate) + 1);
  const hunks = diffHunks(before, proposed);
  const textWith = textOf(proposal);
  const steps: Step[] = [];
  let [prompt, text] = [start.prompt, before];
  for (const [place, { phase, candidate }] of way.entries()) {
    prompt = place === way.length - 1 ? best.prompt : (candidate.proposal?.prompt ?? prompt);
    const next = textWith(prompt);
    const has = new Set(rebaseHunks(before, hunks, next).present.map(({ id }) => id));
    steps.push({ phase, candidate, prompt, changes: diffHunks(text, next).length, training: trainingOf(phase, candidate), has });
    text = next;
  }
  return steps;
}

/** The file's text with a prompt of the run; a program's own file has no prompt in it. */
function textOf({ file: path, step, before }: Proposal): (prompt: Prompt) => string {
  if (isProgramPath(path)) return () => before;
  const file = parsePromptFile(path, before);
  if (!step) return (prompt) => applyPrompt(file, prompt);
  const { place, output } = step;
  return (prompt) => applyPrompt(file, stepsOf(prompt)[place], { output });
}

/** The step from which on the prompt has the hunk. */
function firstWith(steps: readonly Step[], id: string): number {
  return steps.findLastIndex(({ has }) => !has.has(id)) + 1;
}

/** A candidate that looks ahead has steps of its own; those of a phase's current prompt name none. */
function trainingOf({ lever, weightSteps }: PhaseState, { candidate, proposal }: CandidateState): number {
  return weightSteps.filter((step) => lever !== 'prompt' || step.candidate === (proposal ? candidate : undefined)).length;
}

/** A weight phase on a mixture of prompts may end with one that was proposed before. */
function reasonOf({ candidate, prompt }: Step, { phases }: RunState): string | undefined {
  const known = phases.flatMap(({ candidates }) => candidates).filter(({ proposal }) => proposal?.prompt.body === prompt.body);
  return (candidate.proposal ?? known.at(-1)?.proposal)?.reason;
}

const measuredIn = ({ phase, candidate: { decision }, changes, training }: Step): Evidence => {
  const parts = [
    ...(changes > 0 ? [counted(changes, 'change of the prompt', 'changes of the prompt')] : []),
    ...(training > 0 ? [counted(training, 'training step', 'training steps')] : []),
  ];
  const { score, flips } = decision!;
  const alone = changes === 1 && training === 0;
  const what = alone ? { of: 'this change alone' } : { of: `all of phase ${phase.phase}`, parts: parts.join(' and ') };
  return { ...what, difference: score, split: 'val', ...(flips && { flips }) };
};

function onTest(
  { attribution }: RunState,
  alone: { readonly which: 'promptAlone' | 'weightsAlone'; readonly of: string } | undefined,
): Evidence[] {
  if (!attribution) return [];
  const together: Evidence = { of: 'all that the run proposes', difference: attribution.total, split: 'test' };
  if (!alone) return [together];
  return [{ of: alone.of, difference: attribution[alone.which], split: 'test' }, together];
}

function trainingText(steps: readonly Step[]): string {
  const total = steps.reduce((sum, { training }) => sum + training, 0);
  const phases = steps.map(({ phase }) => phase.phase);
  const where = phases.length === 1 ? `phase ${phases[0]}` : `phases ${phases.slice(0, -1).join(', ')} and ${phases.at(-1)}`;
  return `tuned by ${counted(total, 'training step', 'training steps')} in ${where}`;
}

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

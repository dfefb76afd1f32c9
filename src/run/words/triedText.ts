/** @file What the phases of a run tried, in words, and why the prompt's text did not change, for terminal, report and panel. */
import type { Difference } from '../../optimize/events.ts';
import { stepsOf, type Prompt } from '../../prompt/prompt.ts';
import { gainDetails, gainText, tokensText } from './format.ts';
import type { CandidateState, PhaseState, RunState } from '../record/state.ts';

type Kind = readonly [one: string, many: string];

const wording: Kind = ['wording', 'wordings'];
const deletion: Kind = ['deletion', 'deletions'];
const demonstrations: Kind = ['set of demonstrations', 'sets of demonstrations'];
const scoring: Kind = ['way of label scoring', 'ways of label scoring'];
const decoding: Kind = ['decoding setting', 'decoding settings'];
const labelWords: Kind = ['set of label words', 'sets of label words'];
const anyPrompt: Kind = ['prompt', 'prompts'];

/** What the proposals of each source are, by its name. Proposals of any other source are prompts. */
const kinds: ReadonlyMap<string, Kind> = new Map([
  ['grounded templates', wording],
  ['edits', wording],
  ['hinted edits', wording],
  ['gradient edits', wording],
  ['written', wording],
  ['confusions', wording],
  ['soft prompt', wording],
  ['shorten', deletion],
  ['demonstrations', demonstrations],
  ['bootstrapped demonstrations', demonstrations],
  ['label scoring', scoring],
  ['decoding', decoding],
  ['label words', labelWords],
  ['challengers', ['earlier prompt', 'earlier prompts']],
]);

/** These do not change the prompt's text. */
const notText: readonly Kind[] = [scoring, decoding, labelWords];

/** `tried 6 wordings and 9 deletions; 3 deletions kept, -112 tokens`, or for the weights `60 training steps, kept`. */
export function triedText(phase: PhaseState): string {
  const { target, weightSteps, ended } = phase;
  const proposed = countsOf([phase]);
  const count = sum(proposed);
  const trained = target === 'prompt' ? [] : [counted(weightSteps.length, ['training step', 'training steps'])];
  const what = [...trained, ...(count > 0 ? [`${target === 'prompt' ? 'tried ' : ''}${countsText(proposed)}`] : [])].join(', and ');
  if (what === '') return ended ? 'nothing to try' : 'nothing tried yet';
  if (!ended) return `${what} so far`;
  if (target !== 'prompt') return `${what}, ${ended.accepted ? `kept${absorbedText(phase)}` : 'not kept'}`;
  if (ended.accepted) return `${what}; ${keptText(phase)}`;
  return `${what}: ${refusedText(proposed)}`;
}

function refusedText(proposed: ReadonlyMap<Kind, number>): string {
  const [none, nor] = sum(proposed) === 1 ? ['it was not', 'nor'] : ['none was', 'or'];
  return `${none} clearly better${proposed.has(deletion) ? ` ${nor} as good with fewer tokens` : ''}`;
}

/** What the weights have made unnecessary in the prompt: `; 8 parts of the prompt removed, -433 tokens`. */
function absorbedText({ candidates }: PhaseState): string {
  const changes = candidates.find(({ decision }) => decision?.accepted)?.decision?.changes ?? [];
  const gone = changes.filter(({ part }) => part === 'instruction' || part === 'demonstrations');
  if (gone.length === 0) return '';
  const tokens = gone.reduce((total, change) => total + (change.tokens ?? 0), 0);
  const places = gone.reduce((total, { hunks }) => total + (hunks?.length ?? 1), 0);
  return `; ${counted(places, ['part of the prompt removed', 'parts of the prompt removed'])}${tokens === 0 ? '' : `, ${tokensText(tokens)}`}`;
}

function keptText({ candidates }: PhaseState): string {
  const kept = candidates.find(({ decision }) => decision?.accepted);
  if (!kept?.proposal) return 'none kept, only the weights that were trained with them';
  const { changes = [] } = kept.decision!;
  const kind = kindOf(kept);
  const places = changes.reduce(
    (total, { part, hunks }) => total + (part === 'adapter' || part === 'decoding' ? 0 : (hunks?.length ?? 1)),
    0,
  );
  const tokens = changes.reduce((total, change) => total + (change.tokens ?? 0), 0);
  const count = kind === deletion ? Math.max(1, places) : 1;
  return `${counted(count, kind)} kept${tokens === 0 ? '' : `, ${tokensText(tokens)}`}`;
}

/** Why a run's prompt text did not change. Empty if it did, if only the weights were tuned, and while the run continues. */
export function textStayedText({ status, config, start, best, phases, because }: RunState): string | undefined {
  if (status !== 'ended' || !start || !best || config?.tune === 'weights' || !isSameText(start.prompt, best.prompt)) return undefined;
  const proposed = countsOf(phases, true);
  const stayed = 'The prompt text did not change';
  if (sum(proposed) === 0) return `${stayed}: no other text was proposed before the run ended (${because ?? 'ended'}).`;
  const of = phases.filter((phase) => countsOf([phase], true).size > 0).length;
  const closest = closestOf(phases);
  const detail = closest
    ? ` ${closest.candidate} came closest: ${gainText(closest.score, 'validation')}, ${gainDetails(closest.score)}.`
    : '';
  return `${stayed}: the run tried ${countsText(proposed)} in ${counted(of, ['phase', 'phases'])}, and ${refusedText(proposed)}.${detail}`;
}

/** Of the proposals that change the text, the one with the largest difference at the gate. */
function closestOf(phases: readonly PhaseState[]): { readonly candidate: string; readonly score: Difference } | undefined {
  const seen = phases.flatMap(({ candidates }) =>
    candidates.flatMap((each) => {
      const score = each.decision?.score ?? each.measured.at(-1)?.score;
      return each.proposal && score && !notText.includes(kindOf(each)) ? [{ candidate: each.candidate, score }] : [];
    }),
  );
  const rows = Math.max(0, ...seen.map(({ score }) => score.rows));
  // Proposals that were dropped early were measured on few rows.
  return seen
    .filter(({ score }) => score.rows === rows)
    .sort((a, b) => b.score.mean - a.score.mean)
    .at(0);
}

function isSameText(a: Prompt, b: Prompt): boolean {
  const text = (prompt: Prompt): string => JSON.stringify(stepsOf(prompt).map(({ body, demonstrations: shown }) => [body, shown]));
  return text(a) === text(b);
}

const kindOf = ({ proposal }: CandidateState): Kind => kinds.get(proposal?.proposer ?? '') ?? anyPrompt;

function countsOf(phases: readonly PhaseState[], textOnly = false): ReadonlyMap<Kind, number> {
  const counts = new Map<Kind, number>();
  for (const candidate of phases.flatMap(({ candidates }) => candidates)) {
    const kind = kindOf(candidate);
    if (candidate.proposal && !(textOnly && notText.includes(kind))) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

const sum = (counts: ReadonlyMap<Kind, number>): number => [...counts.values()].reduce((total, count) => total + count, 0);

function countsText(counts: ReadonlyMap<Kind, number>): string {
  const parts = [...counts].map(([kind, count]) => counted(count, kind));
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts[parts.length - 1]}`;
}

const counted = (count: number, [one, many]: Kind): string => `${count} ${count === 1 ? one : many}`;

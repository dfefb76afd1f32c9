/** @file What a run is doing and how its candidates performed, in words, for the terminal, the report and the editor. */
import { cutText, type Cut } from '../../evaluate/cuts.ts';
import type { AttributionCell } from '../../optimize/events.ts';
import type { Evidence, Grounds } from './evidence.ts';
import { count, duration, gainDetails, gainText, natsGained, percent, points, priceText, rowCount, tokensText } from './format.ts';
import type {
  Attribution,
  CandidateState,
  CurriculumState,
  OwnAnswersState,
  PhaseState,
  RefitState,
  RunState,
  SoftPromptState,
} from '../record/state.ts';

/** Why a run that the user stopped has ended. */
export const stoppedByUser = 'stopped by the user';

/** Whether the user stopped it early. */
export const wasStopped = ({ status, because }: Pick<RunState, 'status' | 'because'>): boolean =>
  status === 'ended' && because === stoppedByUser;

/** The run as a phrase, with the rows that it was measured on. */
export function headline(state: RunState): string {
  return wasStopped(state) ? `Stopped. ${capital(measuredText(state))}` : measuredText(state);
}

const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

function measuredText({ status, start, best, attribution }: RunState): string {
  if (attribution) {
    const [before, after] = [cellOf(attribution, 'old', 'old'), cellOf(attribution, 'new', 'new')];
    return `${percent(before.score.mean)} → ${percent(after.score.mean)} on ${rowCount(after.score.rows, 'test')}`;
  }
  if (!start || !best) {
    return status === 'failed'
      ? 'failed before anything was measured'
      : status === 'ended'
        ? 'nothing was measured'
        : 'nothing measured yet';
  }
  return `${percent(start.score.mean)} → ${percent(best.score.mean)} on ${rowCount(best.score.rows, 'validation')}`;
}

/** What an attribution measured with these weights and this prompt. */
export const cellOf = ({ cells }: Attribution, weights: 'old' | 'new', prompt: 'old' | 'new'): AttributionCell =>
  cells.find((each) => each.weights === weights && each.prompt === prompt)!;

/** For a run that has ended: when, why, and what happened to the held-out test rows. */
export function endedText(state: RunState): string {
  const { elapsed, tokensUsed, because = '' } = state;
  const time = `after ${duration(elapsed)} (${count(tokensUsed)} tokens)`;
  const why = wasStopped(state) ? `Stopped ${time}` : `Ended ${time}: ${because}`;
  return `${why}. ${sealText(state)}`;
}

function sealText(state: RunState): string {
  const { testRows, attribution, config, start, best } = state;
  if (attribution) return 'The held-out test rows were used once, at the end.';
  if (testRows !== undefined) return 'The test did not finish, so there are no numbers on rows that the run had not seen.';
  if (config?.splits.test === 0) return 'There are no held-out test rows, so nothing was measured on rows that the run had not seen.';
  return `${start?.candidate === best?.candidate ? 'Nothing was accepted, so the' : 'The'} held-out test rows stay unused.`;
}

/** `writer: 12.3k tokens in 15 requests to qwen3:8b at localhost:11434 (budget 50k)`. Undefined for a run without one. */
export function writerText({ config, writer }: Pick<RunState, 'config' | 'writer'>): string | undefined {
  if (!config?.writer) return undefined;
  const { tokens, requests, failed, trouble = '' } = writer ?? { tokens: 0, requests: 0, failed: 0 };
  const asked = `${count(tokens)} tokens in ${requests} ${requests === 1 ? 'request' : 'requests'} to ${config.writer.name}`;
  const failures = failed > 0 ? `; ${failed} failed, most recently: ${trouble.replace(/\.$/, '')}` : '';
  return `writer: ${asked} (budget ${shortCount(config.writer.budget)})${failures}`;
}

/** `50k`, in the notation of a budget. */
const shortCount = (number: number): string => count(number).replace(/\.0+(?=[kM])|(?<=\.\d)0(?=M)/, '');

/** Why prompt and weights stay as they are, if they do. */
export function nothingText(state: RunState): string {
  const stays = 'prompt and weights stay as they are.';
  if (wasStopped(state)) return `You stopped the run before anything was accepted: ${stays}`;
  if (noSteps.some((each) => state.because?.startsWith(each))) return `${capital(state.because!)}: ${stays}`;
  return `Nothing was clearly better: ${stays}`;
}

/** The beginning of the reason of a run that ended before its first phase. */
export const noStep = 'the budget is too small for a first step';
/** The second is the wording of earlier versions' journals. */
const noSteps = [noStep, 'the budget pays for no step'];

/** What the run is doing now, e.g. `phase 3 weights 24/60 loss 0.512`. */
export function doing({ status, phases, start, testRows, attribution, controls, config }: RunState): string {
  const control = controls.at(-1);
  if (status === 'testing' && control && !control.measured) {
    return `control ${controls.length} of ${config?.controls?.length ?? 0}, ${control.control}: phase ${control.phase + 1}`;
  }
  if (status === 'testing' && attribution) return 'measuring the price of an answer';
  if (status === 'testing') return `measuring on ${testRows ?? 0} held-out test rows`;
  const phase = phases.at(-1);
  if (!phase || phase.ended) return status === 'stopping' ? 'stopping' : start ? 'choosing the next step' : 'measuring the starting point';
  return `${status === 'stopping' ? 'stopping, ' : ''}phase ${phase.phase} ${phaseText(phase)}`;
}

/**
 * Answers that were cut off before and after, in sentences: on the test rows once they are measured, before that on the validation rows.
 */
export function cutLines({ start, best, attribution }: Pick<RunState, 'start' | 'best' | 'attribution'>): string[] {
  const cell = (which: 'old' | 'new') => attribution?.cells.find(({ weights, prompt }) => weights === which && prompt === which);
  const [before, after] = attribution ? [cell('old'), cell('new')] : [start, best];
  const rows = attribution ? 'test' : 'validation';
  const sentences = (when: string, cuts: readonly Cut[] = []): string[] =>
    cuts.map((cut) => `${when}, on the ${rows} rows: ${cutText(cut)}.`);
  return [...sentences('Before', before?.cuts), ...(after === before ? [] : sentences('After', after?.cuts))];
}

/** The progress of the phase. */
function phaseText({ target, block, weightSteps, candidates }: PhaseState): string {
  const what = block ?? target;
  const step = weightSteps.at(-1);
  if (step) return `${what} ${step.step}/${step.steps} loss ${step.loss.toFixed(3)}`;
  const measured = candidates.filter((candidate) => candidate.measured.length > 0);
  return candidates.length === 0 ? what : `${what} ${measured.length} of ${candidates.length} proposals measured`;
}

/** `96 training rows measured, success 0.41: 50 for the weights, 30 always failed, 16 always passed`. */
export function difficultyText({ known, success, roles, inPlay }: CurriculumState['data'][number]): string {
  const easiest = inPlay < 1 ? `, batches from the easiest ${Math.round(100 * inPlay)}%` : '';
  return `${known} training rows measured, success ${success.toFixed(2)}: ${roles.weights} for the weights, ${roles.prompt} always failed, ${roles.guard} always passed${easiest}`;
}

/** `stage 2 of 3 (lines): whole lines, rank 4 of 8, the top 3 of 6 layers, penalties x 10`. */
export function freedomText({ stage, stages, name, prompt, rank, layers, penalty }: CurriculumState['freedom'][number]): string {
  const shape = `rank ${rank[0]} of ${rank[1]}, the top ${layers[0]} of ${layers[1]} layers`;
  return `stage ${stage} of ${stages} (${name}): ${prompt}, ${shape}, penalties x ${penalty}`;
}

/** `Warm start from .tandem/warm-start/nano: +3.1 points on 75 rows (likely real) over a fresh start after 8 steps, 95% interval …; …`. */
export function warmStartText({ part, from, helped, because, score, steps }: NonNullable<RunState['warmStart']>): string {
  const probed = score
    ? `${gainText(score)} over ${part ? 'a start from the instruction' : 'a fresh start'} after ${steps} steps, ${gainDetails(score)}; `
    : '';
  const start = part ? `warm start of the ${part}` : 'warm start';
  return `${helped ? `W${start.slice(1)}` : `No ${start}`} from ${from}: ${probed}${because}`;
}

/** How far a proposal got. */
export function fate({ measured, decision }: Pick<CandidateState, 'measured' | 'decision'>): string {
  if (decision) return decision.accepted ? 'kept' : 'reached the gate';
  return measured.length === 0 ? 'not measured' : measured.at(-1)!.kept ? 'finished all rounds' : `dropped in round ${measured.length}`;
}

/** A warning before a result is applied. Empty unless the test rows contradict the result. */
export function testNotice({ total }: Attribution): string | undefined {
  if (total.probabilityBetter > 0.1) return undefined;
  return `The held-out test rows speak against this result: ${gainText(total)}, ${gainDetails(total)}. Review it carefully before you apply it.`;
}

/** What the weights learn from if the data has no right answers. */
export function ownAnswersText({ rows, answers, passed, learned }: OwnAnswersState): string {
  const asked = `${answers} answers to ${rowCount(rows, 'training')}`;
  if (learned === 0) return `None of ${asked} passes, so the weights have nothing to learn from yet.`;
  return `${passed} of ${asked} pass. The weights learn from the best answer to each of ${rowCount(learned)}.`;
}

/** What happened to the weights after the last decision. */
export function refitText({ rows, steps, kept }: RefitState): string {
  const trained = `After the last decision, the weights were trained again for ${steps === 1 ? 'one step' : `${steps} steps`} on all ${rows} training and validation rows`;
  return kept
    ? `${trained}. The validation numbers are for the earlier weights, which had not learned from the validation rows.`
    : `${trained}. They answered the validation rows worse, so the earlier weights were kept.`;
}

/** What a soft prompt is worth compared with the best text, i.e. what would be lost without it. */
export function softText({ kept, tokens, without }: SoftPromptState): string {
  const { mean } = without.score;
  const change = `${points(without.score)} on ${rowCount(without.score.rows, 'validation')}`;
  const nat = without.logLikelihood ? `, log-likelihood per row ${natsGained(without.logLikelihood)}` : '';
  if (kept)
    return `A soft prompt of ${tokens} virtual tokens stays in the adapter. Without it, the best text changes the score by ${change}${nat}`;
  return `The result is text without the soft prompt of ${tokens} virtual tokens. ${mean >= 0 ? 'It scores at least as well' : 'It scores lower'}: ${change}${nat}`;
}

/** The name of an item in a sentence, by its id. */
export const itemName = (id: string): string => (id === 'adapter' ? 'the weights' : `change ${id}`);

/** The numbers shown with an item, and the item that shows the others. */
export function groundsLines({ tokens, evidence, toldWith = [] }: Omit<Grounds, 'reason'>, nameOf: (id: string) => string): string[] {
  const elsewhere = toldWith.length > 0 ? [`measured together with ${listed(namesOf(toldWith, nameOf))}; see the numbers there`] : [];
  const saved = tokens === undefined || tokens === 0 ? [] : [`${tokensText(tokens)} in the prompt`];
  return [...saved, ...evidence.map((each) => evidenceText(each, nameOf)), ...elsewhere];
}

/** `-38 tokens, 0.0 points on 75 validation rows (no difference seen) from …`, or without tokens `+9.3 points on 75 validation rows (likely real) from all of phase 1 (2 prompt changes), change 1 and change 2 together; 95% interval [0.0, +20.0], P(better) 97%`. */
export function evidenceText(
  { of, parts, difference, tokens, price, split, items }: Evidence,
  nameOf: (id: string) => string = itemName,
): string {
  const together = items === undefined ? '' : `, ${listed(namesOf(items, nameOf))} together`;
  const paid = tokens === undefined ? '' : `${tokensText(tokens)}, `;
  const cost = price === undefined ? '' : `; price per answer ${priceText(price)}`;
  const gained = gainText(difference, split === 'test' ? 'test' : 'validation');
  return `${paid}${gained} from ${of}${parts === undefined ? '' : ` (${parts})`}${together}; ${gainDetails(difference)}${cost}`;
}

/** The names of items. Three or more consecutive changes are `changes 2 to 9`. */
export function namesOf(ids: readonly string[], nameOf: (id: string) => string): string[] {
  const names: string[] = [];
  for (let at = 0, end = 1; at < ids.length; at = end++) {
    while (end < ids.length && follows(ids[end - 1], ids[end])) end++;
    const run = ids.slice(at, end);
    const isRange = run.length > 2 && run.every((id) => nameOf(id) === itemName(id));
    names.push(...(isRange ? [`changes ${run[0]} to ${run.at(-1)}`] : run.map(nameOf)));
  }
  return names;
}

/** Whether one change directly follows another in the same step: 2 after 1, 3.2 after 3.1. */
function follows(id: string, next: string): boolean {
  const [step, number] = [id, next].map((each) => /^(\d+\.)?(\d+)$/.exec(each));
  return step !== null && number !== null && step[1] === number[1] && Number(number[2]) === Number(step[2]) + 1;
}

const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names[names.length - 1]}`;

/** @file The phases as a timeline, newest last: what each tuned, how long it took, what it tried, and what the gate decided. */
import { duration, natsGained, points, sureness } from '../../src/run/words/format.ts';
import type { PhaseState, RunState } from '../../src/run/record/state.ts';
import { textStayedText, triedText } from '../../src/run/words/triedText.ts';
import { ownAnswersText } from '../../src/run/words/words.ts';
import { candidateRows, reachOf } from '../candidates.ts';
import { h, memo, type VNode } from '../dom.ts';
import { candidateTable } from './candidateTable.ts';
import { changedPart } from './changedPredictions.ts';
import { lossChart } from './loss.ts';
import { softPart } from './soft.ts';
import { glyph, icon, targetName, section, type Ui } from './parts.ts';

export function phases(run: string, state: RunState, live: boolean, ui: Ui): VNode | undefined {
  if (!state.start) return undefined;
  const note = state.phases.length === 0 ? (live ? 'The first phase is about to start.' : 'There were no phases.') : textStayedText(state);
  const reach = reachOf(state.phases.map((phase) => decisionOf(phase)?.score));
  const whole = live ? roundedUp(state.elapsed) : state.elapsed;
  const rows = state.phases.map((phase) => {
    const key = `${run} phase ${phase.phase}`;
    const running = live && !phase.ended;
    const open = ui.isOpen(key, running);
    // There may be hundreds of phases; while one is running, the others are not rendered again.
    const inputs = [phase, running && state.elapsed, running, open, ui.isOpen(`${key} changed predictions`), reach, whole, state.config];
    return memo(key, inputs, () => phaseRow(run, phase, key, { state, running, open, reach, whole }, ui));
  });
  return section('phases', 'Phases', note, h('ol', { class: 'phases', keydown: moveBetweenTitles }, rows));
}

const decisionOf = (phase: PhaseState) => phase.candidates.find((candidate) => candidate.decision)?.decision;

/** Rounds up to two digits, so that the value seldom changes. */
function roundedUp(elapsed: number): number {
  const step = 10 ** (Math.floor(Math.log10(Math.max(1000, elapsed))) - 1);
  return Math.ceil(elapsed / step) * step;
}

interface RowContext {
  readonly state: RunState;
  readonly running: boolean;
  readonly open: boolean;
  /** Of the scale that the differences are drawn on. */
  readonly reach: number;
  /** The length of the tracks in milliseconds. */
  readonly whole: number;
}

function phaseRow(run: string, phase: PhaseState, key: string, { state, running, open, reach, whole }: RowContext, ui: Ui): VNode {
  const { phase: number, target, block, ended } = phase;
  const decision = decisionOf(phase);
  return h(
    'li',
    { key, class: 'phase' },
    h(
      'button',
      {
        type: 'button',
        class: 'phase-title',
        'aria-expanded': open,
        'aria-controls': `phase-${number}`,
        click: () => ui.setOpen(key, !open),
      },
      h('span', { class: 'phase-name' }, icon(open ? 'chevron-down' : 'chevron-right'), `Phase ${number}`, targetName(target, block)),
      track(phase, state.elapsed, whole),
      h('span', { class: 'phase-tried' }, tried(phase)),
      h('span', { class: 'phase-time' }, duration((ended?.at ?? state.elapsed) - phase.startedAt)),
      h('span', { class: 'phase-gain' }, decision ? [glyph(decision.score, reach), h('span', {}, points(decision.score))] : []),
      outcome(phase, running),
    ),
    h('p', { class: 'phase-because' }, `${triedOf(phase)}${decision ? sentence(decision.because) : `Chosen because: ${phase.because}.`}`),
    h(
      'div',
      { id: `phase-${number}`, class: 'phase-details', hidden: !open },
      open
        ? [memo('details', [phase, state.config, ui.isOpen(`${key} changed predictions`)], () => details(run, phase, key, state, ui))]
        : [],
    ),
  );
}

/** If the weights learn from right answers, the title already says everything. */
function triedOf(phase: PhaseState): string {
  if (phase.target !== 'weights') return `${sentence(triedText(phase))} `;
  return phase.ownAnswers ? `${ownAnswersText(phase.ownAnswers)} ` : '';
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** The phase's place in the running time of the whole run. */
function track({ startedAt, ended, target }: PhaseState, elapsed: number, whole: number): VNode {
  const share = (time: number): string => `${((100 * time) / Math.max(1, whole)).toFixed(2)}%`;
  const width = share(Math.max(whole * 0.004, (ended?.at ?? elapsed) - startedAt));
  return h(
    'svg',
    { class: `track ${target}`, height: 8, 'aria-hidden': true },
    h('rect', { class: 'groove', x: 0, y: 3, width: '100%', height: 2 }),
    h('rect', { class: 'bar', x: share(startedAt), y: 0, width, height: 8, rx: 2 }),
  );
}

function tried({ target, weightSteps, candidates }: PhaseState): string {
  if (target !== 'prompt') return weightSteps.length === 1 ? '1 step' : `${weightSteps.length} steps`;
  const count = candidates.filter(({ proposal }) => proposal).length;
  return count === 1 ? '1 candidate' : `${count} candidates`;
}

function outcome({ ended }: PhaseState, running: boolean): VNode {
  if (running) return h('span', { class: 'outcome busy' }, icon('loading', { spin: true }), 'Running');
  if (!ended) return h('span', { class: 'outcome' }, icon('debug-pause'), 'Cut short');
  return ended.accepted
    ? h('span', { class: 'outcome kept' }, icon('check'), 'Kept')
    : h('span', { class: 'outcome' }, icon('circle-slash'), 'Not kept');
}

function details(run: string, phase: PhaseState, key: string, state: RunState, ui: Ui): VNode {
  const decision = decisionOf(phase);
  const rows = candidateRows(phase);
  return h(
    'div',
    {},
    h(
      'dl',
      { class: 'facts-list' },
      decision && fact('Chosen because', phase.because),
      decision && fact('Difference', `${points(decision.score)}, P(better) ${sureness(decision.score)}, ${decision.score.rows} rows`),
      decision?.logLikelihood &&
        fact('Log-likelihood', `${natsGained(decision.logLikelihood)} per row, P(better) ${sureness(decision.logLikelihood)}`),
      decision?.objective && fact('Objective J', decision.objective.total.toFixed(3)),
    ),
    phase.softPrompt && softPart(phase.softPrompt, state.config?.metric ?? 'metric'),
    rows.length > 0 && candidateTable(run, phase, rows, ui),
    phase.weightSteps.length > 0 && lossChart(phase),
    changedPart(decision, key, state.config?.metric, ui),
  );
}

const fact = (name: string, value: string): VNode => h('div', {}, h('dt', {}, name), h('dd', {}, value));

/** The up and down keys move between the phases, as in a tree. */
function moveBetweenTitles(event: Event): void {
  const { key, target, currentTarget } = event as KeyboardEvent;
  if (!(target instanceof HTMLElement) || !target.classList.contains('phase-title')) return;
  const titles = [...(currentTarget as HTMLElement).querySelectorAll<HTMLElement>('.phase-title')];
  const place = titles.indexOf(target);
  const to = { ArrowUp: place - 1, ArrowDown: place + 1, Home: 0, End: titles.length - 1 }[key];
  if (to === undefined || !titles[to]) return;
  event.preventDefault();
  titles[to].focus();
}

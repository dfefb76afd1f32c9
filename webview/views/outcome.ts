/** @file What was gained: the objective and its terms, and where the gain came from. */
import type { AttributionCell, Difference, MeasuredState } from '../../src/optimize/events.ts';
import { percent, percentInterval } from '../../src/run/words/format.ts';
import type { Attribution, Decision, RunState } from '../../src/run/record/state.ts';
import { reachOf } from '../candidates.ts';
import { h, type VNode } from '../dom.ts';
import { differenceCells, section } from './parts.ts';

/** J and its terms: for the start, for the best state, and for what was tried last. */
export function objective(state: RunState): VNode | undefined {
  const { start, best, phases, config } = state;
  if (!start || !best) return undefined;
  const decided = phases.findLast(({ candidates }) => candidates.some(({ decision }) => decision));
  const latest = decided?.candidates.find(({ decision }) => decision)?.decision;
  const columns = ['', 'Start', 'Best', ...(latest ? ['Last tried'] : [])];
  const line = (name: string, of: (state: MeasuredState) => string, ofLatest: (decision: Decision) => string, last = false): VNode =>
    h(
      'tr',
      { class: last ? 'total' : '' },
      h('th', { scope: 'row' }, name),
      [of(start), of(best), ...(latest ? [ofLatest(latest)] : [])].map((value) => h('td', { class: 'number' }, value)),
    );
  const term = (name: string, key: keyof MeasuredState['objective'], sign: 1 | -1, last = false): VNode =>
    line(
      name,
      ({ objective }) => termText(objective[key], sign),
      ({ objective }) => termText(objective?.[key], sign),
      last,
    );
  const likely = start.objective.logLikelihood !== undefined;
  const where = (candidate: string): string => (candidate === '0.0' ? 'the start' : `candidate ${candidate}`);
  return section(
    'objective',
    'Objective',
    `J = ${likely ? 'log-likelihood' : 'score'} − λ₁R₁ − λ₂R₂, per validation row`,
    h(
      'table',
      { class: 'terms' },
      h('caption', { class: 'unseen' }, 'The objective and its terms'),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          columns.map((name) => h('th', { scope: 'col', class: 'number' }, name)),
        ),
      ),
      h(
        'tbody',
        {},
        line(
          config?.metric ?? 'metric',
          ({ score }) => percent(score.mean),
          ({ score }) => `${score.mean >= 0 ? '+' : ''}${(score.mean * 100).toFixed(1)} points`,
        ),
        likely && term('log-likelihood', 'logLikelihood', 1),
        term('− λ₁R₁, weights', 'weightPenalty', -1),
        term('− λ₂R₂, prompt', 'promptPenalty', -1),
        term('J', 'total', 1, true),
      ),
    ),
    h(
      'p',
      { class: 'note' },
      `The best is ${where(best.candidate)}.`,
      latest && decided ? ` Phase ${decided.phase} tried a change last. It was ${latest.accepted ? 'kept' : 'not kept'}.` : '',
    ),
  );
}

/** The 2x2 table of old and new prompt and weights, on the test rows. */
export function attribution({ attribution: found, config, status, start }: RunState): VNode | undefined {
  if (!start) return undefined;
  if (!found) {
    const rows = config?.splits.test ?? 0;
    const note =
      rows === 0
        ? 'There are no held-out test rows, so the gains of the prompt and the weights cannot be measured on new rows.'
        : status === 'ended'
          ? 'The run ended without measuring this.'
          : `Measured once, when the run ends, on ${rows} held-out test rows.`;
    return section('attribution', 'Prompt or weights: what helped', note);
  }
  const { total, promptAlone, weightsAlone, interaction, reported = [] } = found;
  const parts: [string, Difference][] = [
    ['Prompt alone', promptAlone],
    ['Weights alone', weightsAlone],
    ['Extra from both together', interaction],
    ['Total', total],
  ];
  const others = reported.map(({ metric, difference }): [string, Difference] => [`Total, ${metric}`, difference]);
  const reach = reachOf([...parts, ...others].map(([, difference]) => difference));
  return section(
    'attribution',
    'Prompt or weights: what helped',
    `${config?.metric ?? 'metric'} on ${total.rows} held-out test rows, which no decision has seen`,
    square(found),
    h(
      'table',
      { class: 'parts' },
      h('caption', { class: 'unseen' }, 'What the prompt and the weights gained'),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('th', { scope: 'col' }, 'Gained by'),
          h('th', { scope: 'col', class: 'number' }, 'Difference'),
          h('th', { scope: 'col', class: 'number' }, 'P(better)'),
        ),
      ),
      h(
        'tbody',
        {},
        [...parts, ...others].map(([name, difference], i) =>
          h('tr', { class: i === 3 ? 'total' : '' }, h('th', { scope: 'row' }, name), differenceCells(difference, reach)),
        ),
      ),
    ),
  );
}

function square({ cells }: Attribution): VNode {
  const cell = (weights: AttributionCell['weights'], prompt: AttributionCell['prompt']): VNode => {
    const { score } = cells.find((each) => each.weights === weights && each.prompt === prompt)!;
    return h(
      'td',
      { class: weights === 'new' && prompt === 'new' ? 'proposed-cell' : '' },
      h('span', { class: 'value' }, percent(score.mean)),
      h('span', { class: 'about' }, percentInterval(score)),
    );
  };
  return h(
    'table',
    { class: 'square' },
    h('caption', { class: 'unseen' }, 'Old and new weights with old and new prompt'),
    h('thead', {}, h('tr', {}, h('td', {}), h('th', { scope: 'col' }, 'old prompt'), h('th', { scope: 'col' }, 'new prompt'))),
    h(
      'tbody',
      {},
      (['old', 'new'] as const).map((weights) =>
        h('tr', {}, h('th', { scope: 'row' }, `${weights} weights`), cell(weights, 'old'), cell(weights, 'new')),
      ),
    ),
  );
}

const termText = (value: number | undefined, sign: 1 | -1): string => (value === undefined ? '–' : (sign * value).toFixed(4));

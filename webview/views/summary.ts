/** @file The four or five most important numbers, and how they changed over time. */
import type { Estimate } from '../../src/optimize/events.ts';
import type { Prompt } from '../../src/prompt/prompt.ts';
import { milliseconds, natsInterval, percent, percentInterval, tokensOf } from '../../src/run/words/format.ts';
import type { PriceState, RunState } from '../../src/run/record/state.ts';
import { chart, type ChartData } from '../chart.ts';
import { h, island, memo, type VNode } from '../dom.ts';
import { historyOf, type Measure } from '../series.ts';
import { section } from './parts.ts';

export function tiles({ start, best, config, attribution, price }: RunState): VNode | undefined {
  if (!start || !best) return undefined;
  const changed = best.candidate !== start.candidate;
  const from = (text: string): string => (changed ? `from ${text}` : 'same as the start');
  const share = (rows: string, before: Estimate, after: Estimate): VNode =>
    tile(
      `${config?.metric ?? 'metric'}, ${rows}`,
      percent(after.mean),
      `${percentInterval(after)} on ${after.rows} rows`,
      from(percent(before.mean)),
    );
  const tested = (which: 'old' | 'new'): Estimate =>
    attribution!.cells.find(({ weights, prompt }) => weights === which && prompt === which)!.score;
  return h(
    'dl',
    { class: attribution ? 'tiles five' : 'tiles', key: 'tiles', 'aria-label': 'The best so far' },
    attribution && share('test', tested('old'), tested('new')),
    share('validation', start.score, best.score),
    best.logLikelihood &&
      start.logLikelihood &&
      tile(
        'log-likelihood per row',
        best.logLikelihood.mean.toFixed(3),
        // With calibrated label scores the metric may rise while the likelihood falls.
        `${natsInterval(best.logLikelihood)}${isCalibrated(best.prompt) ? ', before calibration' : ''}`,
        from(start.logLikelihood.mean.toFixed(3)),
      ),
    tile(
      'objective J',
      best.objective.total.toFixed(3),
      best.logLikelihood ? 'likelihood − penalties' : 'score − penalties',
      from(start.objective.total.toFixed(3)),
    ),
    price ? priceTile(price, from) : tile('prompt', `${best.promptTokens}`, 'tokens', from(`${start.promptTokens}`)),
  );
}

const isCalibrated = ({ decoding }: Prompt): boolean => decoding !== undefined && decoding.calibration !== 'none';

/** What one answer costs. */
function priceTile({ before, after, time }: PriceState, from: (text: string) => string): VNode {
  const ms = (value: number | undefined): string => (value === undefined ? '' : `, ${milliseconds(value)} ms`);
  return tile('price per answer', tokensOf(after), `tokens${ms(time?.after)}`, from(`${tokensOf(before)}${ms(time?.before)}`));
}

const tile = (name: string, value: string, about: string, before: string): VNode =>
  h(
    'div',
    { class: 'tile' },
    h('dt', {}, name),
    h('dd', { class: 'value' }, value),
    h('dd', { class: 'about' }, about),
    h('dd', { class: 'before' }, before),
  );

export function charts(state: RunState): VNode | undefined {
  const { history, config, best, phases, elapsed } = state;
  if (!best) return undefined;
  const inputs = [history, phases.at(-1)?.ended, phases.length, Math.floor(elapsed / 1000)];
  const metric = config?.metric ?? 'metric';
  return section(
    'charts',
    'Over time',
    'the best so far, by elapsed time',
    h(
      'div',
      { class: 'pair' },
      memo('score', inputs, () =>
        figure(
          `${metric} on ${best.score.rows} validation rows`,
          historyChart(state, 'score', metric, (value) => `${short(value * 100)}%`),
        ),
      ),
      memo('objective', inputs, () => figure('objective J per row', historyChart(state, 'objective', 'J', short))),
    ),
    legend(phases.some(({ target }) => target === 'both')),
  );
}

const figure = (title: string, content: VNode): VNode => h('figure', {}, h('figcaption', {}, title), content);

function historyChart(state: RunState, measure: Measure, name: string, upright: (value: number) => string): VNode {
  const { at, best, marks, stretches } = historyOf(state, measure);
  const [first, last] = [best[0], best.at(-1)!];
  const exact = (value: number): string => (measure === 'score' ? percent(value) : value.toFixed(3));
  const data: ChartData = {
    label: `The best ${name} over time: ${exact(first.mean)} at the start, now ${exact(last.mean)}.`,
    at,
    lines: [
      {
        values: best.map(({ mean }) => mean),
        colour: '--vscode-foreground',
        stepped: true,
        band: { low: best.map(({ low }) => low), high: best.map(({ high }) => high) },
      },
    ],
    marks,
    stretches,
    across: clock,
    apart: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800].map((seconds) => seconds * 1000),
    upright,
    readout: (place) => {
      const here = place ?? best.length - 1;
      const { mean } = best[here];
      return `${momentText(state, here)}: best ${exact(mean)} ${measure === 'score' ? percentInterval(best[here]) : natsInterval(best[here])}`;
    },
  };
  return island('div', {}, chart, data);
}

function momentText({ history, status }: RunState, place: number): string {
  const point = history.at(place);
  if (!point) return status === 'ended' ? 'at the end' : 'so far';
  return point.phase === 0 ? 'start' : `after phase ${point.phase}, ${point.target ?? ''}, ${point.accepted ? 'kept' : 'not kept'}`;
}

/** Two decimals, without trailing zeros. */
const short = (value: number): string => String(Number(value.toFixed(2)));

/** `2:05`, `1:02:05`. */
function clock(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const two = (number: number): string => String(number).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

const legend = (both: boolean): VNode =>
  h(
    'p',
    { class: 'legend' },
    h('span', { class: 'target weights' }, swatch('dot'), 'weights phase'),
    h('span', { class: 'target prompt' }, swatch('dot'), 'prompt phase'),
    both && h('span', { class: 'target both' }, swatch('dot'), 'both at once'),
    h('span', {}, swatch('ring'), 'not kept, at its own value'),
    h('span', {}, swatch('band'), '95% interval of the best'),
    h('span', {}, swatch('whisker'), '95% interval of the difference'),
  );

const swatch = (kind: string): VNode => h('span', { class: `swatch ${kind}`, 'aria-hidden': true });

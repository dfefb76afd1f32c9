/** @file The metric and the log-likelihood over a run, as an SVG that reads well on light and on dark pages. */
import type { Estimate } from '../../optimize/events.ts';
import { visibleLine } from '../../plain.ts';
import { count, percent } from './format.ts';
import type { HistoryPoint, RunState } from '../record/state.ts';

/** A chart of the best state after every phase. The band is its 95% interval, and a hollow mark is a phase that was not kept. */
export function chartOf({ history, phases, config }: RunState): string {
  const likelihoods = history.flatMap(({ logLikelihood }) => (logLikelihood ? [logLikelihood] : []));
  const isLikely = likelihoods.length === history.length;
  const height = isLikely ? 2 * panelHeight : panelHeight;
  const end = Math.max(1, history.at(-1)?.tokensUsed ?? 0);
  const x = (at: number): number => left + (at / end) * (width - left - right);
  const panels = [
    panel(
      history,
      x,
      0,
      `${config?.metric ?? 'metric'} on validation rows`,
      history.map(({ score }) => score),
      percent,
    ),
    // Without right answers there is no log-likelihood.
    ...(isLikely ? [panel(history, x, panelHeight, 'log-likelihood per row', likelihoods, (value) => value.toFixed(2))] : []),
  ];
  const ticks = niceTicks(0, end, 6).map((at) => label(x(at), height + 4, count(at), 'middle'));
  const axis = label((left + width - right) / 2, height + 22, 'tokens', 'middle');
  const targets = (['weights', 'prompt', 'both'] as const).filter(
    (target) => target !== 'both' || phases.some((phase) => phase.target === target),
  );
  const first = width - right - 130 - (targets.length - 2) * 70;
  const hollow = label(first - 20, 16, 'hollow: not kept', 'end');
  const legend = targets.map(
    (target, place) => `${mark(first + place * 70, 12, colours[target], true)}${label(first + 8 + place * 70, 16, target, 'start')}`,
  );
  const style = `text{font:12px system-ui,sans-serif;fill:${colours.text}}`;
  const body = [...panels, ...ticks, axis, hollow, ...legend].join('\n');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height + 34}" width="${width}" role="img" aria-label="The metric over the run"><style>${style}</style>\n${body}\n</svg>\n`;
}

const width = 760;
const panelHeight = 190;
const [left, right, top, bottom] = [62, 16, 32, 22];

/** Each has a contrast of at least 3:1 on white and on VS Code's and GitHub's dark backgrounds. */
const colours = {
  text: '#7d8590',
  grid: '#7d859040',
  best: '#7d8590',
  weights: '#d9730d',
  prompt: '#2f81f7',
  both: '#a371f7',
  start: '#7d8590',
};

function panel(
  history: readonly HistoryPoint[],
  x: (tokensUsed: number) => number,
  offset: number,
  title: string,
  estimates: readonly Estimate[],
  show: (value: number) => string,
): string {
  const low = Math.min(...estimates.map((estimate) => estimate.low), Infinity);
  const high = Math.max(...estimates.map((estimate) => estimate.high), -Infinity);
  const ticks = history.length === 0 ? [] : niceTicks(low, high, 4);
  const [bottomValue, topValue] = [Math.min(low, ticks[0] ?? 0), Math.max(high, ticks.at(-1) ?? 1)];
  const y = (value: number): number => offset + top + ((topValue - value) / (topValue - bottomValue || 1)) * (panelHeight - top - bottom);
  const steps = (value: (estimate: Estimate) => number): string[] =>
    history.flatMap((point, i) => {
      const here = `${round(x(point.tokensUsed))},${round(y(value(estimates[i])))}`;
      return i === 0 ? [here] : [`${round(x(point.tokensUsed))},${round(y(value(estimates[i - 1])))}`, here];
    });
  const band = [...steps(({ high }) => high), ...steps(({ low }) => low).reverse()].join(' ');
  const marks = history.map((point, i) =>
    mark(x(point.tokensUsed), y(estimates[i].mean), colours[point.target ?? 'start'], point.accepted),
  );
  return [
    label(left, offset + 16, title, 'start'),
    ...ticks.map(
      (value) =>
        `<line x1="${left}" x2="${width - right}" y1="${round(y(value))}" y2="${round(y(value))}" stroke="${colours.grid}"/>${label(left - 8, y(value) + 4, show(value), 'end')}`,
    ),
    `<polygon points="${band}" fill="${colours.best}" fill-opacity="0.18"/>`,
    `<polyline points="${steps(({ mean }) => mean).join(' ')}" fill="none" stroke="${colours.best}" stroke-width="1.5"/>`,
    ...marks,
  ].join('\n');
}

const mark = (x: number, y: number, colour: string, filled: boolean): string =>
  `<circle cx="${round(x)}" cy="${round(y)}" r="4.5" fill="${filled ? colour : 'none'}" stroke="${colour}" stroke-width="1.5"/>`;

const label = (x: number, y: number, text: string, anchor: string): string =>
  `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escape(text)}</text>`;

const escape = (text: string): string => visibleLine(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const round = (value: number): number => Math.round(value * 10) / 10;

/** Round numbers within and just around the range, about `wanted` of them. */
function niceTicks(low: number, high: number, wanted: number): number[] {
  const raw = (high - low || Math.abs(high) || 1) / wanted;
  const magnitude = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * magnitude).find((step) => step >= raw)!;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}

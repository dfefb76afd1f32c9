/** @file A line chart that follows the theme. Mouse and arrow keys select a point, and a line of text describes it. */
import uPlot from 'uplot';
import type { Island } from './dom.ts';
import type { Mark, Stretch } from './series.ts';
import { colour, faded, targetColour, onThemeChange } from './theme.ts';

export interface ChartLine {
  readonly values: readonly (number | null)[];
  /** The name of a CSS variable of the theme. */
  readonly colour: string;
  readonly dash?: readonly number[];
  /** Draws each value as a step that lasts until the next one. */
  readonly stepped?: boolean;
  readonly band?: { readonly low: readonly number[]; readonly high: readonly number[] };
}

export interface ChartData {
  /** Describes the chart to people who cannot see it. */
  readonly label: string;
  readonly at: readonly number[];
  readonly lines: readonly ChartLine[];
  readonly marks?: readonly Mark[];
  readonly stretches?: readonly Stretch[];
  readonly across: (value: number) => string;
  /** The distances that are allowed between ticks of the x axis. */
  readonly apart: readonly number[];
  readonly upright: (value: number) => string;
  /** The text under the chart: for a place in `at`, or for no selection. */
  readonly readout: (place: number | undefined) => string;
}

const height = 176;

export function chart(host: HTMLElement): Island<ChartData> {
  host.classList.add('chart');
  host.tabIndex = 0;
  host.setAttribute('role', 'group');
  host.setAttribute('aria-roledescription', 'chart');
  const canvas = host.appendChild(document.createElement('div'));
  const readout = host.appendChild(document.createElement('p'));
  readout.className = 'readout';
  let data: ChartData | undefined;
  let plot: uPlot | undefined;

  const say = (): void => {
    const place = plot?.cursor.idx ?? undefined;
    const text = data?.readout(place) ?? '';
    if (readout.textContent !== text) readout.textContent = text;
  };
  const draw = (): void => {
    if (!data || host.clientWidth === 0) return;
    if (plot && plot.series.length === seriesCount(data)) {
      if (plot.width !== host.clientWidth) plot.setSize({ width: host.clientWidth, height });
      plot.setData(alignedData(data));
    } else {
      plot?.destroy();
      plot = new uPlot(
        optionsFor(data, () => data!, host.clientWidth, say),
        alignedData(data),
        canvas,
      );
    }
    say();
  };
  const move = (event: KeyboardEvent): void => {
    if (!plot || !data || data.at.length === 0) return;
    const last = data.at.length - 1;
    const from = plot.cursor.idx ?? last + 1;
    const to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const place = Math.min(last, Math.max(0, to));
    readout.setAttribute('aria-live', 'polite');
    plot.setCursor({ left: plot.valToPos(data.at[place], 'x'), top: plot.over.clientHeight / 2 });
  };
  const leave = (): void => {
    readout.removeAttribute('aria-live');
    plot?.setCursor({ left: -10, top: -10 });
  };
  host.addEventListener('keydown', move);
  host.addEventListener('blur', leave);
  const resized = new ResizeObserver(draw);
  resized.observe(host);
  const unhook = onThemeChange(() => plot?.redraw(false));
  return {
    show(next) {
      data = next;
      host.setAttribute('aria-label', `${next.label} Use the arrow keys to read the points.`);
      draw();
    },
    close() {
      resized.disconnect();
      unhook();
      plot?.destroy();
    },
  };
}

/** The x values, then the values of each line; a line with a band is followed by its lower and upper edge. */
function alignedData({ at, lines }: ChartData): uPlot.AlignedData {
  const all = lines.flatMap(({ values, band }) => (band ? [values, band.low, band.high] : [values]));
  return [[...at], ...all.map((values) => [...values])];
}

const seriesCount = ({ lines }: ChartData): number => 1 + lines.reduce((sum, { band }) => sum + (band ? 3 : 1), 0);

function optionsFor(first: ChartData, now: () => ChartData, width: number, moved: () => void): uPlot.Options {
  const series: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  for (const { colour: variable, dash, stepped, band } of first.lines) {
    const paths = stepped ? uPlot.paths.stepped!({ align: 1 }) : undefined;
    series.push({ stroke: () => colour(variable), width: 1.5, dash: dash && [...dash], paths, points: { show: false } });
    if (!band) continue;
    const edge: uPlot.Series = { paths, width: 0, points: { show: false } };
    bands.push({ series: [series.length + 1, series.length], fill: () => faded(variable, 16) });
    series.push(edge, { ...edge });
  }
  const axis = { stroke: () => colour('--vscode-descriptionForeground'), font: fontOf(), ticks: { show: false }, gap: 6 };
  const grid = { stroke: () => faded('--vscode-foreground', 10), width: 1 };
  return {
    width,
    height,
    legend: { show: false },
    padding: [8, 10, 0, 0],
    scales: { x: { time: false, range: (_, low, high) => [low, Math.max(high, low + 1)] }, y: { range: () => rangeOf(now()) } },
    series,
    bands,
    axes: [
      { ...axis, size: 26, grid: { show: false }, space: 56, incrs: [...first.apart], values: (_, splits) => splits.map(now().across) },
      {
        ...axis,
        grid,
        space: 32,
        // Wide enough for most labels, so that charts above each other line up.
        size: (_, values) => Math.max(46, ...(values ?? []).map((text) => 14 + 6.5 * text.length)),
        values: (_, splits) => splits.map(now().upright),
      },
    ],
    cursor: { x: true, y: false, drag: { x: false, y: false }, points: { show: false } },
    hooks: {
      drawClear: [(plot) => drawStretches(plot, now().stretches ?? [])],
      draw: [(plot) => drawMarks(plot, now().marks ?? [])],
      setCursor: [moved],
    },
  };
}

const fontOf = (): string => `11px ${getComputedStyle(document.body).fontFamily}`;

/** The range of all drawn values plus a margin. A mark counts with its value, without its interval. */
function rangeOf({ lines, marks = [] }: ChartData): [number, number] {
  const values = lines.flatMap(({ values, band }) => (band ? [...band.low, ...band.high] : values.filter((value) => value !== null)));
  const all = [...values, ...marks.map(({ value }) => value)];
  if (all.length === 0) return [0, 1];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const room = 0.08 * (high - low || Math.abs(high) || 1);
  // Values that are never negative, such as a loss, get no margin below zero.
  return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
}

/** Shows which phase ran when: a tint, and a line in full colour along the bottom. */
function drawStretches(plot: uPlot, stretches: readonly Stretch[]): void {
  const { ctx, bbox } = plot;
  const line = Math.round(3 * devicePixelRatio);
  for (const { from, to, target } of stretches) {
    const [left, right] = [plot.valToPos(from, 'x', true), plot.valToPos(to, 'x', true)];
    ctx.fillStyle = faded(targetColour[target], 7);
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
    ctx.fillStyle = colour(targetColour[target]);
    ctx.fillRect(left, bbox.top + bbox.height - line, Math.max(1, right - left - devicePixelRatio), line);
  }
}

/** A filled mark was kept, a hollow one was not. The whisker is the interval of the paired difference. */
function drawMarks(plot: uPlot, marks: readonly Mark[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left - 8 * devicePixelRatio, bbox.top, bbox.width + 16 * devicePixelRatio, bbox.height);
  ctx.clip();
  ctx.lineWidth = 1.5 * devicePixelRatio;
  for (const { at, value, low, high, target, accepted } of marks) {
    const [x, y] = [plot.valToPos(at, 'x', true), plot.valToPos(value, 'y', true)];
    ctx.strokeStyle = colour(targetColour[target]);
    ctx.fillStyle = colour(accepted ? targetColour[target] : '--vscode-editor-background');
    if (low !== undefined && high !== undefined) {
      ctx.beginPath();
      ctx.moveTo(x, plot.valToPos(low, 'y', true));
      ctx.lineTo(x, plot.valToPos(high, 'y', true));
      ctx.globalAlpha = 0.6;
      ctx.stroke();
      ctx.globalAlpha = 1;
    }
    ctx.beginPath();
    ctx.arc(x, y, 4 * devicePixelRatio, 0, 2 * Math.PI);
    ctx.fill();
    ctx.stroke();
  }
  ctx.restore();
}

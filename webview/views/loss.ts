/** @file The loss over the steps of a phase; if a prompt phase looks ahead, one line for each prompt. */
import type { PhaseState } from '../../src/run/record/state.ts';
import { chart, type ChartData } from '../chart.ts';
import { h, island, type VNode } from '../dom.ts';
import { lossCurves } from '../series.ts';

/** Lines differ by dash as well as by colour. */
const looks: readonly { readonly colour: string; readonly dash?: readonly number[]; readonly name: string }[] = [
  { colour: '--vscode-charts-orange', name: 'solid' },
  { colour: '--vscode-charts-blue', dash: [6, 3], name: 'dashed' },
  { colour: '--vscode-charts-green', dash: [2, 3], name: 'dotted' },
  { colour: '--vscode-charts-purple', dash: [8, 3, 2, 3], name: 'dash-dotted' },
];

export function lossChart(phase: PhaseState): VNode {
  const { steps, lines, taken } = lossCurves(phase);
  const total = phase.weightSteps.at(-1)!.steps;
  const title = phase.target !== 'prompt' ? `Loss over ${steps.length} of ${total} steps` : `Loss while looking ahead, ${total} steps each`;
  const ends = lines.map(({ name, values }) => {
    const numbers = values.filter((value) => value !== null);
    return `${name} from ${numbers[0]?.toFixed(3) ?? '–'} to ${numbers.at(-1)?.toFixed(3) ?? '–'}`;
  });
  const data: ChartData = {
    label: `${title}: ${ends.join('; ')}.`,
    at: steps,
    lines: lines.map(({ values }, i) => ({ values, ...looks[i % looks.length] })),
    across: (step) => String(Math.round(step)),
    apart: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
    upright: (value) => String(Number(value.toFixed(3))),
    readout: (place) => readout(taken, lines, place ?? steps.length - 1),
  };
  return h(
    'figure',
    { class: 'loss' },
    h('figcaption', {}, title),
    island('div', {}, chart, data),
    lines.length > 1 &&
      h(
        'p',
        { class: 'legend' },
        lines.map(({ name }, i) => h('span', {}, h('span', { class: `swatch line look-${i % looks.length}`, 'aria-hidden': true }), name)),
      ),
  );
}

function readout(taken: ReturnType<typeof lossCurves>['taken'], lines: ReturnType<typeof lossCurves>['lines'], place: number): string {
  const here = taken.map((steps) => steps[place]);
  const one = here.find((step) => step);
  if (!one) return '';
  if (lines.length > 1) return `step ${one.step}: ${here.map((step, i) => `${lines[i].name} ${step?.loss.toFixed(3) ?? '–'}`).join(', ')}`;
  const { step, loss, learningRate, gradientNorm, soft } = one;
  const rates = `learning rate ${learningRate.toExponential(1)}, gradient norm ${gradientNorm.toFixed(2)}`;
  const ofSoft = soft ? `; soft prompt ${soft.learningRate.toExponential(1)}, ${soft.gradientNorm.toFixed(2)}` : '';
  return `step ${step}: loss ${loss.toFixed(3)}, ${rates}${ofSoft}`;
}

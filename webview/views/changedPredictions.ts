/** @file The changed predictions of a phase: validation rows that became better or worse. */
import type { ChangedPrediction } from '../../src/optimize/events.ts';
import type { Decision } from '../../src/run/record/state.ts';
import { h, type VNode } from '../dom.ts';
import { fold, icon, type Ui } from './parts.ts';

export function changedPart(decision: Decision | undefined, key: string, metric: string | undefined, ui: Ui): VNode | undefined {
  if (!decision) return undefined;
  const { changedPredictions } = decision;
  if (!changedPredictions)
    return h('p', { class: 'note' }, 'This run’s journal does not list the changed predictions, because an earlier version wrote it.');
  const { fixes, regressions, examples } = changedPredictions;
  if (fixes + regressions === 0) return h('p', { class: 'note' }, 'No validation row was answered better or worse than before.');
  const title = h(
    'span',
    {},
    `Changed predictions: ${fixes} better, ${regressions} worse`,
    h('span', { class: 'note' }, ` by ${metric ?? 'the metric'}`),
  );
  const left = fixes + regressions - examples.length;
  return fold(ui, `${key} changed predictions`, 'p', title, () => [
    h('ul', { class: 'changed-predictions' }, examples.map(changedItem)),
    ...(left > 0 ? [h('p', { class: 'note' }, `and ${left} more ${left === 1 ? 'row' : 'rows'}`)] : []),
  ]);
}

function changedItem({ line, inputs, gold, before, after, better }: ChangedPrediction): VNode {
  const values = Object.entries(inputs);
  return h(
    'li',
    { class: better ? 'better' : 'worse' },
    icon(better ? 'arrow-up' : 'arrow-down'),
    h(
      'div',
      {},
      h(
        'p',
        { class: 'inputs' },
        values.map(([name, value]) => h('span', {}, values.length > 1 && h('span', { class: 'by' }, `${name}: `), value)),
      ),
      h(
        'p',
        { class: 'answers' },
        h('span', { class: better ? 'wrong' : 'right' }, shown(before)),
        ' → ',
        h('span', { class: better ? 'right' : 'wrong' }, shown(after)),
        gold !== undefined && gold !== before && gold !== after && h('span', {}, `, right: ${shown(gold)}`),
        h('span', { class: 'by' }, `${better ? 'better' : 'worse'}, line ${line}`),
      ),
    ),
  );
}

const shown = (answer: string): string => (answer.trim() === '' ? '(nothing)' : answer);

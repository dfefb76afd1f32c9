/** @file Right answers against given ones, as a table whose cells choose the rows that they count. */
import { rowCount } from '../../src/run/words/format.ts';
import { h, type VNode } from '../dom.ts';
import type { AnswersUi } from './ui.ts';
import type { Confusion } from './view.ts';

export function confusionTable({ labels, counts, others }: Confusion, ui: AnswersUi): VNode[] {
  const note = `Right answers from top to bottom, given ones from left to right. Select a number to see its rows.${
    others > 0 ? ` These are the ${labels.length} labels that are confused most; ${others} more are left out.` : ''
  }`;
  return [
    h('p', { class: 'note' }, note),
    h(
      'div',
      { class: 'confusion', tabindex: 0, role: 'region', 'aria-label': 'Confusion matrix' },
      h(
        'table',
        {},
        h('caption', { class: 'unseen' }, 'How often each label was given, by the right answer'),
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            h('td', {}),
            labels.map((label) => h('th', { scope: 'col', title: label }, h('span', {}, label))),
          ),
        ),
        h(
          'tbody',
          {},
          labels.map((gold, row) =>
            h(
              'tr',
              { key: gold },
              h('th', { scope: 'row', title: gold }, gold),
              labels.map((prediction, column) => cell(gold, prediction, counts[row][column], Math.max(...counts[row]), ui)),
            ),
          ),
        ),
      ),
    ),
  ];
}

/** @param most of the cells of its row, which has the strongest tint */
function cell(gold: string, prediction: string, count: number, most: number, ui: AnswersUi): VNode {
  if (count === 0) return h('td', { class: 'none' }, '·');
  const { cell: chosen } = ui.view;
  const pressed = chosen?.gold === gold && chosen.prediction === prediction;
  const heat = Math.ceil((count / most) * 4);
  return h(
    'td',
    { class: `${gold === prediction ? 'is-right' : 'is-wrong'} heat-${heat}` },
    h(
      'button',
      {
        type: 'button',
        'aria-pressed': pressed,
        'aria-label': `${rowCount(count)}: ${gold} answered as ${prediction}`,
        title: gold === prediction ? `${gold}, answered right` : `${gold}, answered as ${prediction}`,
        click: () => ui.show({ cell: pressed ? undefined : { gold, prediction } }),
      },
      String(count),
    ),
  );
}

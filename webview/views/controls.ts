/** @file Controls: what the same compute brought otherwise, on the same test rows. */
import { count, percent, percentInterval } from '../../src/run/format.ts';
import { isTimed, type ControlState, type RunState } from '../../src/run/state.ts';
import { reachOf } from '../candidates.ts';
import { h, type VNode } from '../dom.ts';
import { differenceCells, inParts, section } from './parts.ts';

export function controls(state: RunState): VNode | undefined {
  const { config, controls: begun, budget, status } = state;
  const names = config?.controls;
  if (!names) return undefined;
  const compute = isTimed(state)
    ? 'as much compute'
    : `the whole budget again${budget === undefined ? '' : `, ${count(budget)} token passes`}`;
  const cost = `each from the same start with ${compute}`;
  const reach = reachOf(begun.flatMap(({ measured }) => (measured ? [measured.difference] : [])));
  return section(
    'controls',
    'Controls at equal compute',
    `${names.length} controls after the run, ${cost}; the difference is this run's over the control's, on the same test rows`,
    h(
      'table',
      { class: 'parts' },
      h('caption', { class: 'unseen' }, 'What the same compute brought otherwise'),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('th', { scope: 'col' }, 'Control'),
          h('th', { scope: 'col', class: 'number' }, 'Test'),
          h('th', { scope: 'col', class: 'number' }, 'This run against it'),
          h('th', { scope: 'col', class: 'number' }, 'P(better)'),
        ),
      ),
      h(
        'tbody',
        {},
        names.map((name) => {
          const control = begun.find((each) => each.control === name);
          return h(
            'tr',
            { key: name },
            h('th', { scope: 'row', ...(control && { title: control.because }) }, name),
            h('td', { class: 'number' }, inParts(standing(control, status))),
            differenceCells(control?.measured?.difference, reach),
          );
        }),
      ),
    ),
  );
}

function standing(control: ControlState | undefined, status: RunState['status']): string {
  if (control?.measured) return `${percent(control.measured.score.mean)} ${percentInterval(control.measured.score)}`;
  const over = status === 'ended' || status === 'failed';
  if (!control) return over ? 'not run' : 'to come';
  return over ? 'not measured' : `under way, ${count(control.passes)} passes`;
}

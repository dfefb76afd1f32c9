/** @file Controls: what the same compute gained in other ways, on the same test rows. */
import { count, percent, percentInterval } from '../../src/run/words/format.ts';
import { isTimed, type ControlState, type RunState } from '../../src/run/record/state.ts';
import { reachOf } from '../candidates.ts';
import { h, type VNode } from '../dom.ts';
import { differenceCells, inParts, section } from './parts.ts';

export function controls(state: RunState): VNode | undefined {
  const { config, controls: begun, budget, status } = state;
  const names = config?.controls;
  if (!names) return undefined;
  const compute = isTimed(state) ? 'the same compute' : `the whole budget again${budget === undefined ? '' : `, ${count(budget)} tokens`}`;
  const cost = `each from the same start with ${compute}`;
  const reach = reachOf(begun.flatMap(({ measured }) => (measured ? [measured.difference] : [])));
  return section(
    'controls',
    'Controls at equal compute',
    `${names.length} controls after the run, ${cost}. The difference is this run minus the control, on the same test rows`,
    h(
      'table',
      { class: 'parts' },
      h('caption', { class: 'unseen' }, 'What controls gained with the same compute'),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('th', { scope: 'col' }, 'Control'),
          h('th', { scope: 'col', class: 'number' }, 'Test'),
          h('th', { scope: 'col', class: 'number' }, 'This run minus it'),
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
            h('th', { scope: 'row', ...(control && { title: control.because }) }, shownNames[name] ?? name),
            h('td', { class: 'number' }, inParts(standing(control, status))),
            differenceCells(control?.measured?.difference, reach),
          );
        }),
      ),
    ),
  );
}

/** Names of controls in the journal that are shown differently here. */
const shownNames: Readonly<Record<string, string>> = { 'best alone': 'better of prompt and weights alone' };

function standing(control: ControlState | undefined, status: RunState['status']): string {
  if (control?.measured) return `${percent(control.measured.score.mean)} ${percentInterval(control.measured.score)}`;
  const over = status === 'ended' || status === 'failed';
  if (!control) return over ? 'not run' : 'pending';
  return over ? 'not measured' : `running, ${count(control.tokensUsed)} tokens`;
}

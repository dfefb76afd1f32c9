/** @file What the page says when there is no run to show. */
import { h, type VNode } from '../dom.ts';
import { button, icon, type Ui } from './parts.ts';

export const waiting = (): VNode => h('p', { class: 'waiting', key: 'waiting' }, 'Looking for runs…');

export function noRuns(ui: Ui): VNode {
  return h(
    'div',
    { class: 'empty', key: 'empty' },
    icon('graph-line'),
    h('h1', {}, 'No run yet'),
    h(
      'p',
      {},
      'A run tunes a prompt and a small local model together, on this machine. It alternates between the two and keeps only measured improvements.',
    ),
    h('p', {}, 'Its phases appear here as they happen. Nothing is written to your prompt file until you accept it.'),
    button('Optimize a Prompt', { icon: 'debug-start' }, () => ui.act({ type: 'start' })),
  );
}

export const refused = (message: string): VNode =>
  h('div', { class: 'empty', key: 'refused', role: 'alert' }, icon('error'), h('h1', {}, 'This run cannot be shown'), h('p', {}, message));

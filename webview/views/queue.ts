/** @file The jobs that wait for their turn, each with a way to take it off the list. */
import type { QueuedJob } from '../../src/extension/panelMessages.ts';
import { h, type VNode } from '../dom.ts';
import { button, icon, section, type Ui } from './parts.ts';

export function queue(jobs: readonly QueuedJob[], ui: Ui): VNode | undefined {
  if (jobs.length === 0) return undefined;
  const note = jobs.length === 1 ? '1 job waits for its turn' : `${jobs.length} jobs wait for their turn`;
  return section(
    'queue',
    'Next',
    note,
    h(
      'ol',
      { class: 'plain-list' },
      jobs.map(({ job, title }) =>
        h(
          'li',
          { key: String(job), class: 'item-title' },
          h('span', {}, icon('clock'), ` ${title}`),
          button('Remove', { icon: 'close', secondary: true, 'aria-label': `Remove: ${title}` }, () => ui.act({ type: 'unqueue', job })),
        ),
      ),
    ),
  );
}

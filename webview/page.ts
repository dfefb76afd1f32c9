/** @file The layout of the whole page. */
import { h, type VNode } from './dom.ts';
import { clockOf, type Known, type ShownRun } from './follow.ts';
import { controls } from './views/controls.ts';
import { curriculum } from './views/curriculum.ts';
import { noRuns, refused, waiting } from './views/empty.ts';
import { heading, toolbar } from './views/header.ts';
import { attribution, objective } from './views/outcome.ts';
import type { Ui } from './views/parts.ts';
import { phases } from './views/phases.ts';
import { preflight } from './views/preflight.ts';
import { queue } from './views/queue.ts';
import { review } from './views/review.ts';
import { settings } from './views/settings.ts';
import { softPrompt } from './views/soft.ts';
import { charts, tiles } from './views/summary.ts';

export function page(known: Known, ui: Ui, now: number): VNode[] {
  const { runs, shown, queue: waitingJobs = [] } = known;
  if (!runs) return [waiting()];
  const next = queue(waitingJobs, ui);
  if (runs.length === 0) return [next ? h('main', { key: 'main' }, next) : noRuns(ui)];
  const prompt = runs.find(({ run }) => run === shown?.run)?.prompt ?? '';
  const body = known.refused ? [refused(known.refused.message)] : shown ? sections(shown, prompt, ui, now) : [waiting()];
  return [toolbar(runs, shown, ui), h('main', { key: 'main' }, next, body)];
}

function sections(shown: ShownRun, prompt: string, ui: Ui, now: number): VNode[] {
  const { run, live } = shown;
  const state = clockOf(shown, now);
  const parts = [
    heading({ ...shown, state }, prompt, ui),
    tiles(state),
    preflight(shown.preflight),
    review(run, shown.review, ui),
    charts(state),
    softPrompt(state),
    phases(run, state, live, ui),
    curriculum(state),
    h('div', { class: 'pair', key: 'outcome' }, objective(state), attribution(state)),
    controls(state),
    settings(state, ui),
  ];
  return parts.filter((part) => part !== undefined);
}

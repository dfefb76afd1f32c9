/** @file The top of the page: which run is shown, where it stands, and what the user can do. */
import type { RunSummary } from '../../src/extension/panelMessages.ts';
import { cutLines, refitText, writerText } from '../../src/run/words/words.ts';
import { h, type VNode } from '../dom.ts';
import type { ShownRun } from '../follow.ts';
import { canResume, canStop, explanation, progress, standingOf } from '../standing.ts';
import { action, button, icon, type Ui } from './parts.ts';

export function toolbar(runs: readonly RunSummary[], shown: ShownRun | undefined, ui: Ui): VNode {
  return h('div', { class: 'toolbar', key: 'toolbar' }, chooser(runs, shown?.run, ui), shown && actions(shown, ui));
}

function chooser(runs: readonly RunSummary[], chosen: string | undefined, ui: Ui): VNode {
  const change = (event: Event): void => ui.act({ type: 'choose', run: (event.target as HTMLSelectElement).value });
  return h(
    'vscode-single-select',
    { class: 'chooser', label: 'Run', change },
    runs.map(({ run, prompt, startedAt, headline }) =>
      h('vscode-option', { key: run, value: run, selected: run === chosen, description: headline }, `${prompt} · ${moment(startedAt)}`),
    ),
  );
}

/** In the reader's language and time zone. */
function moment(iso: string): string {
  return new Date(iso).toLocaleString(undefined, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
}

function actions(shown: ShownRun, ui: Ui): VNode {
  const { run, state, review } = shown;
  const items = review?.items ?? [];
  const open = items.some(({ standing }) => standing === 'open');
  const [label, secondary] = open ? (['Review Changes', false] as const) : (['Review Again', true] as const);
  return h(
    'div',
    { class: 'actions', role: 'group', 'aria-label': 'Actions' },
    canStop(shown) && stopButton(shown, ui),
    canResume(shown) && button('Resume', { icon: 'debug-continue', disabled: ui.isAsked('resume') }, () => ui.act({ type: 'resume', run })),
    items.length > 0 && button(label, { key: 'review', icon: 'diff', secondary }, () => ui.act({ type: 'openReview', run })),
    state.history.length > 0 && button('Report', { icon: 'output', secondary: true }, () => ui.act({ type: 'openReport', run })),
  );
}

function stopButton({ run, state: { stopRequested } }: ShownRun, ui: Ui): VNode {
  const disabled = stopRequested || ui.isAsked('stop');
  return button(disabled ? 'Stopping…' : 'Stop', { key: 'stop', icon: 'debug-stop', secondary: true, disabled }, () =>
    ui.act({ type: 'stop', run }),
  );
}

/** The prompt's name, where the run stands, and its progress. */
export function heading(shown: ShownRun, prompt: string, ui: Ui): VNode {
  const { run, state, live, vitals, trouble } = shown;
  const { label, tone, icon: name } = standingOf(shown);
  const written = writerText(state);
  return h(
    'div',
    { class: 'heading', key: 'heading' },
    h(
      'div',
      { class: 'title' },
      h(
        'h1',
        {},
        action(prompt, () => ui.act({ type: 'openPrompt', run }), { title: 'Open the prompt file' }),
      ),
      h('span', { class: `standing ${tone}` }, icon(name, { spin: tone === 'busy' }), label),
    ),
    h('p', { class: 'note' }, explanation(shown)),
    written !== undefined && h('p', { class: 'note' }, `${written.charAt(0).toUpperCase()}${written.slice(1)}.`),
    state.refit && h('p', { class: 'note' }, refitText(state.refit)),
    trouble !== undefined && h('pre', { class: 'trouble', tabindex: 0, 'aria-label': 'Last lines of the log' }, trouble),
    live && progressPart(progress(state, vitals)),
    [...state.notices, ...cutLines(state)].map((notice) => h('p', { class: 'notice' }, icon('warning'), h('span', {}, notice))),
  );
}

function progressPart({ share, facts }: ReturnType<typeof progress>): VNode {
  const value = share === undefined ? undefined : Math.round(share * 100);
  return h(
    'div',
    { class: 'progress' },
    h('vscode-progress-bar', { 'aria-label': 'Share of the budget spent so far', value, indeterminate: value === undefined }),
    h('p', { class: 'facts' }, facts.join(' · ')),
  );
}

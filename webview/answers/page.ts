/** @file The whole page of the answers, from what is known: the headline, what is shown of the rows, what was confused, the rows. */
import type { AnswersToPage } from '../../src/extension/answersMessages.ts';
import { headline, headlineDetail } from '../../src/extension/core/headline.ts';
import { rowCount } from '../../src/run/words/format.ts';
import { h, type VNode } from '../dom.ts';
import { action, button, fold, icon } from '../views/parts.ts';
import { confusionTable } from './confusion.ts';
import { answersTable } from './table.ts';
import type { AnswersUi } from './ui.ts';
import { chosenRows, confusionOf, pageOf, rowsPerPage } from './view.ts';

/** What the page knows: the latest message about a prompt. */
export type Known = Exclude<AnswersToPage, { type: 'stale' }>;

/** What a message makes of what was known. */
export function hear(known: Known | undefined, message: AnswersToPage): Known | undefined {
  if (message.type !== 'stale') return message;
  return known?.type === 'answers' && known.prompt === message.prompt ? { ...known, stale: message.stale } : known;
}

/** @param now Date.now() */
export function answersPage(known: Known | undefined, ui: AnswersUi, now: number): VNode[] {
  if (!known) return [h('p', { class: 'waiting', key: 'waiting' }, 'Reading the answers…')];
  return known.type === 'none' ? [none(known, ui)] : shown(known, ui, now);
}

function none({ prompt, name, message }: Extract<Known, { type: 'none' }>, ui: AnswersUi): VNode {
  return h(
    'div',
    { class: 'empty', key: 'none' },
    icon('checklist'),
    h('h1', {}, `No answers for ${name} yet`),
    h('p', {}, message),
    button('Evaluate', { icon: 'beaker' }, () => ui.act({ type: 'evaluate', prompt })),
  );
}

function shown(known: Extract<Known, { type: 'answers' }>, ui: AnswersUi, now: number): VNode[] {
  const { prompt, answers } = known;
  const { rows, labels } = answers;
  const chosen = chosenRows(rows, ui.view);
  const page = pageOf(chosen, ui.view);
  const confusion = labels && confusionOf(rows, labels);
  return [
    heading(known, ui, now),
    h(
      'main',
      { key: 'main' },
      confusion && confusion.labels.length > 0
        ? fold(ui, 'confusion', 'h2', 'What was confused', () => confusionTable(confusion, ui), true)
        : false,
      filters(chosen.length, rows.length, ui),
      chosen.length > 0
        ? answersTable(prompt, page, chosen.length, rows, ui)
        : h('p', { class: 'waiting', key: 'nothing' }, 'No row matches what you chose.'),
      chosen.length > rowsPerPage ? pages(page.first, page.rows.length, chosen.length, ui) : false,
    ),
  ];
}

function heading({ prompt, name, answers, stale }: Extract<Known, { type: 'answers' }>, ui: AnswersUi, now: number): VNode {
  const { evaluation, total, rows } = answers;
  const notices = [
    ...(stale ? ['The prompt has changed since these answers were given.'] : []),
    ...(evaluation.split === 'test'
      ? ['These are held-out test rows. They can no longer test anything that you choose by these answers.']
      : []),
    ...(rows.length < total
      ? [`${rows.length} of ${rowCount(total)} are kept here, wrong ones first. The score is that of all rows.`]
      : []),
  ];
  return h(
    'div',
    { class: 'heading', key: 'heading' },
    h(
      'div',
      { class: 'title' },
      h(
        'h1',
        {},
        action(name, () => ui.act({ type: 'openPrompt', prompt }), { title: 'Open the prompt file' }),
      ),
      h('span', { class: 'standing' }, headline(evaluation, now)),
    ),
    headlineDetail(evaluation)
      .split('\n')
      .map((line) => h('p', { class: 'note' }, line)),
    notices.map((notice) => h('p', { class: 'notice' }, icon('warning'), h('span', {}, notice))),
    stale &&
      h(
        'div',
        { class: 'actions' },
        button('Evaluate Again', { icon: 'beaker' }, () => ui.act({ type: 'evaluate', prompt })),
      ),
  );
}

function filters(chosen: number, all: number, ui: AnswersUi): VNode {
  const { onlyWrong, search, cell } = ui.view;
  const isWhole = !onlyWrong && search === '' && !cell;
  const type = (event: Event): void => ui.show({ search: (event.target as HTMLInputElement).value });
  return h(
    'div',
    { class: 'filters', key: 'filters', role: 'group', 'aria-label': 'Rows to show' },
    h('input', {
      key: `search ${ui.cleared}`,
      type: 'search',
      placeholder: 'Search rows',
      'aria-label': 'Search rows',
      value: search,
      input: type,
    }),
    toggle('Only wrong', onlyWrong, () => ui.show({ onlyWrong: !onlyWrong })),
    cell &&
      h(
        'button',
        {
          type: 'button',
          class: 'chip',
          'aria-label': `Show all answers again, not only ${cell.prediction} for ${cell.gold}`,
          click: () => ui.show({ cell: undefined }),
        },
        h('span', {}, `${cell.gold} → ${cell.prediction}`),
        icon('close'),
      ),
    h('span', { class: 'note', role: 'status' }, isWhole ? rowCount(all) : `${chosen} of ${rowCount(all)}`),
    !isWhole && action('Show all', () => ui.showAll()),
  );
}

const toggle = (label: string, pressed: boolean, click: () => void): VNode =>
  h('button', { type: 'button', class: 'toggle', 'aria-pressed': pressed, click }, icon(pressed ? 'check' : 'filter'), label);

function pages(first: number, count: number, of: number, ui: AnswersUi): VNode {
  const page = first / rowsPerPage;
  const go = (label: string, to: number, possible: boolean): VNode =>
    button(label, { secondary: true, disabled: !possible }, () => ui.show({ page: to }));
  return h(
    'nav',
    { class: 'pages', key: 'pages', 'aria-label': 'Pages of rows' },
    go('Previous', page - 1, page > 0),
    h('span', { class: 'note' }, `Rows ${first + 1} to ${first + count} of ${of}`),
    go('Next', page + 1, first + count < of),
  );
}

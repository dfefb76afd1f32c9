/** @file The rows with their answers: a table whose headings sort it and whose rows take the focus one after the other. */
import type { AnsweredRow } from '../../src/run/record/answers.ts';
import { h, memo, type VNode } from '../dom.ts';
import { action, icon } from '../views/parts.ts';
import type { AnswersUi } from './ui.ts';
import type { Column } from './view.ts';

interface Heading {
  readonly by: Column;
  readonly title: string;
  /** Of the column's cells. */
  readonly kind?: string;
  readonly about?: string;
}

/** @param page rows of it, and how many stand before them. @param all rows, whether shown or not: they decide which columns there are */
export function answersTable(
  prompt: string,
  page: { readonly first: number; readonly rows: readonly AnsweredRow[] },
  chosen: number,
  all: readonly AnsweredRow[],
  ui: AnswersUi,
): VNode {
  const columns = headings.filter(({ by }) => isAlways(by) || all.some((row) => row[by] !== undefined));
  const focused = page.rows.some(({ line }) => line === ui.focused) ? ui.focused : page.rows[0]?.line;
  return h(
    'table',
    { class: 'answer-rows', key: 'answers', 'aria-rowcount': chosen + 1 },
    h('caption', { class: 'unseen' }, 'Rows with their answers'),
    h(
      'thead',
      {},
      h(
        'tr',
        { 'aria-rowindex': 1 },
        columns.map((heading) => headingCell(heading, ui)),
      ),
    ),
    h(
      'tbody',
      { keydown: (event) => moveFocus(event as KeyboardEvent, prompt, ui), focusin: (event) => noteFocus(event, ui) },
      page.rows.map((row, place) => {
        const index = page.first + place + 2;
        return memo(row.line, [row, index, row.line === focused, columns.length, prompt], () =>
          answerLine(row, index, row.line === focused, columns, prompt, ui),
        );
      }),
    ),
  );
}

const headings: readonly Heading[] = [
  { by: 'line', title: 'Line', kind: 'number' },
  { by: 'input', title: 'Input', kind: 'input' },
  { by: 'gold', title: 'Expected' },
  { by: 'prediction', title: 'Got' },
  { by: 'right', title: 'Result', kind: 'result' },
  { by: 'logLikelihood', title: 'Log-lik.', kind: 'number roomy', about: 'Log-likelihood of the right answer, in nats' },
  { by: 'feedback', title: 'Feedback', kind: 'roomy' },
];

const isAlways = (by: Column): by is 'line' | 'input' | 'prediction' | 'right' =>
  by === 'line' || by === 'input' || by === 'prediction' || by === 'right';

function headingCell({ by, title, kind = '', about }: Heading, ui: AnswersUi): VNode {
  const { sort } = ui.view;
  const isSorted = sort.by === by;
  const click = (): void => ui.show({ sort: { by, descending: isSorted && !sort.descending } });
  return h(
    'th',
    {
      key: by,
      scope: 'col',
      class: kind,
      'aria-sort': isSorted ? (sort.descending ? 'descending' : 'ascending') : 'none',
      ...(about !== undefined && { title: about }),
    },
    h('button', { type: 'button', class: 'sort', click }, title, isSorted && icon(sort.descending ? 'arrow-down' : 'arrow-up')),
  );
}

function answerLine(
  row: AnsweredRow,
  index: number,
  isFocused: boolean,
  columns: readonly Heading[],
  prompt: string,
  ui: AnswersUi,
): VNode {
  const { line, right } = row;
  const tabindex = isFocused ? 0 : -1;
  return h(
    'tr',
    { class: right ? 'is-right' : 'is-wrong', tabindex, 'aria-rowindex': index, 'data-line': line },
    columns.map(({ by, kind = '' }) => h('td', { key: by, class: kind }, contents[by](row, prompt, tabindex, ui))),
  );
}

type Content = (row: AnsweredRow, prompt: string, tabindex: number, ui: AnswersUi) => readonly (VNode | false)[];

const contents: Readonly<Record<Column, Content>> = {
  line: ({ line }, prompt, tabindex, ui) => [
    action(String(line), () => ui.act({ type: 'openRow', prompt, line }), {
      tabindex: String(tabindex),
      'aria-label': `Line ${line}: open in the data file`,
    }),
  ],
  input: ({ inputs }) => {
    const named = Object.entries(inputs);
    return named.map(([name, value]) => h('span', { class: 'value' }, named.length > 1 && h('span', { class: 'by' }, `${name}: `), value));
  },
  gold: ({ gold }) => [shown(gold)],
  prediction: ({ prediction, cut, feedback }) => [
    h('span', {}, shown(prediction), cut !== undefined && h('span', { class: 'by' }, ' (cut off)')),
    feedback !== undefined && h('span', { class: 'by cramped' }, feedback),
  ],
  right: ({ line, right, score }, prompt, tabindex, ui) => [
    h('span', { class: 'verdict' }, icon(right ? 'check' : 'close'), resultText(right, score)),
    action(icon('play'), () => ui.act({ type: 'tryRow', prompt, line }), {
      tabindex: String(tabindex),
      class: 'link try',
      title: 'Try this row again',
      'aria-label': `Try the row in line ${line} again`,
    }),
  ],
  logLikelihood: ({ logLikelihood }) => [logLikelihood === undefined ? '' : logLikelihood.toFixed(2)],
  feedback: ({ feedback }) => [feedback ?? ''],
};

function resultText(right: boolean, score: number): string {
  if (right) return 'right';
  return score > 0 ? `partly, ${score.toFixed(2)}` : 'wrong';
}

const shown = (answer: string | undefined): string => (answer?.trim() === '' ? '(nothing)' : (answer ?? ''));

function noteFocus({ target }: Event, ui: AnswersUi): void {
  const line = (target as Element).closest('tr')?.dataset.line;
  if (line !== undefined) ui.focus(Number(line));
}

/** Arrows go from row to row, Enter opens the row's line. */
function moveFocus(event: KeyboardEvent, prompt: string, ui: AnswersUi): void {
  const row = (event.target as Element).closest('tr');
  const move = moves[event.key];
  if (row && move) {
    (move(row) as HTMLElement | null)?.focus();
    event.preventDefault();
  } else if (row && event.target === row && event.key === 'Enter') ui.act({ type: 'openRow', prompt, line: Number(row.dataset.line) });
}

const moves: Readonly<Record<string, (row: Element) => Element | null>> = {
  ArrowDown: (row) => row.nextElementSibling,
  ArrowUp: (row) => row.previousElementSibling,
  Home: (row) => row.parentElement!.firstElementChild,
  End: (row) => row.parentElement!.lastElementChild,
};

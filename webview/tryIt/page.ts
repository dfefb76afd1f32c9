/** @file The page of Try It, from what is known: a field for each column that the prompt reads, and the answers beside each other. */
import type { Beside, RowToTry, Side, TriedPrompt, TriedSides, TryItFromPage, TryItToPage } from '../../src/extension/tryItMessages.ts';
import { milliseconds, percent } from '../../src/run/words/format.ts';
import type { RowAnswer } from '../../src/run/answerRow.ts';
import { h, type VNode } from '../dom.ts';
import { action, button, icon } from '../views/parts.ts';

export interface Known {
  readonly prompt?: TriedPrompt;
  readonly row?: RowToTry;
  readonly sides?: TriedSides;
}

export interface TryItUi {
  /** What stands in the fields. */
  readonly values: Readonly<Record<string, string>>;
  /** Another number where the fields were filled from a row. */
  readonly filled: number;
  /** What was chosen to compare with; at first the adapter, where there is one. */
  readonly beside?: Beside;
  readonly type: (column: string, value: string) => void;
  readonly compare: (beside: Beside) => void;
  readonly act: (message: TryItFromPage) => void;
}

/** What a message makes of what was known. */
export function hear(known: Known, message: TryItToPage): Known {
  const own = known.prompt?.prompt === message.prompt ? known : {};
  if (message.type === 'prompt') return { ...own, prompt: message };
  // The answers were those of another row.
  if (message.type === 'row') return { ...own, row: message, sides: undefined };
  return { ...own, sides: message };
}

/** What can be compared, and whether it is still there: an adapter may be gone. */
export function besideOf({ adapter, models }: TriedPrompt, chosen: Beside | undefined): Beside {
  if (chosen?.kind === 'model' && models.includes(chosen.model)) return chosen;
  if (chosen?.kind === 'nothing') return chosen;
  return adapter === undefined ? { kind: 'nothing' } : { kind: 'adapter' };
}

export function tryItPage({ prompt, row, sides }: Known, ui: TryItUi): VNode[] {
  if (!prompt) return [h('p', { class: 'waiting', key: 'waiting' }, 'Reading the prompt…')];
  const own = row && isUnchanged(row, ui) ? row : undefined;
  const answers = sides && sides.sides.length > 0 && answersPart(sides, own);
  return [heading(prompt, ui), h('main', { key: 'main' }, form(prompt, own, sides, ui), answers)];
}

/** A row that was edited since it was chosen is another one: nobody knows its right answer. */
const isUnchanged = ({ values }: RowToTry, ui: TryItUi): boolean =>
  Object.entries(values).every(([column, value]) => ui.values[column] === value);

function heading({ prompt, name, problem }: TriedPrompt, ui: TryItUi): VNode {
  return h(
    'div',
    { class: 'heading', key: 'heading' },
    h(
      'h1',
      {},
      action(name, () => ui.act({ type: 'openPrompt', prompt }), { title: 'Open the prompt file' }),
    ),
    h('p', { class: 'note' }, 'Answers one row with the prompt as it stands in the editor, saved or not.'),
    problem !== undefined && h('p', { class: 'notice', role: 'alert' }, icon('warning'), h('span', {}, problem)),
  );
}

function form(known: TriedPrompt, row: RowToTry | undefined, sides: TriedSides | undefined, ui: TryItUi): VNode {
  const { prompt, columns, problem } = known;
  const working = sides?.sides.some(({ state }) => state.kind === 'working') ?? false;
  const tryNow = (): void => ui.act({ type: 'try', prompt, values: valuesOf(columns, ui), beside: besideOf(known, ui.beside) });
  const byKey = (event: Event): void => {
    const { key, ctrlKey, metaKey } = event as KeyboardEvent;
    if (key === 'Enter' && (ctrlKey || metaKey) && !working && problem === undefined) tryNow();
  };
  return h(
    'div',
    { class: 'try-form', key: 'form', role: 'form', 'aria-label': 'Row to try', keydown: byKey },
    columns.length === 0 && h('p', { class: 'note' }, 'The prompt reads no column, so there is nothing to fill in.'),
    columns.map((column) => field(column, ui)),
    row && h('p', { class: 'note' }, row.from, row.gold !== undefined && h('span', {}, `. Right answer: ${row.gold}`)),
    h(
      'div',
      { class: 'actions' },
      working
        ? button('Stop', { icon: 'debug-stop', secondary: true }, () => ui.act({ type: 'stop', prompt }))
        : button('Try', { icon: 'play', disabled: problem !== undefined }, tryNow),
      button('Choose Row…', { icon: 'list-selection', secondary: true }, () => ui.act({ type: 'chooseRow', prompt })),
      comparison(known, ui),
    ),
  );
}

const valuesOf = (columns: readonly string[], { values }: TryItUi): Record<string, string> =>
  Object.fromEntries(columns.map((column) => [column, values[column] ?? '']));

function field(column: string, { values, filled, type }: TryItUi): VNode {
  const input = (event: Event): void => type(column, (event.target as HTMLTextAreaElement).value);
  return h(
    'label',
    { class: 'field', key: `${column} ${filled}` },
    h('span', {}, column),
    h('textarea', { rows: 3, spellcheck: 'false', input }, values[column] ?? ''),
  );
}

function comparison(known: TriedPrompt, ui: TryItUi): VNode {
  const { adapter, models } = known;
  const chosen = besideOf(known, ui.beside);
  const choices: readonly { readonly text: string; readonly beside: Beside }[] = [
    { text: 'nothing', beside: { kind: 'nothing' } },
    ...(adapter === undefined ? [] : [{ text: `adapter ${adapter}`, beside: { kind: 'adapter' } } as const]),
    ...models.map((model) => ({ text: model, beside: { kind: 'model', model } }) as const),
  ];
  const change = (event: Event): void => ui.compare(choices[(event.target as HTMLSelectElement).selectedIndex].beside);
  return h(
    'label',
    { class: 'compare' },
    h('span', { class: 'note' }, 'Compare with'),
    h(
      'select',
      { change },
      choices.map(({ text, beside }) => h('option', { key: text, selected: isSame(beside, chosen) }, text)),
    ),
  );
}

const isSame = (a: Beside, b: Beside): boolean => JSON.stringify(a) === JSON.stringify(b);

function answersPart({ sides, stale }: TriedSides, row: RowToTry | undefined): VNode {
  return h(
    'section',
    { key: 'answers', 'aria-label': 'Answers' },
    stale && h('p', { class: 'notice' }, icon('warning'), h('span', {}, 'The prompt has changed since it was tried.')),
    h(
      'div',
      { class: 'sides' },
      sides.map((side, place) => sidePart(side, place, row?.gold)),
    ),
  );
}

function sidePart({ title, state }: Side, place: number, gold: string | undefined): VNode {
  return h('article', { key: place, class: 'side', 'aria-live': 'polite' }, h('h2', {}, title), stateParts(state, gold));
}

function stateParts(state: Side['state'], gold: string | undefined): VNode[] {
  switch (state.kind) {
    case 'working':
      return [
        ...(state.text === undefined ? [] : [h('pre', { class: 'answer' }, state.text)]),
        h('p', { class: 'note' }, icon('loading', { spin: true }), ` ${state.what}`),
      ];
    case 'failed':
      return [h('p', { class: 'notice', role: 'alert' }, icon('error'), h('span', {}, state.message))];
    case 'stopped':
      return [h('p', { class: 'note' }, 'Stopped.')];
    case 'answered':
      return answerParts(state.answer, gold);
  }
}

/** More labels are not drawn: what is likely stands first. */
const mostDrawn = 12;

function answerParts({ text, labels, promptTokens, earlier = [], milliseconds: time }: RowAnswer, gold: string | undefined): VNode[] {
  const isRight = gold !== undefined && labels !== undefined && gold.trim() === text;
  const mark =
    gold === undefined || labels === undefined ? false : h('span', { class: isRight ? 'good' : 'bad' }, icon(isRight ? 'check' : 'close'));
  return [
    ...earlier.map(({ output, text: said }) => h('p', { class: 'note', key: output }, `${output}: ${said}`)),
    h('pre', { class: 'answer' }, mark, text === '' ? '(nothing)' : text),
    ...(labels ? [probabilities(labels)] : []),
    h('p', { class: 'note' }, `${promptTokens} prompt tokens · ${milliseconds(time)} ms`),
  ];
}

function probabilities(labels: NonNullable<RowAnswer['labels']>): VNode {
  const left = labels.length - mostDrawn;
  return h(
    'table',
    { class: 'probabilities' },
    h('caption', { class: 'unseen' }, 'Probability of each label'),
    h(
      'tbody',
      {},
      labels
        .slice(0, mostDrawn)
        .map(({ label, probability }) =>
          h(
            'tr',
            { key: label },
            h('th', { scope: 'row' }, label),
            h(
              'td',
              {},
              h(
                'svg',
                { class: 'probability', viewBox: '0 0 100 8', preserveAspectRatio: 'none', 'aria-hidden': true },
                h('rect', { x: 0, y: 0, width: Math.max(0.5, probability * 100), height: 8 }),
              ),
            ),
            h('td', { class: 'number' }, percent(probability)),
          ),
        ),
      left > 0 && h('tr', {}, h('td', { class: 'note', colspan: 3 }, `and ${left} less likely ${left === 1 ? 'label' : 'labels'}`)),
    ),
  );
}

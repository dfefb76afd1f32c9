/** @file The changes that the run proposes, hunks of the prompt and the adapter, each to be accepted or rejected. */
import type { Review, ReviewAdapter, ReviewHunk } from '../../src/extension/panelMessages.ts';
import { verdictsOn, type ReviewVerdict } from '../../src/run/verdicts.ts';
import { groundsLines, itemName } from '../../src/run/words/words.ts';
import { h, type VNode } from '../dom.ts';
import { button, icon, section, unseen, type Ui } from './parts.ts';

type Item = ReviewHunk | ReviewAdapter;

export function review(run: string, proposed: Review | undefined, ui: Ui): VNode | undefined {
  if (!proposed || proposed.items.length === 0) return undefined;
  const { items, file } = proposed;
  const open = items.filter(({ standing }) => standing === 'open').map(({ id }) => id);
  const note = open.length > 0 ? `${open.length} of ${items.length} undecided, in ${file}` : `All ${items.length} decided, in ${file}`;
  return section(
    'review',
    'Proposed changes',
    note,
    h(
      'ul',
      { class: 'review' },
      items.map((item) => itemOf(run, item, nameIn(items), ui)),
    ),
    ...(open.length > 1
      ? [h('div', { class: 'actions' }, decision(run, open, 'accept', 'Accept All', ui), decision(run, open, 'reject', 'Reject All', ui))]
      : []),
  );
}

/** What an item is called here within a sentence. */
function nameIn(items: readonly Item[]): (id: string) => string {
  return (id) => {
    const item = items.find((each) => each.id === id);
    return item?.kind === 'hunk' ? inFile(item, `${linesText(item).charAt(0).toLowerCase()}${linesText(item).slice(1)}`) : itemName(id);
  };
}

const titleOf = (item: Item): string => (item.kind === 'adapter' ? 'Weights' : inFile(item, linesText(item)));

const inFile = ({ file }: Item, lines: string): string => (file === undefined ? lines : `${file}: ${lines}`);

function itemOf(run: string, item: Item, nameOf: (id: string) => string, ui: Ui): VNode {
  const { id, reason, standing } = item;
  const name = titleOf(item);
  const folder = item.kind === 'adapter' ? `a LoRA adapter, in ${item.folder}` : undefined;
  const facts = [reason, folder, ...groundsLines(item, nameOf)].filter((fact) => fact !== undefined);
  return h(
    'li',
    { key: id, class: standing },
    h(
      'div',
      { class: 'item-title' },
      h('h3', {}, icon(item.kind === 'adapter' ? 'chip' : 'edit'), name),
      h(
        'div',
        { class: 'actions' },
        standing !== 'open' && standingText(standing),
        verdictsOn[standing].map((verdict) => decision(run, [id], verdict, verdicts[verdict].label, ui, name)),
      ),
    ),
    facts.map((fact) => h('p', { class: 'note' }, fact)),
    item.kind === 'hunk' && hunk(item),
  );
}

const verdicts: Readonly<Record<ReviewVerdict, { readonly label: string; readonly icon: string }>> = {
  accept: { label: 'Accept', icon: 'check' },
  reject: { label: 'Reject', icon: 'close' },
  takeBack: { label: 'Revert', icon: 'discard' },
};

const standings = {
  accepted: { name: 'check', text: 'Accepted' },
  rejected: { name: 'circle-slash', text: 'Rejected' },
  conflict: { name: 'warning', text: 'The file has changed here since the run' },
} as const;

function standingText(standing: keyof typeof standings): VNode {
  const { name, text } = standings[standing];
  return h('span', { class: `outcome ${standing === 'accepted' ? 'kept' : ''}` }, icon(name), text);
}

function decision(run: string, items: readonly string[], verdict: ReviewVerdict, label: string, ui: Ui, of?: string): VNode {
  const asked = { type: 'decide', run, items, verdict } as const;
  // Only the buttons that decide on everything stand out.
  const secondary = verdict !== 'accept' || of !== undefined;
  const attributes = {
    icon: verdicts[verdict].icon,
    secondary,
    disabled: ui.isAsked(asked.type),
    'aria-label': of && `${label}: ${of}`,
  };
  return button(label, attributes, () => ui.act(asked));
}

/** Where the change is: the lines that it removes, or the line before which it inserts some. */
function linesText({ line, before }: ReviewHunk): string {
  const count = linesOf(before).length;
  if (count === 0) return `Before line ${line}`;
  return count === 1 ? `Line ${line}` : `Lines ${line}–${line + count - 1}`;
}

function hunk({ before, after }: ReviewHunk): VNode {
  return h(
    'pre',
    { class: 'hunk', tabindex: 0, 'aria-label': 'Changed lines' },
    linesOf(before).map((text) => h('del', {}, unseen('removed: '), text, '\n')),
    linesOf(after).map((text) => h('ins', {}, unseen('added: '), text, '\n')),
  );
}

const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

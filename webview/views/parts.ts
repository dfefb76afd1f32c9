/** @file Small parts that every section is made of. */
import type { FromPage } from '../../src/extension/panelMessages.ts';
import type { Difference, PhaseTarget } from '../../src/optimize/events.ts';
import { points, sureness } from '../../src/run/words/format.ts';
import { h, type Attributes, type VNode } from '../dom.ts';

/** What a section needs from the page in addition to its data. */
export interface Ui {
  /** Whether a section that can be folded is open. */
  isOpen(key: string, byDefault?: boolean): boolean;
  setOpen(key: string, open: boolean): void;
  act(action: FromPage): void;
  /** Whether the user asked for something of this type and has not been answered yet. */
  isAsked(type: FromPage['type']): boolean;
}

export const icon = (name: string, { spin = false }: { spin?: boolean } = {}): VNode =>
  h('span', { class: `codicon codicon-${name}${spin ? ' codicon-modifier-spin' : ''}`, 'aria-hidden': true });

/** For screen readers only. */
export const unseen = (text: string): VNode => h('span', { class: 'unseen' }, text);

const targetIcons: Readonly<Record<PhaseTarget, string>> = { weights: 'chip', prompt: 'edit', both: 'combine' };

/** @param block the only part that may change, if that is less than the whole prompt or all weights */
export const targetName = (target: PhaseTarget, block: string = target): VNode =>
  h('span', { class: `target ${target}` }, icon(targetIcons[target]), block);

export function section(key: string, title: string, note: string | undefined, ...content: readonly (VNode | false)[]): VNode {
  return h(
    'section',
    { key, 'aria-labelledby': `${key}-title` },
    h('header', {}, h('h2', { id: `${key}-title` }, title), note !== undefined && h('p', { class: 'note' }, note)),
    content,
  );
}

/** A title that opens and closes the content below it. @param tag the element around the title's button */
export function fold(
  ui: Pick<Ui, 'isOpen' | 'setOpen'>,
  key: string,
  tag: 'h2' | 'p',
  title: VNode | string,
  content: () => readonly VNode[],
  byDefault = false,
): VNode {
  const open = ui.isOpen(key, byDefault);
  const id = `${key.replaceAll(/\W+/g, '-')}-content`;
  const toggle = { type: 'button', 'aria-expanded': open, 'aria-controls': id, click: () => ui.setOpen(key, !open) };
  return h(
    'div',
    { key, class: 'fold' },
    h(tag, {}, h('button', { class: 'fold-title', ...toggle }, icon(open ? 'chevron-down' : 'chevron-right'), title)),
    h('div', { id, class: 'fold-content', hidden: !open }, open ? content() : []),
  );
}

/** A button in the editor's style. A disabled one does nothing. */
export function button(label: string, attributes: Attributes, click: () => void): VNode {
  const disabled = attributes.disabled === true;
  return h('vscode-button', { key: label, ...attributes, 'aria-disabled': disabled, click: () => !disabled && click() }, label);
}

/** A link that calls a function instead of opening an address. */
export const action = (label: VNode | string, click: () => void, attributes: Readonly<Record<string, string>> = {}): VNode =>
  h('button', { type: 'button', class: 'link', ...attributes, click }, label);

/** The interval on a line with zero in its middle and `reach` on either side; an arrow if the mean lies outside. */
export function glyph({ mean, low, high }: Difference, reach: number): VNode {
  const [width, middle, half] = [96, 48, 42];
  const x = (value: number): number => Math.round((middle + Math.max(-1, Math.min(1, value / reach)) * half) * 10) / 10;
  const verdict = low > 0 ? 'better' : high < 0 ? 'worse' : 'level';
  const away = Math.abs(mean) > reach ? Math.sign(mean) : 0;
  const tip = middle + away * (half + 5);
  return h(
    'svg',
    { class: `glyph ${verdict}`, viewBox: `0 0 ${width} 16`, width, height: 16, 'aria-hidden': true },
    h('line', { class: 'zero', x1: middle, x2: middle, y1: 0, y2: 16 }),
    h('line', { class: 'whisker', x1: x(low), x2: x(high), y1: 8, y2: 8 }),
    away === 0 ? h('circle', { cx: x(mean), cy: 8, r: 3.5 }) : h('path', { d: `M${tip} 8 L${tip - away * 7} 4 L${tip - away * 7} 12 Z` }),
  );
}

/** A number and its interval. A line may break between the two, but not inside them. */
export const inParts = (text: string): VNode[] =>
  text.split(/ (?=\[)/).flatMap((part, i) => [...(i > 0 ? [' '] : []), h('span', { class: 'whole' }, part)]);

/** A paired difference of scores, drawn and in points, and how sure it is. */
export const differenceCells = (difference: Difference | undefined, reach: number): VNode[] => [
  h(
    'td',
    { class: 'number' },
    difference && h('span', { class: 'difference' }, glyph(difference, reach), h('span', {}, inParts(points(difference)))),
  ),
  h('td', { class: 'number' }, difference && sureness(difference)),
];

/**
 * @file Elements as plain values, and the patch that makes a page show them: as much of a virtual DOM as one panel needs. Text becomes text
 * nodes and attributes, never HTML.
 */
import { visible } from '../src/plain.ts';

export type Attribute = string | number | boolean | undefined;
export type Handler = (event: Event) => void;
/** Functions are listeners, named by their event. `aria-*` take booleans as words; elsewhere `true` sets and `false` leaves out. */
export type Attributes = Readonly<Record<string, Attribute | Handler>>;

/** Something that draws its own inside, e.g. a chart. */
export interface Island<T> {
  show(data: T): void;
  close(): void;
}

interface Element_ {
  readonly tag: string;
  readonly key?: string | number;
  readonly attributes: Attributes;
  readonly children: readonly VNode[];
  readonly island?: { readonly make: (element: HTMLElement) => Island<unknown>; readonly data: unknown };
}

/** Drawn again only when an input is another one than before. */
interface Memo {
  readonly key: string | number;
  readonly inputs: readonly unknown[];
  readonly render: () => Element_;
}

export type VNode = Element_ | Memo | string;
type Child = VNode | number | false | undefined | readonly Child[];

/** An element. The attribute `key` says which it is among its siblings, so that it stays the same element when they change. */
export function h(tag: string, { key, ...attributes }: Attributes = {}, ...children: readonly Child[]): VNode {
  return element(tag, key as string | undefined, attributes, flatten(children));
}

/** An element whose inside `make` looks after. */
export function island<T>(tag: string, { key, ...attributes }: Attributes, make: (element: HTMLElement) => Island<T>, data: T): VNode {
  return {
    ...element(tag, key as string | undefined, attributes, []),
    island: { make, data },
  };
}

/** The element that `render` gives, for as long as the inputs stay the same. */
export function memo(key: string | number, inputs: readonly unknown[], render: () => VNode): VNode {
  return { key, inputs, render: render as () => Element_ };
}

/** Makes a function that shows elements in `root` in the place of those that it showed before. */
export function mountIn(root: Element): (children: readonly VNode[]) => void {
  let mounted: Mounted[] = [];
  return (children) => {
    mounted = patchChildren(root, mounted, children);
  };
}

/** The text that someone reads there. */
export function textOf(node: VNode): string {
  if (typeof node === 'string') return node;
  return 'render' in node ? textOf(node.render()) : node.children.map(textOf).join('');
}

/** An element or a text of the page, with what it was made from. */
interface Mounted {
  readonly node: Element | Text;
  vnode: Element_ | string;
  inputs?: readonly unknown[];
  key?: string | number;
  children: Mounted[];
  island?: Island<unknown>;
  handlers: Record<string, Handler>;
}

const element = (tag: string, key: string | number | undefined, attributes: Attributes, children: readonly VNode[]): Element_ => ({
  tag,
  ...(key !== undefined && { key }),
  attributes,
  children,
});

function flatten(children: readonly Child[]): VNode[] {
  return children.flatMap((child): readonly VNode[] => {
    if (child === false || child === undefined) return [];
    if (typeof child === 'number') return [String(child)];
    return Array.isArray(child) ? flatten(child as readonly Child[]) : [child as VNode];
  });
}

function patchChildren(parent: Element, mounted: readonly Mounted[], wanted: readonly VNode[]): Mounted[] {
  const keyed = new Map(mounted.filter(({ key }) => key !== undefined).map((known) => [known.key!, known]));
  const free = mounted.filter(({ key }) => key === undefined);
  const next = wanted.map((vnode) => {
    const key = keyOf(vnode);
    const known = key === undefined ? takeLike(free, vnode) : keyed.get(key);
    if (known && key !== undefined) keyed.delete(key);
    return patch(parent, known, vnode);
  });
  const staying = new Set(next);
  for (const each of mounted) if (!staying.has(each)) remove(each);
  let place = parent.firstChild;
  for (const { node } of next) {
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
  }
  return next;
}

const keyOf = (vnode: VNode): string | number | undefined => (typeof vnode === 'string' ? undefined : vnode.key);

/** The first of those without a key that can become this one. */
function takeLike(free: Mounted[], vnode: VNode): Mounted | undefined {
  const place = free.findIndex((known) => isLike(known.vnode, vnode));
  return place < 0 ? undefined : free.splice(place, 1)[0];
}

function isLike(known: Element_ | string, vnode: VNode): boolean {
  if (typeof known === 'string' || typeof vnode === 'string') return typeof known === typeof vnode;
  return 'tag' in vnode && vnode.tag === known.tag && !vnode.island === !known.island;
}

/** Makes what is mounted look like `vnode`, or mounts it again (nothing is put in its place yet). */
function patch(parent: Element, known: Mounted | undefined, vnode: VNode): Mounted {
  if (typeof vnode !== 'string' && 'render' in vnode) {
    if (known?.inputs && sameInputs(known.inputs, vnode.inputs)) return known;
    const mounted = patch(parent, known, { ...vnode.render(), key: vnode.key });
    mounted.inputs = vnode.inputs;
    return mounted;
  }
  const mounted = known && isLike(known.vnode, vnode) ? known : create(parent, vnode);
  if (typeof vnode === 'string') {
    const text = visible(vnode);
    if (mounted.node.nodeValue !== text) mounted.node.nodeValue = text;
  } else {
    patchAttributes(mounted, typeof mounted.vnode === 'string' ? {} : mounted.vnode.attributes, vnode.attributes);
    if (vnode.island) {
      mounted.island ??= vnode.island.make(mounted.node as HTMLElement);
      mounted.island.show(vnode.island.data);
    } else mounted.children = patchChildren(mounted.node as Element, mounted.children, vnode.children);
    mounted.key = vnode.key;
  }
  mounted.vnode = vnode;
  return mounted;
}

const sameInputs = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((input, i) => Object.is(input, b[i]));

const svg = 'http://www.w3.org/2000/svg';

function create(parent: Element, vnode: Element_ | string): Mounted {
  if (typeof vnode === 'string') return { node: document.createTextNode(visible(vnode)), vnode, children: [], handlers: {} };
  const drawn = vnode.tag === 'svg' || parent.namespaceURI === svg;
  const node = drawn ? document.createElementNS(svg, vnode.tag) : document.createElement(vnode.tag);
  return { node, vnode: { ...vnode, attributes: {} }, children: [], handlers: {} };
}

function patchAttributes(mounted: Mounted, before: Attributes, after: Attributes): void {
  const node = mounted.node as Element;
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const value = after[name];
    if (value === before[name]) continue;
    if (typeof value === 'function') {
      if (!mounted.handlers[name]) node.addEventListener(name, (event) => mounted.handlers[name]?.(event));
      mounted.handlers[name] = value;
    } else {
      const text = attributeText(name, value);
      if (text === undefined) node.removeAttribute(name);
      else node.setAttribute(name, text);
    }
  }
}

function attributeText(name: string, value: Attribute): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'boolean' || name.startsWith('aria-')) return read.test(name) ? visible(String(value)) : String(value);
  return value ? '' : undefined;
}

/** Attributes that people read; others, such as `value`, are passed on as they are. */
const read = /^(?:title|label|description|aria-label)$/;

function remove(mounted: Mounted): void {
  close(mounted);
  mounted.node.remove();
}

function close({ island, children }: Mounted): void {
  island?.close();
  children.forEach(close);
}

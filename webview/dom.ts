/**
 * @file A small virtual DOM: elements as plain values, and a patch that makes the page show them. Text becomes text nodes and attributes,
 * never HTML.
 */
import { visible } from '../src/plain.ts';

export type Attribute = string | number | boolean | undefined;
export type Handler = (event: Event) => void;
/** A function listens to the event it is named after. `aria-*` attributes spell booleans out; for others, `true` sets and `false` omits. */
export type Attributes = Readonly<Record<string, Attribute | Handler>>;

/** A component that draws its own content, such as a chart. */
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

/** Is rendered again only if one of its inputs is a different value. */
interface Memo {
  readonly key: string | number;
  readonly inputs: readonly unknown[];
  readonly render: () => Element_;
}

export type VNode = Element_ | Memo | string;
type Child = VNode | number | false | undefined | readonly Child[];

/** An element. Its attribute `key` identifies it among its siblings, so that the same DOM element is reused when they change. */
export function h(tag: string, { key, ...attributes }: Attributes = {}, ...children: readonly Child[]): VNode {
  return element(tag, key as string | undefined, attributes, flatten(children));
}

/** An element whose content `make` manages. */
export function island<T>(tag: string, { key, ...attributes }: Attributes, make: (element: HTMLElement) => Island<T>, data: T): VNode {
  return {
    ...element(tag, key as string | undefined, attributes, []),
    island: { make, data },
  };
}

/** The element that `render` returns; it is reused while the inputs stay the same. */
export function memo(key: string | number, inputs: readonly unknown[], render: () => VNode): VNode {
  return { key, inputs, render: render as () => Element_ };
}

/** Makes a function that replaces the elements in `root` with the ones that it is given. */
export function mountIn(root: Element): (children: readonly VNode[]) => void {
  let mounted: Mounted[] = [];
  return (children) => {
    mounted = patchChildren(root, mounted, children);
  };
}

/** The text that a reader sees in the node. */
export function textOf(node: VNode): string {
  if (typeof node === 'string') return node;
  return 'render' in node ? textOf(node.render()) : node.children.map(textOf).join('');
}

/** A DOM node, and the value that it was made from. */
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

/** Takes the first node without a key that can be reused for `vnode`. */
function takeLike(free: Mounted[], vnode: VNode): Mounted | undefined {
  const place = free.findIndex((known) => isLike(known.vnode, vnode));
  return place < 0 ? undefined : free.splice(place, 1)[0];
}

function isLike(known: Element_ | string, vnode: VNode): boolean {
  if (typeof known === 'string' || typeof vnode === 'string') return typeof known === typeof vnode;
  return 'tag' in vnode && vnode.tag === known.tag && !vnode.island === !known.island;
}

/** Makes the mounted node match `vnode`, or creates a new one. The caller puts a new node in its place. */
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

/** Attributes that people read. Others, such as `value`, keep their exact text. */
const read = /^(?:title|label|description|aria-label)$/;

function remove(mounted: Mounted): void {
  close(mounted);
  mounted.node.remove();
}

function close({ island, children }: Mounted): void {
  island?.close();
  children.forEach(close);
}

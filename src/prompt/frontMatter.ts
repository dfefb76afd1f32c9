/** @file Where a prompt file's YAML is, and how its scalars are read. */
import {
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  visit,
  YAMLParseError,
  type Alias,
  type Document,
  type Node,
} from 'yaml';

export interface FrontMatter {
  /** Offsets of the YAML between the `---` lines. */
  readonly yamlStart: number;
  readonly yamlEnd: number;
  /** Offset after the closing `---` line. */
  readonly bodyOffset: number;
}

/** The front matter of a text, after a BOM if there is one. Undefined without a first line `---` or without a closing one. */
export function findFrontMatter(text: string): FrontMatter | undefined {
  const open = /^\uFEFF?---[ \t]*\r?\n/.exec(text);
  if (!open) return undefined;
  const close = /(?<=\n)---[ \t]*(?:\r?\n|$)/g;
  close.lastIndex = open[0].length;
  const end = close.exec(text);
  return end ? { yamlStart: open[0].length, yamlEnd: end.index, bodyOffset: end.index + end[0].length } : undefined;
}

/** Parses a YAML text. Its errors are in the document's `errors`. */
export function readYaml(text: string): Document.Parsed {
  // The library would compare each key of a map with all the others.
  const document = parseDocument(text, { prettyErrors: false, uniqueKeys: false });
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const at = key.range?.[0] ?? 0;
        if (seen.has(key.value)) document.errors.push(new YAMLParseError([at, at + 1], 'DUPLICATE_KEY', 'Map keys must be unique'));
        seen.add(key.value);
      }
    },
  });
  return document;
}

/** The text of a scalar as the author wrote it (`5.0` stays "5.0", `yes` stays "yes"). Undefined for null and for collections. */
export function scalarText(node: unknown): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined;
  return typeof node.value === 'string' ? node.value : (node.source ?? JSON.stringify(node.value));
}

/** The node that an alias refers to, or the node itself. Null for an alias of nothing, which is a problem of the file. */
export function resolved(node: unknown, document: Document): Node | null {
  return isAlias(node) ? (meantBy(document).get(node) ?? null) : ((node ?? null) as Node | null);
}

const meanings = new WeakMap<Document, ReadonlyMap<Alias, Node>>();

/** The target of each alias: the last node above it with its name. Found in one walk, because the library walks from the top for each. */
function meantBy(document: Document): ReadonlyMap<Alias, Node> {
  const known = meanings.get(document);
  if (known) return known;
  const named = new Map<string, Node>();
  const meant = new Map<Alias, Node>();
  visit(document, (_, node) => {
    if (isAlias(node)) {
      const target = named.get(node.source);
      if (target) meant.set(node, target);
    } else if ((isScalar(node) || isCollection(node)) && node.anchor !== undefined) named.set(node.anchor, node);
  });
  meanings.set(document, meant);
  return meant;
}

/** `, not …` after what is expected, to say what a value is instead. Empty if that would not help. */
export function butFound(node: unknown, expected: string): string {
  if (isMap(node)) return /map|\{/.test(expected) ? '' : ', not a map';
  if (isSeq(node)) return expected.includes('list') ? '' : ', not a list';
  const text = scalarText(node);
  return text === undefined ? '' : `, not ${JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text)}`;
}

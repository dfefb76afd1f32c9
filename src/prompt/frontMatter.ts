/** @file Where a prompt file's YAML stands, and how its scalars are read. */
import { isAlias, isScalar, type Document, type Node } from 'yaml';

export interface FrontMatter {
  /** Offsets of the YAML between the `---` lines. */
  readonly yamlStart: number;
  readonly yamlEnd: number;
  /** Offset after the closing `---` line. */
  readonly bodyOffset: number;
}

/** The front matter of a text, after a BOM if there is one; undefined without a first line `---` or without a closing one. */
export function findFrontMatter(text: string): FrontMatter | undefined {
  const open = /^\uFEFF?---[ \t]*\r?\n/.exec(text);
  if (!open) return undefined;
  const close = /(?<=\n)---[ \t]*(?:\r?\n|$)/g;
  close.lastIndex = open[0].length;
  const end = close.exec(text);
  return end ? { yamlStart: open[0].length, yamlEnd: end.index, bodyOffset: end.index + end[0].length } : undefined;
}

/** The text of a scalar as the author wrote it (`5.0` stays "5.0", `yes` stays "yes"); undefined for null and for collections. */
export function scalarText(node: unknown): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined;
  return typeof node.value === 'string' ? node.value : (node.source ?? JSON.stringify(node.value));
}

/** The node that an alias stands for, or the node itself. */
export function resolved(node: unknown, document: Document): Node | null {
  return (isAlias(node) ? node.resolve(document) : node) as Node | null;
}

/** @file The keys that Jinja reads from columns whose values are objects. */
import { treesOf, type Tree } from './jinjaTemplate.ts';
import { anyItem, type KeyRead } from './templateLanguage.ts';

/** The keys that tags read from columns, without those that they only test for existence. */
export function keysRead(body: string): KeyRead[] {
  const bound = new Map<string, readonly string[] | undefined>();
  const reads: KeyRead[] = [];
  const asked = new Set<string>();
  for (const { tag, tree } of treesOf(body)) {
    const { start, end } = tag;
    const pathOf = (node: unknown): readonly string[] | undefined => {
      const { type, value, object, property, computed } = node as Tree;
      if (type === 'Identifier') return bound.has(value as string) ? bound.get(value as string) : [value as string];
      if (type !== 'MemberExpression') return undefined;
      const above = pathOf(object);
      const key = property as Tree;
      if (!above) return undefined;
      if (!computed || key.type === 'StringLiteral') return [...above, String(key.value)];
      return key.type === 'IntegerLiteral' ? [...above, anyItem] : undefined;
    };
    const walk = (node: unknown): void => {
      if (Array.isArray(node) || node instanceof Map) return [...node.values()].forEach(walk);
      if (typeof node !== 'object' || node === null) return;
      const part = node as Tree;
      const filter = (part.filter as Tree | undefined)?.callee ?? part.filter;
      if (part.type === 'TestExpression' || (part.type === 'FilterExpression' && (filter as Tree).value === 'default')) {
        const path = pathOf(part.operand);
        if (path) asked.add(JSON.stringify(path));
        else walk(part.operand);
        return;
      }
      // A method is not a key.
      if (part.type === 'CallExpression') return [(part.callee as Tree).object, part.args].forEach(walk);
      if (part.type === 'FilterExpression') return [part.operand, (part.filter as Tree).args].forEach(walk);
      if (part.type === 'For' || part.type === 'Set') {
        const source = part.type === 'Set' ? part.value : ((part.iterable as Tree).lhs ?? part.iterable);
        walk(part.iterable ?? source);
        const name = (part.loopvar ?? part.assignee) as Tree;
        const path = pathOf(source);
        if (name.type === 'Identifier') bound.set(name.value as string, path && (part.type === 'For' ? [...path, anyItem] : path));
        else for (const item of (name.value as readonly Tree[] | undefined) ?? []) bound.set(String(item.value), undefined);
        return;
      }
      const path = pathOf(part);
      if (path && path.length > 1 && !methods.has(path[path.length - 1])) reads.push({ path, start, end });
      Object.values(part).forEach(walk);
    };
    walk(tree);
  }
  return reads.filter(({ path }) => path[path.length - 1] !== anyItem && !asked.has(JSON.stringify(path)));
}

/** The members that objects and texts have besides keys. */
const methods: ReadonlySet<string> = new Set(['get', 'items', 'keys', 'values', 'length']);

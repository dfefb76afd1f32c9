/** @file Reverse-mode differentiation: extends a graph by the adjoints of its parameters. */
import { topological, type Dim, type Node } from './graph.ts';
import { add, concat } from './ops.ts';
import { constant, shapeError, sumOf } from './graph.ts';

/**
 * d loss / d parameter for each parameter, as new nodes over the same graph.
 * @param loss a scalar node
 * @throws TandemError 'shape' if the loss is not scalar or does not depend on a parameter
 * Griewank and Walther 2008, ch. 3.
 */
export function gradients(loss: Node, parameters: readonly Node[]): Node[] {
  if (loss.shape.length) throw shapeError(`a loss is a scalar, not [${loss.shape.join(', ')}]`);
  const order = topological([loss]);
  const needed = dependents(order, parameters);
  const adjoints = new Map<Node, Node[]>([[loss, [constant(1)]]]);
  const total = new Map<Node, Node>();
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i];
    const contributions = needed.has(node) ? adjoints.get(node) : undefined;
    if (!contributions) continue;
    const dy = sumContributions(contributions);
    total.set(node, dy);
    node.op.gradient?.(dy, node.inputs, node).forEach((dx, at) => {
      const child = node.inputs[at];
      if (dx && needed.has(child)) adjoints.set(child, [...(adjoints.get(child) ?? []), dx]);
    });
  }
  return parameters.map((parameter) => {
    const gradient = total.get(parameter);
    if (!gradient) throw shapeError('the loss does not depend on this parameter');
    return gradient;
  });
}

/** The nodes through which a parameter reaches the loss. No other node needs an adjoint. */
function dependents(order: readonly Node[], parameters: readonly Node[]): Set<Node> {
  const found = new Set(parameters);
  for (const node of order) if (node.inputs.some((child) => found.has(child))) found.add(node);
  return found;
}

/** Slices that tile an axis are joined instead of being padded with zeros and added. */
function sumContributions(contributions: readonly Node[]): Node {
  return tiles(contributions) ?? contributions.reduce((a, b) => add(a, b));
}

function tiles(contributions: readonly Node[]): Node | undefined {
  if (contributions.length < 2 || !contributions.every((node) => node.op.name === 'PadTo')) return undefined;
  const parts = contributions.map((node) => ({ node, ...(node.attributes as unknown as Parameters) }));
  const { axis, size } = parts[0];
  let at: Dim = 0;
  const ordered: Node[] = [];
  while (at !== size) {
    const next = parts.find((part) => part.start === at && part.axis === axis);
    if (!next || ordered.includes(next.node.inputs[0])) return undefined;
    ordered.push(next.node.inputs[0]);
    at = sumOf([at, next.node.inputs[0].shape[axis]]);
  }
  return ordered.length === contributions.length ? concat(ordered, axis) : undefined;
}

type Parameters = { axis: number; start: Dim; size: Dim };

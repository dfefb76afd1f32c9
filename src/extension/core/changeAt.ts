/** @file The change at the cursor of a review's diff, and the next or the previous one that is not decided yet. */
import type { Standing } from '../../run/verdicts.ts';

export interface ChangeSpan {
  readonly id: string;
  readonly standing: Standing;
  /** Its lines on one side of the diff, from 0. */
  readonly first: number;
  readonly last: number;
}

/** @param latest id of the change that the cursor was sent to, which wins over others on the same line */
export function changeAt<C extends ChangeSpan>(changes: readonly C[], line: number, latest?: string): C | undefined {
  const here = changes.filter(({ first, last }) => first <= line && line <= last);
  return here.find(({ id }) => id === latest) ?? here.find(({ standing }) => standing === 'open') ?? here.at(0);
}

/** The nearest undecided change after or before the cursor; past the last one it begins again at the other end. */
export function openChange<C extends ChangeSpan>(
  changes: readonly C[],
  line: number,
  direction: 'next' | 'previous',
  latest?: string,
): C | undefined {
  const ordered = [...changes].sort((a, b) => a.first - b.first);
  const current = changeAt(ordered, line, latest);
  const place = current ? ordered.indexOf(current) : ordered.filter(({ first }) => first < line).length - 0.5;
  const after = ordered.filter((_, at) => at > place);
  const before = ordered.filter((_, at) => at < place);
  const others = direction === 'next' ? [...after, ...before] : [...before.reverse(), ...after.reverse()];
  return [...others, ...(current ? [current] : [])].find(({ standing }) => standing === 'open');
}

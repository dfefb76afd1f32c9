/** @file What the preflight found that this run followed. */
import type { Preflight } from '../../src/optimize/preflight.ts';
import { preflightHeadline, preflightText } from '../../src/run/words/preflightText.ts';
import { h, type VNode } from '../dom.ts';
import { section } from './parts.ts';

export function preflight(found: Preflight | undefined): VNode | undefined {
  if (!found) return undefined;
  const lines = preflightText(found).split('\n');
  return section(
    'preflight',
    'Preflight',
    preflightHeadline(found),
    h(
      'ul',
      { class: 'plain-list' },
      lines.map((line) => h('li', {}, line)),
    ),
  );
}

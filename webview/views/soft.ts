/** @file What the soft prompt gains over the best text, that is, what would be lost without it. */
import { natsGained, points } from '../../src/run/words/format.ts';
import type { RunState, SoftPromptState } from '../../src/run/record/state.ts';
import { softText } from '../../src/run/words/words.ts';
import { reachOf } from '../candidates.ts';
import { h, type VNode } from '../dom.ts';
import { glyph, section } from './parts.ts';

/** The verdict on the soft prompt. If it stays as a part of the adapter, also the best text without it. */
export function softPrompt({ phases, best }: RunState): VNode | undefined {
  const judged = phases.findLast(({ softPrompt }) => softPrompt)?.softPrompt;
  if (!judged) return undefined;
  const stays = best?.prompt.body.includes('{{soft}}') ?? false;
  const note = stays ? 'kept as a part of the adapter' : 'converted back to text';
  return section(
    'soft-prompt',
    'Soft prompt',
    note,
    h('p', { class: 'note' }, `${softText(judged)}.`),
    ...(stays ? [textInstead(judged)] : []),
  );
}

/** In a phase's details: how far the soft prompt moved, and what the text gains in its place. */
export function softPart({ tokens, drift, kept, without }: SoftPromptState, metric: string): VNode {
  const reach = reachOf([without.score]);
  return h(
    'dl',
    { class: 'facts-list' },
    fact('Soft prompt', [`${tokens} virtual tokens, ${kept ? 'kept' : 'not kept'}`]),
    fact('Drift from its text', [`${drift.toFixed(1)} (about two for each token that changed)`]),
    fact(`Without it, ${metric}`, [glyph(without.score, reach), ` ${points(without.score)} on ${without.score.rows} rows`]),
    without.logLikelihood && fact('Without it, log-likelihood', [`${natsGained(without.logLikelihood)} per row`]),
  );
}

function textInstead({ text }: SoftPromptState): VNode {
  return h('figure', {}, h('figcaption', {}, `The best text without it, candidate ${text.candidate}`), h('pre', {}, text.prompt.body));
}

const fact = (name: string, value: readonly (VNode | string)[]): VNode => h('div', {}, h('dt', {}, name), h('dd', {}, ...value));

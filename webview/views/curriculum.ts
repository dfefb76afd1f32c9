/** @file What grew in the course of the run: how hard the rows are to the model, and what may move. */
import { percent } from '../../src/run/format.ts';
import type { CurriculumState, RunState } from '../../src/run/state.ts';
import { h, type VNode } from '../dom.ts';
import { section } from './parts.ts';

export function curriculum({ curriculum: grown, config }: RunState): VNode | undefined {
  if (!grown) return undefined;
  const pacing = config?.curriculum?.pacing;
  const tables = [
    grown.data.length > 0 &&
      table('Training rows by difficulty', ['Phase', 'Success', 'Weights', 'Prompt', 'Guards', 'In play'], dataRows(grown)),
    grown.freedom.length > 0 && table('What may move', ['Phase', 'Stage', 'Prompt', 'Rank', 'Layers', 'Penalties'], freedomRows(grown)),
  ];
  return section(
    'curriculum',
    'Curriculum',
    pacing && `${pacing}; rows near one half go to the weights, always failed ones to the prompt, always passed ones guard`,
    ...tables.filter((each) => each !== false),
  );
}

const dataRows = ({ data }: CurriculumState): string[][] =>
  data.map(({ phase, success, roles, inPlay }) => [
    String(phase),
    success.toFixed(2),
    ...[roles.weights, roles.prompt, roles.guard].map(String),
    percent(inPlay),
  ]);

const freedomRows = ({ freedom }: CurriculumState): string[][] =>
  freedom.map(({ phase, stage, stages, name, prompt, rank, layers, penalty }) => [
    String(phase),
    `${stage} of ${stages}, ${name}`,
    prompt,
    `${rank[0]} of ${rank[1]}`,
    `top ${layers[0]} of ${layers[1]}`,
    `× ${penalty}`,
  ]);

function table(caption: string, head: readonly string[], rows: readonly (readonly string[])[]): VNode {
  return h(
    'table',
    { class: 'terms' },
    h('caption', { class: 'unseen' }, caption),
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        head.map((name) => h('th', { scope: 'col', class: 'number' }, name)),
      ),
    ),
    h(
      'tbody',
      {},
      rows.map(([first, ...cells]) =>
        h(
          'tr',
          {},
          h('th', { scope: 'row' }, first),
          cells.map((cell) => h('td', { class: 'number' }, cell)),
        ),
      ),
    ),
  );
}

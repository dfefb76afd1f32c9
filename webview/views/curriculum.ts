/** @file What grew during the run: how difficult the rows are for the model, and what may change. */
import { percent } from '../../src/run/words/format.ts';
import type { CurriculumState, RunState } from '../../src/run/record/state.ts';
import { h, type VNode } from '../dom.ts';
import { section } from './parts.ts';

export function curriculum({ curriculum: grown, config }: RunState): VNode | undefined {
  if (!grown) return undefined;
  const { data, freedom } = grown;
  const notes = [
    config?.curriculum?.pacing,
    data.length > 0 &&
      'rows right about half of the time train the weights, rows always wrong go to the prompt, rows always right guard against regressions',
  ];
  return section(
    'curriculum',
    'Curriculum',
    notes.filter(Boolean).join('; '),
    data.length > 0 && table('Training rows by difficulty', ['Success', 'Weights', 'Prompt', 'Guards', 'In use'], data.map(dataRow)),
    freedom.length > 0 && table('What may change', ['May change', 'Rank', 'Top layers', 'Penalties'], freedom.map(freedomRow)),
  );
}

interface Line {
  readonly phase: number;
  readonly cells: readonly VNode[];
}

const dataRow = ({ phase, success, roles, inPlay }: CurriculumState['data'][number]): Line => ({
  phase,
  cells: [success.toFixed(2), ...[roles.weights, roles.prompt, roles.guard].map(String), percent(inPlay)].map(numeric),
});

const freedomRow = ({ phase, stage, stages, name, prompt, rank, layers, penalty }: CurriculumState['freedom'][number]): Line => ({
  phase,
  cells: [
    h('td', { class: 'proposed' }, `${stage} of ${stages}, ${name}`, h('span', { class: 'by' }, prompt)),
    ...[`${rank[0]} of ${rank[1]}`, `${layers[0]} of ${layers[1]}`, `× ${penalty}`].map(numeric),
  ],
});

const numeric = (text: string): VNode => h('td', { class: 'number' }, text);

function table(caption: string, head: readonly string[], lines: readonly Line[]): VNode {
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
        h('th', { scope: 'col' }, 'Phase'),
        head.map((name) => h('th', { scope: 'col', class: name === 'May change' ? '' : 'number' }, name)),
      ),
    ),
    h(
      'tbody',
      {},
      lines.map(({ phase, cells }) => h('tr', {}, h('th', { scope: 'row' }, String(phase)), ...cells)),
    ),
  );
}

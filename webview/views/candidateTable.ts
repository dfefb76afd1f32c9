/** @file The candidates of a prompt phase as a table, each with a link to its diff. */
import { natsGained } from '../../src/run/words/format.ts';
import type { PhaseState } from '../../src/run/record/state.ts';
import { reachOnMostRows, type CandidateRow } from '../candidates.ts';
import { h, type VNode } from '../dom.ts';
import { action, differenceCells, icon, type Ui } from './parts.ts';

export function candidateTable(run: string, { phase }: PhaseState, rows: readonly CandidateRow[], ui: Ui): VNode {
  const reach = reachOnMostRows(rows);
  const headings = [
    ['Candidate', ''],
    ['Proposed', ''],
    ['Compared to phase start', 'number'],
    ['P(better)', 'number'],
    ['Log-likelihood', 'number wide'],
    ['Rows', 'number wide'],
    ['Outcome', 'fate'],
  ];
  return h(
    'table',
    { class: 'candidates' },
    h('caption', { class: 'unseen' }, `Candidates of phase ${phase}, best first`),
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        headings.map(([name, kind]) => h('th', { scope: 'col', class: kind }, name)),
      ),
    ),
    h(
      'tbody',
      {},
      rows.map((row) => candidateLine(run, row, reach, ui)),
    ),
  );
}

function candidateLine(run: string, row: CandidateRow, reach: number, ui: Ui): VNode {
  const { candidate, proposer, reason, wording, score, logLikelihood, kept } = row;
  const title = `Compare candidate ${candidate} with the prompt that the run started with`;
  return h(
    'tr',
    { key: candidate, class: kept ? 'kept' : '' },
    h(
      'th',
      { scope: 'row' },
      action(candidate, () => ui.act({ type: 'openDiff', run, candidate }), { title, 'aria-label': `${candidate}: show diff` }),
    ),
    h(
      'td',
      { class: 'proposed' },
      h('span', {}, reason),
      wording !== undefined && h('q', { class: 'wording', title: wording }, wording),
      h('span', { class: 'by' }, proposer, h('span', { class: 'narrow' }, ` · ${row.fate}`)),
    ),
    differenceCells(score, reach),
    h('td', { class: 'number wide' }, logLikelihood ? natsGained(logLikelihood) : ''),
    h('td', { class: 'number wide' }, score ? String(score.rows) : ''),
    h('td', { class: 'fate' }, kept && icon('check'), row.fate),
  );
}

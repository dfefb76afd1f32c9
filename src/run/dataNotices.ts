/** @file Notices about the rows of a session: rows that were skipped, and rows that are in two splits. */
import { mostCompared, type Splits } from '../data/openDataset.ts';
import { portable } from './record/runDirectory.ts';

export function skipNotices({ bad }: Pick<Splits, 'bad'>, workspace: string): string[] {
  if (bad.length === 0) return [];
  const places = bad
    .slice(0, 3)
    .map(({ where, message }) => `${portable(workspace, where!.file)}:${where!.line}: ${message.replace(/\.$/, '')}`);
  const more = bad.length > places.length ? `; and ${bad.length - places.length} more` : '';
  return [`Skipped ${bad.length} bad ${bad.length === 1 ? 'row' : 'rows'}: ${places.join('; ')}${more}.`];
}

export function leakNotices(splits: Splits): string[] {
  const leaks = splits.leaks();
  if (leaks.length === 0) return [];
  const [{ a, b }] = leaks;
  const rows = leaks.length === 1 ? '1 pair of rows is' : `${leaks.length} pairs of rows are`;
  const ofSome = [splits.train.length, splits.val.length, splits.test.size].some((count) => count > mostCompared);
  const among = ofSome ? ` (of at most ${mostCompared} rows compared in each)` : '';
  return [
    `${rows} nearly identical across two splits${among}, for example line ${a.row.line} in ${a.split} and line ${b.row.line} in ${b.split}. Scores may be too high.`,
  ];
}

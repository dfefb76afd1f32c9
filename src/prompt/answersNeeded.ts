/** @file Whether the data must have right answers. A user's own metric may judge an answer without one. */
import { nearestName, suggestName } from './nearest.ts';
import type { TandemSettings } from './settings.ts';

/** A user's own metric is named by the path of its JavaScript module, relative to the prompt file. */
export const isModule = (name: string): boolean => /\.[cm]?js$/.test(name);

type Judged = Pick<TandemSettings, 'output' | 'metric' | 'reported' | 'labels'>;

/** Only modules judge without right answers, and labels that are not listed must come from right answers. */
export const needsAnswers = ({ metric, reported, labels }: Judged): boolean =>
  labels === 'from-data' || ![metric, ...reported].every(isModule);

/**
 * A hint for people: why the data must have the output column, which it lacks. A name close to a column's name counts as a typo.
 * @returns undefined if the column is there, or if none is needed
 */
export function lacksAnswers(settings: Judged, columns: readonly string[]): string | undefined {
  const { output } = settings;
  if (columns.includes(output)) return undefined;
  const suggestion = suggestName(output, columns);
  if (needsAnswers(settings)) return suggestion;
  if (nearestName(output, columns) === undefined) return undefined;
  return `${suggestion} If the rows have no right answers, choose an output name that differs more from the column names.`;
}

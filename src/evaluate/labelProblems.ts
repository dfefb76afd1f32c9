/** @file Disagreements between the labels that a prompt file lists and the answers of its data, in either direction. */
import type { Row } from '../data/dataset.ts';
import { quote } from '../prompt/editYaml.ts';
import { nearestName, suggestName } from '../prompt/nearest.ts';
import type { Problem, PromptFile } from '../prompt/promptFile.ts';
import { textIn } from '../prompt/values.ts';

/** The part of the data that is known. */
export interface KnownRows {
  readonly rows: readonly Row[];
  /** What these rows are called in messages: `training and validation rows`. */
  readonly called: string;
  /** Whether the data has no other rows. */
  readonly areAll: boolean;
}

/**
 * Labels that no row has as its answer, each reported where it is listed, and rows whose answer is not listed, which can never be right. A step of a
 * program whose answers the data does not have has no problems.
 * @param file its `output` names the column
 */
export function labelProblems(file: PromptFile, { rows, called, areAll }: KnownRows): Problem[] {
  const { labels, output } = file.settings;
  const answered = rows.filter(({ values }) => Object.hasOwn(values, output));
  if (labels === undefined || labels === 'from-data' || answered.length === 0) return [];
  const places = new Map<string, Row[]>();
  for (const row of answered) {
    const answer = textIn(row.values, output).trim();
    const same = places.get(answer);
    if (same) same.push(row);
    else places.set(answer, [row]);
  }
  const unlisted = [...places].filter(([answer]) => !labels.includes(answer)).sort(([, a], [, b]) => b.length - a.length);
  const strange = unlisted.map(([answer]) => answer);
  const problems = labels.flatMap((label, place): Problem[] => {
    const meant = nearestName(label, strange);
    // Unknown rows may have such an answer, but a label that looks like a typo probably is one.
    if (places.has(label) || (!areAll && meant === undefined)) return [];
    const range = file.ranges[`labels.${place}`] ?? file.ranges.labels;
    return [
      {
        severity: 'warning',
        message: `None of the ${answered.length} ${called} has the answer ${shown(label)}.`,
        range,
        hint: meant === undefined ? 'Remove it from the list, or check how the data spells it.' : suggestName(label, strange),
        ...(meant !== undefined && { fix: { range, instead: [quote(meant)] } }),
      },
    ];
  });
  if (unlisted.length === 0) return problems;
  const range = file.ranges.labels;
  const count = unlisted.reduce((sum, [, same]) => sum + same.length, 0);
  const named = unlisted.slice(0, mostNamed).map(([answer, same]) => `${shown(answer)} (${placesText(file, same)})`);
  const more = unlisted.length > mostNamed ? ` and ${unlisted.length - mostNamed} more answers` : '';
  problems.push({
    severity: 'warning',
    message: `${count} of ${answered.length} ${called} ${count === 1 ? 'has an answer' : 'have answers'} that \`labels\` does not list: ${named.join(', ')}${more}.`,
    range,
    hint: 'The model can never get these rows right. Add the answers to the list, or write `labels: from-data`.',
    // A list over several lines gets no fix. Its author edits it.
    ...(file.text[range.start] === '[' && { fix: { range, instead: ['from-data'] } }),
  });
  return problems;
}

const mostNamed = 3;

/** Line numbers identify rows only if there is a single data file. */
function placesText({ settings: { data } }: PromptFile, rows: readonly Row[]): string {
  const count = `${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`;
  if (typeof data !== 'string') return count;
  const lines = rows.map(({ line }) => line).sort((a, b) => a - b);
  const listed = lines.slice(0, mostNamed).join(', ');
  return `${count}, line${lines.length === 1 ? '' : 's'} ${listed}${lines.length > mostNamed ? ', …' : ''}`;
}

const shown = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);

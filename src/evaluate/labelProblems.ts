/** @file Where the labels that a prompt file lists and the answers of its data disagree, in either direction. */
import type { Row } from '../data/dataset.ts';
import { quote } from '../prompt/editYaml.ts';
import { nearestName, suggestName } from '../prompt/nearest.ts';
import type { Problem, PromptFile } from '../prompt/promptFile.ts';
import { textIn } from '../prompt/values.ts';

/** The rows that are known of the data. */
export interface KnownRows {
  readonly rows: readonly Row[];
  /** What they are, for people: `training and validation rows`. */
  readonly called: string;
  /** Whether there are no others that an answer could be in. */
  readonly areAll: boolean;
}

/**
 * Labels that are the answer of no row, each where it is listed, and rows whose answer is not listed: those can never be right. A step of a
 * program whose answers the data does not have is in order.
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
  const strangers = [...places].filter(([answer]) => !labels.includes(answer)).sort(([, a], [, b]) => b.length - a.length);
  const strange = strangers.map(([answer]) => answer);
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
  if (strangers.length === 0) return problems;
  const range = file.ranges.labels;
  const count = strangers.reduce((sum, [, same]) => sum + same.length, 0);
  const named = strangers.slice(0, mostNamed).map(([answer, same]) => `${shown(answer)} (${placesText(file, same)})`);
  const more = strangers.length > mostNamed ? ` and ${strangers.length - mostNamed} more answers` : '';
  problems.push({
    severity: 'warning',
    message: `${count} of ${answered.length} ${called} ${count === 1 ? 'has an answer' : 'have answers'} that \`labels\` does not list: ${named.join(', ')}${more}.`,
    range,
    hint: 'The model can never get these rows right. Add the answers to the list, or write `labels: from-data`.',
    // A list over several lines is left to its author.
    ...(file.text[range.start] === '[' && { fix: { range, instead: ['from-data'] } }),
  });
  return problems;
}

const mostNamed = 3;

/** Lines mean something where there is one data file. */
function placesText({ settings: { data } }: PromptFile, rows: readonly Row[]): string {
  const count = `${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`;
  if (typeof data !== 'string') return count;
  const lines = rows.map(({ line }) => line).sort((a, b) => a - b);
  const told = lines.slice(0, mostNamed).join(', ');
  return `${count}, line${lines.length === 1 ? '' : 's'} ${told}${lines.length > mostNamed ? ', …' : ''}`;
}

const shown = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);

/** @file A first prompt file for data that has none: which column is predicted from which, and whether it holds labels or free text. */
import { TandemError } from '../errors.ts';
import { quote } from '../prompt/editYaml.ts';
import { suggestName } from '../prompt/nearest.ts';
import { columnsOf } from '../prompt/template.ts';
import type { Dataset } from './dataset.ts';
import { constantText, labelGuess, looksLikeId, rankOutputs, textMetricGuess } from './guesses.ts';

export interface FirstPrompt {
  /** The whole text of the file. */
  readonly text: string;
  /** The column to predict, by its name in the data. */
  readonly output: string;
  /** The columns that the prompt reads, by their names in the data. */
  readonly inputs: readonly string[];
  /** How many labels there are to choose from; undefined for free text. */
  readonly labels?: number;
  /** The metric, if it is not the default. */
  readonly metric?: string;
}

export interface FirstPromptOptions {
  /** The column to predict. Default: the likeliest. */
  readonly output?: string;
  /** Labels to choose from, or free text. Default: the likelier. */
  readonly kind?: 'labels' | 'text';
}

/**
 * The prompt is terse on purpose: small models answer a plain frame better than a careful instruction, and tuning starts from what works.
 * @param dataPath as the prompt file names it
 * @throws TandemError reasons 'missing-output' for a column that does not exist, 'too-few-columns'
 */
export function firstPrompt(
  data: Pick<Dataset, 'columns' | 'rows' | 'file'>,
  dataPath: string,
  options: FirstPromptOptions = {},
): FirstPrompt {
  const { columns, file } = data;
  const output = options.output ?? rankOutputs(columns, '')[0];
  if (!columns.includes(output)) {
    const message = `The data has no column "${output}" (columns: ${columns.join(', ')}).`;
    throw new TandemError('missing-output', message, { where: { file }, hint: suggestName(output, columns) });
  }
  const others = columns.filter((column) => column !== output);
  const telling = others.filter((column) => !looksLikeId(data, column) && constantText(data, column) === undefined);
  const inputs = telling.length > 0 ? telling : others;
  if (inputs.length === 0) {
    throw new TandemError('too-few-columns', `The data has only the column "${output}", so there is nothing to predict it from.`, {
      where: { file },
      hint: 'Each row needs at least one input and the right answer.',
    });
  }
  const guess = labelGuess(data, output);
  const labels = (options.kind ?? (guess.likely ? 'labels' : 'text')) === 'labels' ? guess.count : undefined;
  const metric = labels === undefined ? textMetricGuess(data, output) : undefined;
  const names = namesFor([...inputs, output], columns);
  const renamed = [...names].filter(([column, name]) => column !== name);
  const isConversation = columns.includes('user') && output === 'assistant';
  const article = (column: string): string => (isConversation && turnNames[column]) || spoken(names.get(column)!);
  const settings = [
    `  data: ${quote(dataPath)}`,
    ...(renamed.length > 0 ? ['  columns:', ...renamed.map(([column, name]) => `    ${quote(name)}: ${quote(column)}`)] : []),
    `  output: ${quote(names.get(output)!)}`,
    ...(labels === undefined ? [] : ['  labels: from-data']),
    ...(metric === undefined ? [] : [`  metric: ${metric}`]),
  ];
  const text = [
    '---',
    `description: ${quote(`Predict the ${article(output)} from the ${listed(inputs.map(article))}`)}`,
    'tandem:',
    ...settings,
    '---',
    instructionIn(data, others) ?? `Read the ${listed(inputs.map(article))} and give the ${article(output)}.`,
    '',
    '{{demos}}',
    ...inputs.map((column) => `${capital(article(column))}: \${input:${names.get(column)!}}`),
    `${capital(article(output))}:`,
    '',
  ].join('\n');
  return { text, output, inputs, ...(labels !== undefined && { labels }), ...(metric !== undefined && { metric }) };
}

/** Words for the columns of a conversation. */
const turnNames: Readonly<Record<string, string>> = { history: 'conversation so far', user: 'message', assistant: 'answer' };

/** The author's instruction: a text that every row repeats, as in conversations and instruction data. */
function instructionIn(data: Pick<Dataset, 'rows'>, columns: readonly string[]): string | undefined {
  const named = columns.find((column) => /^(system|system[_ ]?prompt|instructions?)$/i.test(column));
  const text = named === undefined ? undefined : constantText(data, named)?.trim();
  return text && text.length <= 4000 && !text.includes('${input') && !/\{\{\s*(demos|soft)\s*\}\}/.test(text) ? text : undefined;
}

/** A column that no variable can name gets a new name that no column of the data has. */
function namesFor(wanted: readonly string[], columns: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set(columns);
  return new Map(
    wanted.map((column) => {
      const [read] = columnsOf(`\${input:${column}}`);
      if (read === column) return [column, column];
      const stem = column.replaceAll(/[^\p{L}\p{N}]+/gu, '_').replaceAll(/^_|_$/g, '') || 'column';
      let name = stem;
      for (let copy = 2; taken.has(name); copy++) name = `${stem}_${copy}`;
      taken.add(name);
      return [column, name];
    }),
  );
}

/** `customer message` for `customer_message` and `customerMessage`. */
const spoken = (name: string): string =>
  name
    .replaceAll(/(?<=\p{Ll})(?=\p{Lu})/gu, ' ')
    .replaceAll(/[_\s-]+/g, ' ')
    .trim()
    .toLowerCase() || name;

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

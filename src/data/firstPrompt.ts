/** @file A first prompt file for data that has none: which column is predicted from which, and whether it holds labels or free text. */
import { TandemError } from '../errors.ts';
import { promptMd } from '../prompt/kinds/promptMd.ts';
import type { BeginnableKind } from '../prompt/kinds/promptKind.ts';
import type { TemplateLanguage } from '../prompt/languages/templateLanguage.ts';
import { suggestName } from '../prompt/nearest.ts';
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
  /** The kind of the file. Default: `.prompt.md`. */
  readonly fileKind?: BeginnableKind;
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
  const { language, begin } = options.fileKind ?? promptMd;
  const names = namesFor([...inputs, output], columns, language);
  const renamed = [...names].filter(([column, name]) => column !== name);
  const isConversation = columns.includes('user') && output === 'assistant';
  const article = (column: string): string => (isConversation && turnNames[column]) || spoken(names.get(column)!);
  const instruction = instructionIn(data, others, language) ?? `Read the ${listed(inputs.map(article))} and give the ${article(output)}.`;
  const shown = inputs.map((column) => `${capital(article(column))}: ${language.write(names.get(column)!)}`);
  const ask = `${capital(article(output))}:`;
  const row = ['{{demos}}', ...shown, language.roles?.lines(ask).length ? 'Answer:' : ask, ''];
  const text = begin({
    description: `Predict the ${article(output)} from the ${listed(inputs.map(article))}`,
    settings: {
      data: dataPath,
      ...(renamed.length > 0 && { columns: Object.fromEntries(renamed.map(([column, name]) => [name, column])) }),
      output: names.get(output)!,
      ...(labels !== undefined && { labels: 'from-data' }),
      ...(metric !== undefined && { metric }),
    },
    body: (language.roles ? ['system:', instruction, '', 'user:', ...row] : [instruction, '', ...row]).join('\n'),
  });
  return { text, output, inputs, ...(labels !== undefined && { labels }), ...(metric !== undefined && { metric }) };
}

/** Words for the columns of a conversation. */
const turnNames: Readonly<Record<string, string>> = { history: 'conversation so far', user: 'message', assistant: 'answer' };

/** The author's instruction: a text that every row repeats, as in conversations and instruction data. */
function instructionIn(data: Pick<Dataset, 'rows'>, columns: readonly string[], language: TemplateLanguage): string | undefined {
  const named = columns.find((column) => /^(system|system[_ ]?prompt|instructions?)$/i.test(column));
  const text = named === undefined ? undefined : constantText(data, named)?.trim();
  const isMarked = (found: string): boolean =>
    found.includes('${input') ||
    /\{\{\s*(demos|soft)\s*\}\}/.test(found) ||
    language.tags(found).length > 0 ||
    language.problems(found).some(({ severity }) => severity === 'error') ||
    (language.roles?.lines(found).length ?? 0) > 0;
  return text && text.length <= 4000 && !isMarked(text) ? text : undefined;
}

/** A column that no variable can name gets a new name that no column of the data has. */
function namesFor(
  wanted: readonly string[],
  columns: readonly string[],
  { variables, write }: TemplateLanguage,
): ReadonlyMap<string, string> {
  const taken = new Set(columns);
  const isName = (text: string): boolean => variables(write(text)).at(0)?.name === text;
  return new Map(
    wanted.map((column) => {
      if (isName(column)) return [column, column];
      const words = column.replaceAll(/[^\p{L}\p{N}]+/gu, '_').replaceAll(/^_|_$/g, '');
      const stem = isName(words) ? words : 'column';
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

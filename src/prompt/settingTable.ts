/** @file Every setting under the `tandem` key, one entry each. */
import { isMap, isSeq, type Node } from 'yaml';
import { defaultChatDate, ownNames } from '../model/chatTemplate.ts';
import { calibrations, type Normalization } from './decoding.ts';
import { resolved, scalarText } from './frontMatter.ts';
import { ownWords } from './labelWords.ts';
import type { LabelWords } from './prompt.ts';
import {
  columnTexts,
  field,
  numberField,
  oneOf,
  readMap,
  stretch,
  textField,
  textList,
  type Context,
  type Fields,
  type FieldValues,
  type SettingHelp,
} from './settingReaders.ts';
import type { DataSource, TandemSettings } from './settings.ts';
import type { Values } from './values.ts';
import { columnValues } from './yamlValues.ts';

const sourceFields = {
  train: textField('The file with the training rows, relative to this file.'),
  val: textField('The file with the validation rows, which decide what is kept. Default: a quarter of the training rows.'),
  test: textField('The file with the held-out test rows, which are used once, at the end of a run. Default: some of the training rows.'),
};

const plainNormalizations = ['tokens', 'sum'] as const;
const slopeField = numberField(
  'a number',
  'How much each additional token adds to the log-likelihood of a label whatever the input, in nats.',
  Number.isFinite,
);

const decodingFields = {
  calibration: oneOf(
    'How label scores are corrected for what the model prefers whatever the input. `none` is the default. `content-free` uses empty inputs, `domain` uses the words of your rows in random order, and `prior` uses up to 64 of your rows.',
    ...calibrations,
  ),
  normalize: field<Normalization>(
    'one of tokens, sum, or {slope: -1.2}',
    {
      about:
        'How label scores depend on length. `tokens` (the default) averages over the tokens of a label, and `sum` adds them up. `{slope: -1.2}` adds them up and corrects for length: each additional token costs a label 1.2 nats whatever the input, and Tandem gives them back. `tandem optimize` finds the slope.',
      values: plainNormalizations,
      fields: { slope: slopeField },
    },
    (node, context) => {
      if (isMap(node)) {
        const { slope } = readMap(node, { slope: slopeField }, { ...context, report: () => {} });
        return slope === undefined || node.items.length > 1 ? undefined : { slope };
      }
      return plainNormalizations.find((each) => each === scalarText(node));
    },
    plainNormalizations,
  ),
  maxTokens: numberField(
    'a whole number of at least 1',
    'For free text: the maximum number of tokens in an answer. Default: a quarter more than the longest training answer, and at least 64.',
    (value) => Number.isInteger(value) && value >= 1,
  ),
  temperature: numberField(
    'a number of at least 0',
    'For free text: 0 (the default) takes the most likely token. Higher values sample more freely.',
    (value) => value >= 0 && Number.isFinite(value),
  ),
  topP: numberField(
    'a number from 0 to 1',
    'For free text: samples only from the most likely tokens that together have this probability. 0 takes only the most likely one. Default: 1.',
    (value) => value >= 0 && value <= 1,
  ),
  stop: field(
    'a string or a list of strings',
    {
      about:
        'For free text: one or more strings that end the answer. Default: a blank line; two blank lines if training answers contain one; none if they contain two, or with `template: chat`. The end-of-text token of the model always ends the answer.',
    },
    (node) => (isSeq(node) ? textList(node) : scalarText(node) ? [scalarText(node)!] : undefined),
  ),
  seed: numberField(
    'a whole number of at least 0',
    'The seed for sampled free text. Default: 0.',
    (value) => Number.isSafeInteger(value) && value >= 0,
  ),
};

/** Points of a score. Nobody gives up more than the whole score. */
const isPoints = (value: number): boolean => value >= 0 && value <= 100;

const gateFields = {
  margin: numberField(
    'a number of points, 0 to 100',
    'How many points the score of a shorter prompt may be below the best measured score. Default: 1.',
    isPoints,
  ),
  promptCost: numberField(
    'a number of points, 0 to 100',
    'How many points of the score 100 prompt tokens are worth. Default: 0.5, so a prompt with 200 fewer tokens may score one point less. With 0, tokens cost nothing, and no prompt is kept for being shorter.',
    isPoints,
  ),
} satisfies Fields;

const templateKinds = ['text', 'chat'] as const;
const kindField = oneOf<(typeof templateKinds)[number]>('`text`, or `chat` to use the chat template of the model.', ...templateKinds);

const templateFields = {
  kind: kindField,
  date: field(
    'a date, YYYY-MM-DD',
    {
      about: `The date that the chat template gets if it asks for one: YYYY-MM-DD. Default: ${defaultChatDate} and never today, so that the same inputs give the same numbers.`,
    },
    (node) => {
      const text = scalarText(node) ?? '';
      return /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text) ? text : undefined;
    },
  ),
  variables: field<Values>(
    'a map from names to values',
    {
      about:
        'Variables that the chat template can read, such as `enable_thinking` in Qwen 3 and `date_string` in Llama 3: `{enable_thinking: false}`.',
    },
    (node, { document, report, name }) => {
      const values = columnValues(node, document);
      if (!values || !isMap(node)) return undefined;
      for (const { key } of node.items) {
        const variable = scalarText(key)!;
        const where = stretch(key as Node);
        if (ownNames.has(variable)) report(where, `\`${name}.${variable}\` cannot be set. Tandem sets it for every template.`);
        else if (!/^[A-Za-z_]\w*$/.test(variable)) report(where, `\`${name}.${variable}\` is not a name that a template can read.`);
      }
      return values;
    },
  ),
};

/** The place and the value of `template`. */
interface TemplateChoice extends FieldValues<typeof templateFields> {
  readonly at: { readonly start: number; readonly end: number };
}

export const settingFields = {
  data: field<DataSource>(
    'a path, or {train: …, val: …, test: …}',
    {
      about:
        'The rows: a `.jsonl`, `.json`, `.csv`, `.tsv` or `.parquet` file, relative to this file. Tandem splits one file into training, validation and test rows by the hash of each row. You can also name a file for each: `{train: …, val: …, test: …}`.',
      fields: sourceFields,
    },
    (node, context) => {
      if (!isMap(node)) return scalarText(node) || undefined;
      const { train, val, test } = readMap(node, sourceFields, context);
      return train === undefined ? undefined : { train, ...(val === undefined ? {} : { val }), ...(test === undefined ? {} : { test }) };
    },
  ),
  output: textField('The column of the data to predict.'),
  columns: field<Readonly<Record<string, string>>>(
    'a map from names to columns of the data, each column once',
    {
      about:
        'Other names for columns of the data. With `columns: {message: Customer Message}`, this file calls the column `Customer Message` `message`.',
    },
    (node, { document }) => {
      const columns = columnTexts(node, document);
      if (!columns) return undefined;
      const theirs = Object.values(columns);
      return theirs.includes('') || new Set(theirs).size < theirs.length ? undefined : columns;
    },
  ),
  metric: field<readonly string[]>(
    'the name of a metric, or a list of different metrics',
    {
      about:
        'How an answer is measured. Default: `accuracy` with `labels`, otherwise `exact-match`. In a list, the first metric decides and the others are reported. To use your own metric, name a JavaScript module that exports `(row, output) => number`.',
    },
    (node) => {
      const names = isSeq(node) ? textList(node) : [scalarText(node) ?? ''];
      return names && names.length > 0 && !names.includes('') && new Set(names).size === names.length ? names : undefined;
    },
  ),
  labels: field<Pick<TandemSettings, 'labels' | 'labelWords'>>(
    '`from-data`, a list of two or more different strings, or a map from labels to different words',
    {
      about:
        'The answers to choose from. List them, or write `from-data` to take those of the training and validation rows. A map gives the words that the model says for each label: `{card_arrival: card arrival, fee: charge}`. The data, the metric and the answers keep the label. Leave it out for free text.',
      values: ['from-data'],
    },
    (node, { at, document }) => {
      if (scalarText(node) === 'from-data') return { labels: 'from-data' };
      if (isMap(node)) {
        node.items.forEach(({ key }, place) => at(`labels.${place}`, key as Node));
        const words = columnTexts(node, document);
        return words && labelsWithWords(Object.entries(words).map((pair) => pair.map((text) => text.trim())));
      }
      if (isSeq(node)) node.items.forEach((item, place) => at(`labels.${place}`, item as Node));
      const labels = textList(node)?.map((label) => label.trim());
      return labels && areChoices(labels) ? { labels } : undefined;
    },
  ),
  model: textField(
    'The model that answers: `nano` (comes with Tandem; the default), the name of an installed model, a folder with safetensors, a `.gguf` file, or a Hugging Face id.',
  ),
  adapter: textField(
    'A LoRA adapter for the model: a PEFT folder, relative to this file. Tandem writes this setting when you accept a tuned adapter.',
  ),
  template: {
    about:
      "`text` (the default): the model continues the body. `chat`: the body is the user's message and the answer is the assistant's turn. `{kind: chat, variables: {enable_thinking: false}}` also sets variables of the model's chat template.",
    values: templateKinds,
    fields: templateFields,
    read: (node: Node, context: Context): TemplateChoice | undefined => {
      const at = stretch(node);
      if (isMap(node)) return { ...readMap(node, templateFields, context), at };
      if (!isSeq(node)) {
        const kind = kindField.read(node, context);
        return kind && { kind, at };
      }
      context.report(at, `\`${context.name}\` should be \`text\`, \`chat\` or {kind: chat, variables: …}.`);
      return undefined;
    },
  },
  decoding: {
    about: 'How the model gives its answer.',
    fields: decodingFields,
    mapOnly: true,
    read: (node: Node, context: Context) => readMap(node, decodingFields, context),
  },
  gate: {
    about: 'When a run keeps a shorter prompt that is not better: `{margin: 1, promptCost: 0.5}`, both in points of the score.',
    fields: gateFields,
    mapOnly: true,
    read: (node: Node, context: Context) => readMap(node, gateFields, context),
  },
  demos: field<readonly DemonstrationValues[]>(
    'a list of demonstrations, each with the columns as keys',
    {
      about:
        'Worked examples, each a map from columns to values. They go where the body says `{{demos}}`, or otherwise before its first variable.',
    },
    (node, { document, report }) => {
      if (!isSeq(node)) return undefined;
      return node.items.flatMap((item) => {
        const values = columnValues(resolved(item, document), document);
        if (values) return [{ values, ...stretch(item as Node) }];
        report(
          stretch(item as Node),
          'A demonstration should be a map from columns to values.',
          'Put text in quotes, with one `column: "text"` per line.',
        );
        return [];
      });
    },
  ),
};

/** The `tandem` key with all its settings, for completion and hovers. */
export const tandemHelp: SettingHelp = {
  about: 'What Tandem evaluates and tunes this prompt with: the data, the column to predict, and the model.',
  fields: settingFields,
  mapOnly: true,
};

/** The front matter of a file that has the `tandem` key. */
export const frontMatterHelp: SettingHelp = { about: '', fields: { tandem: tandemHelp } };

const areChoices = (texts: readonly string[]): boolean => texts.length > 1 && !texts.includes('') && new Set(texts).size === texts.length;

function labelsWithWords(pairs: readonly (readonly string[])[]): Pick<TandemSettings, 'labels' | 'labelWords'> | undefined {
  const [labels, words] = [0, 1].map((side) => pairs.map((pair) => pair[side]));
  if (!areChoices(labels) || !areChoices(words)) return undefined;
  const labelWords = Object.fromEntries(pairs) as LabelWords;
  return { labels, ...(ownWords({ labelWords }) && { labelWords }) };
}

interface DemonstrationValues {
  readonly values: Values;
  readonly start: number;
  readonly end: number;
}

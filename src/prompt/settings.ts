/** @file The settings under a prompt file's `tandem` key. */
import type { Decoding } from './decoding.ts';
import type { Demonstration, LabelWords } from './prompt.ts';
import type { Values } from './values.ts';

/** One file, split by row hash, or a file for each given split. Paths as written, relative to the prompt file. */
export type DataSource = string | { readonly train: string; readonly val?: string; readonly test?: string };

export interface TandemSettings {
  /** '' if missing, which is a problem of the file. */
  readonly data: DataSource;
  /** The column to predict. '' if missing, which is a problem of the file. */
  readonly output: string;
  /** The metric that decides, with names and arguments as in `evaluate/metrics/table.ts`, or the path of a module. */
  readonly metric: string;
  /** Metrics that are only reported. */
  readonly reported: readonly string[];
  /** The names of the data's columns here, if they differ: from our name to theirs. */
  readonly columns: Readonly<Record<string, string>>;
  /** The labels to score. Undefined for free text. */
  readonly labels?: 'from-data' | readonly string[];
  /** The words that the model uses for the labels, if the file maps them to words. */
  readonly labelWords?: LabelWords;
  /** 'nano', a known name, a folder, a .gguf file or an endpoint. */
  readonly model: string;
  /** Path as written, relative to the prompt file. */
  readonly adapter?: string;
  /** 'text': the model completes the body. 'chat': the body is the user's message, the answer the assistant's turn. */
  readonly template: 'text' | 'chat';
  /** What the model's chat template gets besides the turns. Absent if the file sets nothing, and for 'text'. */
  readonly chat?: ChatSettings;
  /** What the file sets, in points. Absent if it sets nothing. */
  readonly gate?: GateSettings;
  /** What the file sets. The rest is decided by the task: `evaluate/evaluation.ts`, `evaluate/answerEnds.ts`. */
  readonly decoding: Partial<Decoding>;
  readonly demos: readonly Demonstration[];
}

/** When a shorter prompt is kept, in points of the score. */
export interface GateSettings {
  /** How far its score may be below the best one. */
  readonly margin?: number;
  /** What 100 tokens of the prompt cost. */
  readonly promptCost?: number;
}

export interface ChatSettings {
  /** The date that the template gets, YYYY-MM-DD. */
  readonly date?: string;
  /** Variables of the template, e.g. `enable_thinking`. */
  readonly variables?: Values;
}

/** The settings of a file that sets nothing. */
export const defaultSettings: TandemSettings = {
  data: '',
  output: '',
  metric: 'exact-match',
  reported: [],
  columns: {},
  model: 'nano',
  template: 'text',
  decoding: {},
  demos: [],
};

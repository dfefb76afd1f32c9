/** @file Shapes that several of a run's files share: numbers, prompts, states. */
import type { Cut } from '../../evaluate/cuts.ts';
import { calibrations, type Decoding, type Normalization } from '../../prompt/decoding.ts';
import { syntaxNames } from '../../prompt/languages/table.ts';
import type { Demonstration, Prompt } from '../../prompt/prompt.ts';
import type { Value } from '../../prompt/values.ts';
import type { Difference, Estimate, ChangedPrediction, ChangedPredictions, MeasuredState, ObjectiveTerms } from '../../optimize/events.ts';
import {
  amount,
  anything,
  either,
  exactly,
  fileName,
  finite,
  flag,
  list,
  measured,
  object,
  optional,
  such,
  table,
  text,
  whole,
  type Fields,
  type Shape,
} from '../../shape.ts';
import type { Budget } from '../spec.ts';

/** One of a few words today. A newer Tandem may add others, which are kept unchanged. */
export const word = <T extends string>(): Shape<T> => text as Shape<T>;

/** The 1-based line of a file. */
export const line: Shape<number> = such(whole, (number) => number >= 1, 'the number of a line, from 1 on');

const estimateFields: Fields<Estimate> = { mean: measured, low: measured, high: measured, rows: whole };
export const estimate: Shape<Estimate> = object<Estimate>(estimateFields);
export const difference: Shape<Difference> = object<Difference>({ ...estimateFields, probabilityBetter: measured });

export const objective: Shape<ObjectiveTerms> = object<ObjectiveTerms>({
  logLikelihood: optional(measured),
  weightPenalty: measured,
  promptPenalty: measured,
  total: measured,
});

const normalization = either<Normalization>(
  'tokens, sum or a slope',
  exactly('tokens', 'sum'),
  object<{ slope: number }>({ slope: finite }),
);

const decoding = object<Partial<Decoding>>({
  calibration: optional(exactly(...calibrations)),
  normalize: optional(normalization),
  maxTokens: optional(finite),
  temperature: optional(finite),
  topP: optional(finite),
  stop: optional(list(text)),
  seed: optional(finite),
});

/** Any JSON value. */
const value = anything as Shape<Value>;

const demonstration = object<Demonstration>({ inputs: table(value), output: text });

export const prompt: Shape<Prompt> = object<Prompt>({
  body: text,
  demonstrations: list(demonstration),
  syntax: optional((value) => exactly(...syntaxNames())(value)),
  labelWords: optional(table(text)),
  decoding: optional(decoding),
  earlier: optional(list((value) => prompt(value))),
});

export const cuts: Shape<readonly Cut[]> = list((value) => {
  const { by } = object<{ by: string }>({ by: text })(value);
  const common = { step: optional(text), answers: whole, of: whole };
  if (by === 'length')
    return object<Extract<Cut, { by: 'length' }>>({ ...common, by: exactly('length'), tokens: whole, outOfReach: optional(whole) })(value);
  return object<Extract<Cut, { by: 'context' }>>({ ...common, by: exactly('context') })(value);
});

export const measuredState: Shape<MeasuredState> = object<MeasuredState>({
  candidate: fileName,
  prompt,
  adapter: optional(fileName),
  score: estimate,
  logLikelihood: optional(estimate),
  objective,
  promptTokens: amount,
  cuts: optional(cuts),
});

const changedPrediction = object<ChangedPrediction>({
  line,
  inputs: table(text),
  gold: optional(text),
  before: text,
  after: text,
  better: flag,
});
export const changedPredictions: Shape<ChangedPredictions> = object<ChangedPredictions>({
  fixes: whole,
  regressions: whole,
  examples: list(changedPrediction),
});

export const budget: Shape<Budget> = either<Budget>(
  'a number of seconds or of tokens',
  object<{ seconds: number }>({ seconds: amount }),
  object<{ tokens: number }>({ tokens: amount }),
);

/** @file Measures a prompt, with or without an adapter, on rows. */
import type { Row } from '../data/dataset.ts';
import { limitRows } from '../data/split.ts';
import { TandemError } from '../errors.ts';
import { pulse } from '../pulse.ts';
import type { Adapter } from '../model/adapter.ts';
import type { LabelScore, LanguageModel } from '../model/languageModel.ts';
import { encodeWithSoft } from '../model/softPrompt.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import type { Prompt } from '../prompt/prompt.ts';
import type { Decoding } from '../prompt/decoding.ts';
import { textOf, type Values } from '../prompt/values.ts';
import { memoryCache, type Cache } from './cache.ts';
import { cachedModel, type Call } from './cachedModel.ts';
import { contentFreeBias, contentFreeInputs, priorBias, softmax, subtract } from './calibration.ts';
import type { Cut, CutBy } from './cuts.ts';
import { answersNeeded, judgementOf, likelihoodsOf, scoreOf, type Evaluation, type RowResult, type Task } from './evaluation.ts';
import { needNoAnswers } from './metrics.ts';
import { ofRow } from './ofRow.ts';
import { answerPasses, promptPasses } from './passes.ts';
import { answerAfter, questionsOf, questionText, questionWithoutValues } from './question.ts';
import { bootstrapMean, logShares } from './statistics.ts';

/** What is measured: a prompt, and the adapter it runs with. */
export interface Candidate {
  readonly prompt: Prompt;
  readonly adapter?: Adapter;
}

export interface EvaluateOptions {
  /** Checked between batches; an abort throws its reason. */
  readonly signal?: AbortSignal;
  /** Hears which share of the rows has been answered; of a program, by its last step. */
  readonly onShare?: (share: number) => void;
}

export interface Prediction {
  readonly text: string;
  /** Label tasks only: calibrated probabilities, most likely first. */
  readonly labels?: readonly { readonly label: string; readonly probability: number }[];
}

export interface Evaluator {
  readonly model: LanguageModel;
  readonly task: Task;
  /** @throws TandemError reasons 'no-rows', 'unknown-column', 'missing-output', 'no-calibration-rows', 'too-slow' */
  evaluate(candidate: Candidate, rows: readonly Row[], options?: EvaluateOptions): Promise<Evaluation>;
  /** @param values of the input columns */
  predict(candidate: Candidate, values: Values, options?: EvaluateOptions): Promise<Prediction>;
}

export interface EvaluatorOptions {
  readonly model: LanguageModel;
  readonly task: Task;
  /** Default: in memory. */
  readonly cache?: Cache;
  /** Whose inputs show what the model prefers, for calibration 'prior': the training rows; at most 64 are used. */
  readonly calibrationRows?: readonly Row[];
}

export interface Answered {
  readonly answers: readonly string[];
  readonly passes: number;
  /** Those that were cut off; absent where none were. */
  readonly cuts?: readonly Cut[];
}

/** An evaluator of one prompt, which can also answer rows whose gold answer is not known. */
export interface PromptEvaluator extends Evaluator {
  /** The answers, in the order of the rows. @throws TandemError reasons 'unknown-column', 'no-calibration-rows' */
  answer(candidate: Candidate, rows: readonly Row[], options?: EvaluateOptions): Promise<Answered>;
  /** Tokens of the prompt without any row's values. @param like a row, for the types of its values */
  promptTokens(prompt: Prompt, adapter?: Adapter, like?: Values): number;
}

export function makeEvaluator({ model, task, cache = memoryCache(), calibrationRows = [] }: EvaluatorOptions): PromptEvaluator {
  const { tokenizer } = model;
  const { labels } = task;
  const decodingOf = (prompt: Prompt): Decoding => ({ ...task.decoding, ...prompt.decoding });
  const outputs = cachedModel(model, cache);
  const calibrationInputs = limitRows(calibrationRows, 64, 0).map((row) => row.values);

  const labelPasses = answerPasses(
    tokenizer,
    (labels ?? []).map((label) => answerAfter(task, '…', label)),
  );

  const questionOf = (prompt: Prompt, values: Values): string => questionText(task, tokenizer, prompt, values);
  const promptTokens = (prompt: Prompt, adapter?: Adapter, like?: Values): number =>
    countingWith(adapter).encode(questionWithoutValues(task, tokenizer, prompt, like)).length;
  const judgesAlone = needNoAnswers([task.metric, ...(task.reported ?? [])]);
  /** The right answer; undefined where the data has none and the metrics need none. */
  const goldOf = (row: Row): string | undefined => {
    if (Object.hasOwn(row.values, task.output)) return textOf(row.values[task.output]);
    if (judgesAlone) return undefined;
    throw new TandemError('missing-output', `The row of line ${row.line} has no column "${task.output}".`, { hint: answersNeeded });
  };

  function calibrationTexts(prompt: Prompt): string[] {
    const { calibration } = decodingOf(prompt);
    if (!labels || calibration === 'none') return [];
    const inputs = calibration === 'prior' ? calibrationInputs : contentFreeInputs(prompt, calibrationInputs.at(0));
    if (inputs.length > 0) return inputs.map((values) => questionOf(prompt, values));
    throw new TandemError('no-calibration-rows', 'Calibration by the prior of the labels needs rows to take it from.', {
      hint: 'Give training rows, or set `decoding: {calibration: content-free}`.',
    });
  }

  async function rawScores(texts: readonly string[], choices: readonly string[], call: Call): Promise<LabelScore[][]> {
    const result = new Array<LabelScore[]>(texts.length);
    // A prompt that ends in white space is answered without a space: those few are asked apart.
    for (const lead of ['', ' ']) {
      const places = [...texts.keys()].filter((place) => answerAfter(task, texts[place], '') === lead);
      const asked = places.map((place) => texts[place]);
      const scores = await outputs.labelScores(
        asked,
        choices.map((label) => lead + label),
        call,
      );
      places.forEach((place, at) => (result[place] = scores[at]));
    }
    return result;
  }

  /** Raw and corrected scores of the labels after each text; the inputs of the calibration share the prompt with them. */
  async function judge(prompt: Prompt, texts: readonly string[], choices: readonly string[], call: Call): Promise<Judgement[]> {
    const raw = await rawScores([...texts, ...calibrationTexts(prompt)], choices, call);
    const { normalize, calibration } = decodingOf(prompt);
    const perToken = normalize === 'tokens';
    const normalized = raw.map((scores) =>
      scores.map(({ logLikelihood, tokens }) => (perToken ? logLikelihood / Math.max(tokens, 1) : logLikelihood)),
    );
    const bias = biasOf[calibration](normalized.slice(texts.length), choices.length);
    return texts.map((_, place) => ({ raw: raw[place], scores: subtract(normalized[place], bias) }));
  }

  /** Of the answers that are known, after the texts in the same places. */
  async function goldLikelihoods(
    golds: readonly (string | undefined)[],
    texts: readonly string[],
    call: Call,
  ): Promise<(number | undefined)[]> {
    const pairs = golds.flatMap((gold, place) =>
      gold === undefined ? [] : [{ prompt: texts[place], completion: answerAfter(task, texts[place], gold) }],
    );
    const likelihoods = pairs.length > 0 ? await outputs.logLikelihoods(pairs, call) : [];
    let next = 0;
    return golds.map((gold) => (gold === undefined ? undefined : likelihoods[next++]));
  }

  async function chooseLabels(
    prompt: Prompt,
    rows: readonly Row[],
    texts: readonly string[],
    choices: readonly string[],
    call: Call,
  ): Promise<Answer[]> {
    const judgements = await judge(prompt, texts, choices, call);
    const golds = rows.map((row) => goldOf(row)?.trim());
    // A gold answer that is none of the labels was not scored with them.
    const strangers = golds.map((gold) => (gold !== undefined && choices.includes(gold) ? undefined : gold));
    const asked = await goldLikelihoods(strangers, texts, unheard(call));
    return judgements.map(({ raw, scores }, place) => {
      const gold = golds[place] === undefined ? -1 : choices.indexOf(golds[place]);
      return { prediction: choices[mostLikely(scores)], ...likelihood(gold >= 0 ? raw[gold].logLikelihood : asked[place]) };
    });
  }

  async function writeTexts(prompt: Prompt, rows: readonly Row[], texts: readonly string[], call: Call): Promise<Answer[]> {
    const written = await outputs.generate(texts, decodingOf(prompt), call);
    const likelihoods = await goldLikelihoods(rows.map(goldOf), texts, unheard(call));
    return written.map(({ text, finish }, place) => ({
      prediction: text.trim(),
      ...likelihood(likelihoods[place]),
      ...(finish !== 'stop' && { cut: finish }),
    }));
  }

  /** @param golds the right answers where they are known */
  function cutsOf(prompt: Prompt, cuts: readonly (CutBy | undefined)[], golds?: readonly string[]): { cuts?: Cut[] } {
    const { maxTokens: tokens } = decodingOf(prompt);
    const count = (by: CutBy): number => cuts.filter((cut) => cut === by).length;
    const [length, context] = [count('length'), count('context')];
    const isLonger = (gold: string): boolean => Buffer.byteLength(gold) >= tokens && tokenizer.encode(` ${gold}`).length > tokens;
    const outOfReach = length > 0 ? golds?.filter((gold) => isLonger(gold.trim())).length : undefined;
    const of = cuts.length;
    const found: Cut[] = [
      ...(length > 0 ? [{ by: 'length' as const, answers: length, of, tokens, ...(outOfReach !== undefined && { outOfReach }) }] : []),
      ...(context > 0 ? [{ by: 'context' as const, answers: context, of }] : []),
    ];
    return found.length > 0 ? { cuts: found } : {};
  }

  /**
   * Depends only on the prompt and the rows where these have gold answers: a generated answer is charged at the gold answer's length, because
   * its real length depends on the weights, and the gold answer is scored besides. Without a gold answer it is charged at its own length.
   */
  function passesOf({ prompt, adapter }: Candidate, results: readonly RowResult[], texts: readonly string[]): number {
    const counting = countingWith(adapter);
    const prompts = [...texts, ...calibrationTexts(prompt)];
    if (labels) return promptPasses(counting, prompts) + prompts.length * labelPasses;
    const count = (text: string, place: number): number => tokenizer.encode(answerAfter(task, texts[place], text)).length;
    return results.reduce(
      (sum, { gold, prediction }, place) => sum + (gold === undefined ? count(prediction, place) + 1 : 2 * count(gold, place)),
      promptPasses(counting, prompts),
    );
  }

  /** A virtual token is run like any other, and counts like one. */
  function countingWith(adapter: Adapter | undefined): Pick<Tokenizer, 'encode'> {
    return { encode: (text) => encodeWithSoft(tokenizer, text, adapter?.soft, tokenizer.vocabularySize) };
  }

  return {
    model,
    task,
    promptTokens,
    async evaluate({ prompt, adapter }, rows, { signal, onShare } = {}): Promise<Evaluation> {
      const texts = questionsOf(task, tokenizer, prompt, rows);
      let answered = 0;
      const onAnswered = (questions: number): void => onShare?.(Math.min(1, (answered += questions) / rows.length));
      const call = { adapter, signal, onAnswered };
      signal?.throwIfAborted();
      const answers = await (labels ? chooseLabels(prompt, rows, texts, labels, call) : writeTexts(prompt, rows, texts, call));
      const results = rows.map((row, place): RowResult => {
        const { prediction, ...about } = answers[place];
        const gold = goldOf(row);
        pulse();
        const judgement = ofRow(row, () => judgementOf(task.metric, prediction, gold, row));
        return { row: row.id, prediction, ...(gold !== undefined && { gold }), ...judgement, ...about };
      });
      const likelihoods = likelihoodsOf(results);
      const golds = results.flatMap(({ gold }) => (gold === undefined ? [] : [gold]));
      return {
        rows: results,
        score: scoreOf(task.metric, results),
        ...(task.metric.corpus && { corpus: task.metric.corpus }),
        ...(likelihoods && { logLikelihood: bootstrapMean(likelihoods, { range: logShares }) }),
        promptTokens: promptTokens(prompt, adapter, rows.at(0)?.values),
        passes: passesOf({ prompt, adapter }, results, texts),
        ...cutsOf(
          prompt,
          results.map(({ cut }) => cut),
          golds.length === results.length ? golds : undefined,
        ),
      };
    },
    async answer({ prompt, adapter }, rows, { signal } = {}) {
      const texts = questionsOf(task, tokenizer, prompt, rows);
      const call = { adapter, signal };
      signal?.throwIfAborted();
      const asked = [...texts, ...calibrationTexts(prompt)];
      const reading = promptPasses(tokenizer, asked);
      if (labels) {
        const judgements = await judge(prompt, texts, labels, call);
        return { answers: judgements.map(({ scores }) => labels[mostLikely(scores)]), passes: reading + asked.length * labelPasses };
      }
      const written = await outputs.generate(texts, decodingOf(prompt), call);
      const answers = written.map(({ text }) => text.trim());
      const cuts = written.map(({ finish }) => (finish === 'stop' ? undefined : finish));
      const passes = answers.reduce((sum, answer) => sum + tokenizer.encode(answer).length + 1, reading);
      return { answers, passes, ...cutsOf(prompt, cuts) };
    },
    async predict({ prompt, adapter }, values, { signal } = {}): Promise<Prediction> {
      const texts = [questionOf(prompt, values)];
      const call = { adapter, signal };
      if (!labels) return { text: (await outputs.generate(texts, decodingOf(prompt), call))[0].text.trim() };
      const [{ scores }] = await judge(prompt, texts, labels, call);
      const probabilities = softmax(scores);
      const ranked = labels
        .map((label, place) => ({ label, probability: probabilities[place] }))
        .sort((a, b) => b.probability - a.probability);
      return { text: ranked[0].label, labels: ranked };
    },
  };
}

interface Judgement {
  readonly raw: readonly LabelScore[];
  /** Normalized and calibrated. */
  readonly scores: readonly number[];
}

type Answer = Pick<RowResult, 'prediction' | 'logLikelihood' | 'cut'>;

const likelihood = (value: number | undefined): Pick<RowResult, 'logLikelihood'> => (value === undefined ? {} : { logLikelihood: value });

/** What each calibration subtracts, from the scores over its inputs and the number of labels. */
const biasOf = {
  none: (_: readonly (readonly number[])[], labels: number): number[] => new Array<number>(labels).fill(0),
  'content-free': contentFreeBias,
  prior: priorBias,
};

/** What is asked beside the rows' own answers is not counted among them. */
const unheard = ({ adapter, signal }: Call): Call => ({ adapter, signal });

const mostLikely = (scores: readonly number[]): number => scores.indexOf(Math.max(...scores));

/** @file Measures a prompt, with or without an adapter, on rows. */
import type { Row } from '../data/dataset.ts';
import { limitRows } from '../data/split.ts';
import { TandemError } from '../errors.ts';
import type { Adapter } from '../model/adapter.ts';
import type { LanguageModel } from '../model/languageModel.ts';
import { totalCost, type Writer } from '../model/writer.ts';
import type { Prompt } from '../prompt/prompt.ts';
import type { Decoding } from '../prompt/decoding.ts';
import { ownWords, wordsFor } from '../prompt/labelWords.ts';
import { textOf, type Values } from '../prompt/values.ts';
import { memoryCache, type Cache, type CachedText } from './cache.ts';
import { cachedModel, type Call } from './cachedModel.ts';
import { calibrationCount, needsRows, softmax } from './calibration.ts';
import { countCuts } from './countCuts.ts';
import type { Cut } from './cuts.ts';
import { likelihoodsOf, scoreOf, type Evaluation, type RowResult, type Task } from './evaluation.ts';
import { answersNeeded, judge } from './judging.ts';
import { makeLabelScorer } from './labelScorer.ts';
import { lengthSlope, logShare } from './labelScores.ts';
import { answerAfter, questionsOf, questionText, questionWithoutValues } from './question.ts';
import { bootstrapMean, logShares } from './statistics.ts';

/** What is measured: a prompt, and the adapter it is used with. */
export interface Candidate {
  readonly prompt: Prompt;
  readonly adapter?: Adapter;
}

export interface EvaluateOptions {
  /** Checked between batches; an abort throws its reason. */
  readonly signal?: AbortSignal;
  /** Called with the share of the rows that have been answered. In a program, only the last step counts. */
  readonly onShare?: (share: number) => void;
}

export interface PredictOptions extends EvaluateOptions {
  /** Hears what is written of an answer in free text; one that the cache has is not written again. */
  readonly onText?: (text: string) => void;
}

export interface Prediction {
  readonly text: string;
  /** Label tasks only: calibrated probabilities, most likely first. */
  readonly labels?: readonly { readonly label: string; readonly probability: number }[];
}

export interface Evaluator {
  readonly model: LanguageModel;
  readonly task: Task;
  /** The writer that metrics may ask. */
  readonly writer?: Writer;
  /** @throws TandemError reasons 'no-rows', 'unknown-column', 'missing-output', 'no-calibration-rows', 'too-slow' */
  evaluate(candidate: Candidate, rows: readonly Row[], options?: EvaluateOptions): Promise<Evaluation>;
  /**
   * Scores of any words after the rows' questions, one list for each row. Scores are normalized, and calibrated if the calibration works word by
   * word. Not every evaluator can do this.
   */
  readonly scoreWords?: (
    candidate: Candidate,
    rows: readonly Row[],
    words: readonly string[],
    options?: EvaluateOptions,
  ) => Promise<WordScores>;
  /** @param values of the input columns */
  predict(candidate: Candidate, values: Values, options?: PredictOptions): Promise<Prediction>;
}

export interface WordScores {
  readonly scores: readonly (readonly number[])[];
  readonly tokensUsed: number;
}

export interface EvaluatorOptions {
  readonly model: LanguageModel;
  readonly task: Task;
  /** Default: in memory. */
  readonly cache?: Cache;
  /** For calibrations 'domain' and 'prior', which measure what the model prefers: see `calibrationRows`. At most 64 are used. */
  readonly calibrationRows?: readonly Row[];
  /** For a metric that asks a larger model. The writer limits its own spending. The evaluation reports the cost. */
  readonly writer?: Writer;
}

export interface Answered {
  readonly answers: readonly string[];
  readonly tokensUsed: number;
  /** Answers that were cut off. Absent if none were. */
  readonly cuts?: readonly Cut[];
}

/** An evaluator of one prompt, which can also answer rows without a known gold answer. */
export interface PromptEvaluator extends Evaluator {
  /** The answers, in the order of the rows. @throws TandemError reasons 'unknown-column', 'no-calibration-rows' */
  answer(candidate: Candidate, rows: readonly Row[], options?: EvaluateOptions): Promise<Answered>;
  /** Tokens of the prompt without any row's values. @param like a row, for the types of its values */
  promptTokens(prompt: Prompt, adapter?: Adapter, like?: Values): number;
}

export function makeEvaluator({ model, task, cache = memoryCache(), calibrationRows = [], writer }: EvaluatorOptions): PromptEvaluator {
  const { texts } = model;
  const { labels } = task;
  const decodingOf = (prompt: Prompt): Decoding => ({ ...task.decoding, ...prompt.decoding });
  const outputs = cachedModel(model, cache);
  const calibrationInputs = limitRows(calibrationRows, calibrationCount, 0).map((row) => row.values);

  /** What the model chooses from, in the order of the labels. */
  const wordsOf = (prompt: Prompt): string[] => (labels ?? []).map((label) => wordsFor(prompt, label));
  const choiceTokens = (words: readonly string[]): number => texts.countBranches(words.map((each) => answerAfter(task, '…', each)));
  const labelTokens = remembered(choiceTokens);

  const cutsOf = (prompt: Prompt, answers: readonly Pick<RowResult, 'cut'>[], golds?: readonly string[]): Pick<Evaluation, 'cuts'> => {
    const cuts = countCuts(texts, decodingOf(prompt).maxTokens, answers, golds);
    return cuts.length > 0 ? { cuts } : {};
  };

  const questionOf = (prompt: Prompt, values: Values): string => questionText(task, texts, prompt, values);
  const promptTokens = (prompt: Prompt, adapter?: Adapter, like?: Values): number =>
    texts.count(questionWithoutValues(task, texts, prompt, like), adapter?.soft);
  const needsGold = [task.metric, ...(task.reported ?? [])].some(({ needs }) => needs === 'gold');
  /** The right answer. Undefined if the data has none and the metrics need none. */
  const goldOf = (row: Row): string | undefined => {
    if (Object.hasOwn(row.values, task.output)) return textOf(row.values[task.output]);
    if (!needsGold) return undefined;
    throw new TandemError('missing-output', `The row on line ${row.line} has no column "${task.output}".`, { hint: answersNeeded });
  };

  const { calibrationTexts, scoreChoices } = makeLabelScorer({ task, outputs, decodingOf, questionOf, calibrationInputs });

  /** Log-likelihoods of the known gold answers, each after its question. None if the model has no likelihoods. */
  async function goldLikelihoods(
    golds: readonly (string | undefined)[],
    questions: readonly string[],
    call: Call,
  ): Promise<(number | undefined)[]> {
    if (!model.scorer) return golds.map(() => undefined);
    const pairs = golds.flatMap((gold, place) =>
      gold === undefined ? [] : [{ prompt: questions[place], completion: answerAfter(task, questions[place], gold) }],
    );
    const likelihoods = pairs.length > 0 ? await outputs.logLikelihoods(pairs, call) : [];
    let next = 0;
    return golds.map((gold) => (gold === undefined ? undefined : likelihoods[next++]));
  }

  async function chooseLabels(
    prompt: Prompt,
    rows: readonly Row[],
    questions: readonly string[],
    choices: readonly string[],
    call: Call,
  ): Promise<Predictions> {
    const scored = await scoreChoices(prompt, questions, wordsOf(prompt), call);
    const golds = rows.map((row) => goldOf(row)?.trim());
    // A gold answer that is not a label was not scored with them.
    const notLabels = golds.map((gold) => (gold !== undefined && choices.includes(gold) ? undefined : gold));
    const asked = await goldLikelihoods(notLabels, questions, withoutProgress(call));
    const predicted = scored.map(({ raw, scores }, place): Predicted => {
      const prediction = choices[mostLikely(scores)];
      const gold = golds[place] === undefined ? -1 : choices.indexOf(golds[place]);
      if (gold < 0) return { prediction, ...likelihood(asked[place]) };
      return { prediction, logLikelihood: raw[gold].logLikelihood, logShare: logShare(raw, gold) };
    });
    const [words, slope] = [ownWords(prompt), lengthSlope(scored.map(({ raw }) => raw))];
    return { predicted, about: { ...(words && { words }), ...(slope !== undefined && { lengthSlope: slope }) } };
  }

  async function writeTexts(prompt: Prompt, rows: readonly Row[], questions: readonly string[], call: Call): Promise<Predictions> {
    const written = await outputs.generate(questions, decodingOf(prompt), call);
    const likelihoods = await goldLikelihoods(rows.map(goldOf), questions, withoutProgress(call));
    const predicted = written.map(({ text, finish }, place) => ({
      prediction: text.trim(),
      ...likelihood(likelihoods[place]),
      ...cutOf({ finish }),
    }));
    return { predicted };
  }

  /**
   * Depends only on the prompt and the rows if the rows have gold answers. A generated answer is charged at the gold answer's length, because its
   * real length depends on the weights. It is charged once more if the gold answer is scored too. Without a gold answer it is charged at its own
   * length.
   */
  function tokensOf({ prompt, adapter }: Candidate, results: readonly RowResult[], questions: readonly string[]): number {
    const prompts = [...new Set([...questions, ...calibrationTexts(prompt)])];
    if (labels) return texts.countShared(prompts, adapter?.soft) + prompts.length * labelTokens(wordsOf(prompt));
    const count = (text: string, place: number): number => texts.count(answerAfter(task, questions[place], text));
    const times = model.scorer ? 2 : 1;
    return results.reduce(
      (sum, { gold, prediction }, place) => sum + (gold === undefined ? count(prediction, place) + 1 : times * count(gold, place)),
      texts.countShared(prompts, adapter?.soft),
    );
  }

  return {
    model,
    task,
    ...(writer && { writer }),
    promptTokens,
    async evaluate({ prompt, adapter }, rows, { signal, onShare } = {}): Promise<Evaluation> {
      const questions = questionsOf(task, texts, prompt, rows);
      let answered = 0;
      const onAnswered = (count: number): void => onShare?.(Math.min(1, (answered += count) / rows.length));
      const call = { adapter, signal, onAnswered };
      signal?.throwIfAborted();
      const { predicted, about } = await (labels
        ? chooseLabels(prompt, rows, questions, labels, call)
        : writeTexts(prompt, rows, questions, call));
      const answers = rows.map((row, place) => ({ row, prediction: predicted[place].prediction, ...ifKnown(goldOf(row)) }));
      const judged = await judge(task.metric, answers, { writer, signal });
      const results = answers.map(({ row, ...answer }, place): RowResult => ({
        row: row.id,
        ...answer,
        ...judged.rows[place],
        ...predicted[place],
      }));
      const likelihoods = likelihoodsOf(results);
      const golds = results.flatMap(({ gold }) => (gold === undefined ? [] : [gold]));
      return {
        rows: results,
        score: scoreOf(task.metric, results),
        ...(task.metric.corpus && { corpus: task.metric.corpus }),
        ...(likelihoods && { logLikelihood: bootstrapMean(likelihoods, { range: logShares }) }),
        ...about,
        promptTokens: promptTokens(prompt, adapter, rows.at(0)?.values),
        ...totalCost([{ tokensUsed: tokensOf({ prompt, adapter }, results, questions) }, judged.cost]),
        ...cutsOf(prompt, results, golds.length === results.length ? golds : undefined),
      };
    },
    async answer({ prompt, adapter }, rows, { signal } = {}) {
      const questions = questionsOf(task, texts, prompt, rows);
      const call = { adapter, signal };
      signal?.throwIfAborted();
      const asked = [...questions, ...calibrationTexts(prompt)];
      const reading = texts.countShared(asked);
      if (labels) {
        const words = wordsOf(prompt);
        const scored = await scoreChoices(prompt, questions, words, call);
        return {
          answers: scored.map(({ scores }) => labels[mostLikely(scores)]),
          tokensUsed: reading + asked.length * labelTokens(words),
        };
      }
      const written = await outputs.generate(questions, decodingOf(prompt), call);
      const answers = written.map(({ text }) => text.trim());
      const tokensUsed = answers.reduce((sum, answer) => sum + texts.count(answer) + 1, reading);
      return { answers, tokensUsed, ...cutsOf(prompt, written.map(cutOf)) };
    },
    async scoreWords({ prompt, adapter }, rows, words, { signal } = {}) {
      const questions = questionsOf(task, texts, prompt, rows);
      const { calibration } = decodingOf(prompt);
      // The prior belongs to a set of labels, and these words are not such a set.
      const byWord = needsRows(calibration) ? 'none' : calibration;
      const scored = await scoreChoices(prompt, questions, words, { adapter, signal }, byWord);
      const asked = [...questions, ...calibrationTexts(prompt, byWord)];
      return {
        scores: scored.map(({ scores }) => scores),
        tokensUsed: texts.countShared(asked, adapter?.soft) + asked.length * choiceTokens(words),
      };
    },
    async predict({ prompt, adapter }, values, { signal, onText } = {}): Promise<Prediction> {
      const questions = [questionOf(prompt, values)];
      const call = { adapter, signal, onText };
      if (!labels) return { text: (await outputs.generate(questions, decodingOf(prompt), call))[0].text.trim() };
      const [{ scores }] = await scoreChoices(prompt, questions, wordsOf(prompt), call);
      const probabilities = softmax(scores);
      const ranked = labels
        .map((label, place) => ({ label, probability: probabilities[place] }))
        .sort((a, b) => b.probability - a.probability);
      return { text: ranked[0].label, labels: ranked };
    },
  };
}

type Predicted = Pick<RowResult, 'prediction' | 'logLikelihood' | 'logShare' | 'cut'>;

interface Predictions {
  readonly predicted: readonly Predicted[];
  readonly about?: Pick<Evaluation, 'words' | 'lengthSlope'>;
}

const ifKnown = (gold: string | undefined): Pick<RowResult, 'gold'> => (gold === undefined ? {} : { gold });
const likelihood = (value: number | undefined): Pick<RowResult, 'logLikelihood'> => (value === undefined ? {} : { logLikelihood: value });

const cutOf = ({ finish }: Pick<CachedText, 'finish'>): Pick<RowResult, 'cut'> => (finish === 'stop' ? {} : { cut: finish });

/** Caches the number for each list of questions. */
function remembered(count: (questions: readonly string[]) => number): (questions: readonly string[]) => number {
  const known = new Map<string, number>();
  return (questions) => {
    const key = questions.join('\0');
    if (!known.has(key)) known.set(key, count(questions));
    return known.get(key)!;
  };
}

/** For questions besides the rows' answers. They do not count as progress. */
const withoutProgress = ({ adapter, signal }: Call): Call => ({ adapter, signal });

const mostLikely = (scores: readonly number[]): number => scores.indexOf(Math.max(...scores));

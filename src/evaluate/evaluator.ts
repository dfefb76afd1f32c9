/** @file Measures a prompt, with or without an adapter, on rows. */
import type { Row } from '../data/dataset.ts';
import { limitRows } from '../data/split.ts';
import { TandemError } from '../errors.ts';
import { pulse } from '../pulse.ts';
import type { Adapter } from '../model/adapter.ts';
import type { LanguageModel } from '../model/languageModel.ts';
import type { Prompt } from '../prompt/prompt.ts';
import type { Decoding } from '../prompt/decoding.ts';
import { ownWords, wordsFor } from '../prompt/labelWords.ts';
import { textOf, type Values } from '../prompt/values.ts';
import { memoryCache, type Cache } from './cache.ts';
import { cachedModel, type Call } from './cachedModel.ts';
import { calibrationCount, needsRows, softmax } from './calibration.ts';
import type { Cut, CutBy } from './cuts.ts';
import { answersNeeded, judgementOf, likelihoodsOf, scoreOf, type Evaluation, type RowResult, type Task } from './evaluation.ts';
import { makeLabelJudge } from './labelJudge.ts';
import { lengthSlope, logShare } from './labelScores.ts';
import { needNoAnswers } from './metrics.ts';
import { ofRow } from './ofRow.ts';
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
  /** @throws TandemError reasons 'no-rows', 'unknown-column', 'missing-output', 'no-calibration-rows', 'too-slow' */
  evaluate(candidate: Candidate, rows: readonly Row[], options?: EvaluateOptions): Promise<Evaluation>;
  /**
   * What any words would score after the rows' questions, one list a row: normalized, and calibrated where that is done word by word. Not every
   * evaluator can tell.
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
  /** Whose inputs show what the model prefers, for calibrations 'domain' and 'prior': see `calibrationRows`. At most 64 are used. */
  readonly calibrationRows?: readonly Row[];
}

export interface Answered {
  readonly answers: readonly string[];
  readonly tokensUsed: number;
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
  const { texts } = model;
  const { labels } = task;
  const decodingOf = (prompt: Prompt): Decoding => ({ ...task.decoding, ...prompt.decoding });
  const outputs = cachedModel(model, cache);
  const calibrationInputs = limitRows(calibrationRows, calibrationCount, 0).map((row) => row.values);

  /** What the model is to choose from, in the order of the labels. */
  const wordsOf = (prompt: Prompt): string[] => (labels ?? []).map((label) => wordsFor(prompt, label));
  const choiceTokens = (words: readonly string[]): number => texts.countBranches(words.map((each) => answerAfter(task, '…', each)));
  const labelTokens = remembered(choiceTokens);

  const questionOf = (prompt: Prompt, values: Values): string => questionText(task, texts, prompt, values);
  const promptTokens = (prompt: Prompt, adapter?: Adapter, like?: Values): number =>
    texts.count(questionWithoutValues(task, texts, prompt, like), adapter?.soft);
  const judgesAlone = needNoAnswers([task.metric, ...(task.reported ?? [])]);
  /** The right answer; undefined where the data has none and the metrics need none. */
  const goldOf = (row: Row): string | undefined => {
    if (Object.hasOwn(row.values, task.output)) return textOf(row.values[task.output]);
    if (judgesAlone) return undefined;
    throw new TandemError('missing-output', `The row on line ${row.line} has no column "${task.output}".`, { hint: answersNeeded });
  };

  const { calibrationTexts, judge } = makeLabelJudge({ task, outputs, decodingOf, questionOf, calibrationInputs });

  /** Of the answers that are known, after the questions in the same places. */
  async function goldLikelihoods(
    golds: readonly (string | undefined)[],
    questions: readonly string[],
    call: Call,
  ): Promise<(number | undefined)[]> {
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
  ): Promise<Answers> {
    const judgements = await judge(prompt, questions, wordsOf(prompt), call);
    const golds = rows.map((row) => goldOf(row)?.trim());
    // A gold answer that is none of the labels was not scored with them.
    const strangers = golds.map((gold) => (gold !== undefined && choices.includes(gold) ? undefined : gold));
    const asked = await goldLikelihoods(strangers, questions, unheard(call));
    const answers = judgements.map(({ raw, scores }, place): Answer => {
      const prediction = choices[mostLikely(scores)];
      const gold = golds[place] === undefined ? -1 : choices.indexOf(golds[place]);
      if (gold < 0) return { prediction, ...likelihood(asked[place]) };
      return { prediction, logLikelihood: raw[gold].logLikelihood, logShare: logShare(raw, gold) };
    });
    const [words, slope] = [ownWords(prompt), lengthSlope(judgements.map(({ raw }) => raw))];
    return { answers, about: { ...(words && { words }), ...(slope !== undefined && { lengthSlope: slope }) } };
  }

  async function writeTexts(prompt: Prompt, rows: readonly Row[], questions: readonly string[], call: Call): Promise<Answers> {
    const written = await outputs.generate(questions, decodingOf(prompt), call);
    const likelihoods = await goldLikelihoods(rows.map(goldOf), questions, unheard(call));
    const answers = written.map(({ text, finish }, place) => ({
      prediction: text.trim(),
      ...likelihood(likelihoods[place]),
      ...(finish !== 'stop' && { cut: finish }),
    }));
    return { answers };
  }

  /** @param golds the right answers where they are known */
  function cutsOf(prompt: Prompt, cuts: readonly (CutBy | undefined)[], golds?: readonly string[]): { cuts?: Cut[] } {
    const { maxTokens: tokens } = decodingOf(prompt);
    const count = (by: CutBy): number => cuts.filter((cut) => cut === by).length;
    const [length, context] = [count('length'), count('context')];
    const isLonger = (gold: string): boolean => Buffer.byteLength(gold) >= tokens && texts.count(` ${gold}`) > tokens;
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
  function tokensOf({ prompt, adapter }: Candidate, results: readonly RowResult[], questions: readonly string[]): number {
    const prompts = [...new Set([...questions, ...calibrationTexts(prompt)])];
    if (labels) return texts.countShared(prompts, adapter?.soft) + prompts.length * labelTokens(wordsOf(prompt));
    const count = (text: string, place: number): number => texts.count(answerAfter(task, questions[place], text));
    return results.reduce(
      (sum, { gold, prediction }, place) => sum + (gold === undefined ? count(prediction, place) + 1 : 2 * count(gold, place)),
      texts.countShared(prompts, adapter?.soft),
    );
  }

  return {
    model,
    task,
    promptTokens,
    async evaluate({ prompt, adapter }, rows, { signal, onShare } = {}): Promise<Evaluation> {
      const questions = questionsOf(task, texts, prompt, rows);
      let answered = 0;
      const onAnswered = (count: number): void => onShare?.(Math.min(1, (answered += count) / rows.length));
      const call = { adapter, signal, onAnswered };
      signal?.throwIfAborted();
      const { answers, about } = await (labels
        ? chooseLabels(prompt, rows, questions, labels, call)
        : writeTexts(prompt, rows, questions, call));
      const results = rows.map((row, place): RowResult => {
        const { prediction, ...found } = answers[place];
        const gold = goldOf(row);
        pulse();
        const judgement = ofRow(row, () => judgementOf(task.metric, prediction, gold, row));
        return { row: row.id, prediction, ...(gold !== undefined && { gold }), ...judgement, ...found };
      });
      const likelihoods = likelihoodsOf(results);
      const golds = results.flatMap(({ gold }) => (gold === undefined ? [] : [gold]));
      return {
        rows: results,
        score: scoreOf(task.metric, results),
        ...(task.metric.corpus && { corpus: task.metric.corpus }),
        ...(likelihoods && { logLikelihood: bootstrapMean(likelihoods, { range: logShares }) }),
        ...about,
        promptTokens: promptTokens(prompt, adapter, rows.at(0)?.values),
        tokensUsed: tokensOf({ prompt, adapter }, results, questions),
        ...cutsOf(
          prompt,
          results.map(({ cut }) => cut),
          golds.length === results.length ? golds : undefined,
        ),
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
        const judgements = await judge(prompt, questions, words, call);
        return {
          answers: judgements.map(({ scores }) => labels[mostLikely(scores)]),
          tokensUsed: reading + asked.length * labelTokens(words),
        };
      }
      const written = await outputs.generate(questions, decodingOf(prompt), call);
      const answers = written.map(({ text }) => text.trim());
      const cuts = written.map(({ finish }) => (finish === 'stop' ? undefined : finish));
      const tokensUsed = answers.reduce((sum, answer) => sum + texts.count(answer) + 1, reading);
      return { answers, tokensUsed, ...cutsOf(prompt, cuts) };
    },
    async scoreWords({ prompt, adapter }, rows, words, { signal } = {}) {
      const questions = questionsOf(task, texts, prompt, rows);
      const { calibration } = decodingOf(prompt);
      // The prior is that of a set of labels; these are words to choose from.
      const byWord = needsRows(calibration) ? 'none' : calibration;
      const judgements = await judge(prompt, questions, words, { adapter, signal }, byWord);
      const asked = [...questions, ...calibrationTexts(prompt, byWord)];
      return {
        scores: judgements.map(({ scores }) => scores),
        tokensUsed: texts.countShared(asked, adapter?.soft) + asked.length * choiceTokens(words),
      };
    },
    async predict({ prompt, adapter }, values, { signal, onText } = {}): Promise<Prediction> {
      const questions = [questionOf(prompt, values)];
      const call = { adapter, signal, onText };
      if (!labels) return { text: (await outputs.generate(questions, decodingOf(prompt), call))[0].text.trim() };
      const [{ scores }] = await judge(prompt, questions, wordsOf(prompt), call);
      const probabilities = softmax(scores);
      const ranked = labels
        .map((label, place) => ({ label, probability: probabilities[place] }))
        .sort((a, b) => b.probability - a.probability);
      return { text: ranked[0].label, labels: ranked };
    },
  };
}

type Answer = Pick<RowResult, 'prediction' | 'logLikelihood' | 'logShare' | 'cut'>;

interface Answers {
  readonly answers: readonly Answer[];
  readonly about?: Pick<Evaluation, 'words' | 'lengthSlope'>;
}

const likelihood = (value: number | undefined): Pick<RowResult, 'logLikelihood'> => (value === undefined ? {} : { logLikelihood: value });

/** The same number for the same questions, worked out once. */
function remembered(count: (questions: readonly string[]) => number): (questions: readonly string[]) => number {
  const known = new Map<string, number>();
  return (questions) => {
    const key = questions.join('\0');
    if (!known.has(key)) known.set(key, count(questions));
    return known.get(key)!;
  };
}

/** What is asked beside the rows' own answers is not counted among them. */
const unheard = ({ adapter, signal }: Call): Call => ({ adapter, signal });

const mostLikely = (scores: readonly number[]): number => scores.indexOf(Math.max(...scores));

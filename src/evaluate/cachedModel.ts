/** @file A language model behind a cache. Each question is computed once, in batches of prompts of similar length. */
import { TandemError } from '../errors.ts';
import type { Adapter } from '../model/adapter.ts';
import { scorerOf, type Completion, type GenerateOptions, type LabelScore, type LanguageModel } from '../model/languageModel.ts';
import { cacheKey, type Cache, type CachedText, type CacheValue } from './cache.ts';

export interface Call {
  readonly adapter?: Adapter;
  /** Checked between batches; an abort throws its reason. */
  readonly signal?: AbortSignal;
  /** Called with the number of additional questions whose answers are now known. */
  readonly onAnswered?: (questions: number) => void;
  /** Hears what is written after a single prompt, token by token, unless the cache has it. */
  readonly onText?: (text: string) => void;
}

export interface CachedModel {
  /** Scores of every label after every prompt. Labels are appended unchanged. */
  labelScores(prompts: readonly string[], labels: readonly string[], call: Call): Promise<LabelScore[][]>;
  /** Log-likelihood of each completion, in nats, summed over its tokens. */
  logLikelihoods(pairs: readonly Completion[], call: Call): Promise<number[]>;
  generate(prompts: readonly string[], options: Omit<GenerateOptions, 'adapter'>, call: Call): Promise<CachedText[]>;
}

/**
 * Calls throw a TandemError with reason 'not-finite' if the weights have diverged. Scoring throws one with reason 'no-likelihoods' if the model has
 * no likelihoods.
 */
export function cachedModel(model: LanguageModel, cache: Cache): CachedModel {
  const keyOf = ({ adapter }: Call, ...question: readonly unknown[]): string =>
    cacheKey(model.fingerprint, adapter?.id ?? null, ...question);

  async function ask<Q, V extends CacheValue>(
    questions: readonly Question<Q>[],
    call: Call,
    answer: (batch: Q[]) => Promise<V[]>,
  ): Promise<V[]> {
    const known = new Map<string, V>();
    const open = new Map<string, Question<Q>>();
    for (const question of questions) {
      const value = cache.get(question.key) as V | undefined;
      if (value === undefined) open.set(question.key, question);
      else known.set(question.key, value);
    }
    const rest = [...open.values()].sort((a, b) => b.length - a.length);
    if (questions.length > rest.length) call.onAnswered?.(questions.length - rest.length);
    for (let from = 0; from < rest.length; from += batchSize) {
      call.signal?.throwIfAborted();
      const batch = rest.slice(from, from + batchSize);
      const values = await answer(batch.map(({ content }) => content));
      batch.forEach(({ key }, place) => {
        known.set(key, values[place]);
        cache.set(key, values[place]);
      });
      call.onAnswered?.(batch.length);
    }
    if (rest.length > 0) await cache.flush();
    return questions.map(({ key }) => known.get(key)!);
  }

  return {
    async labelScores(prompts, labels, call) {
      const questions = prompts.map((prompt) => ({ key: keyOf(call, 'labels', prompt, labels), content: prompt, length: prompt.length }));
      const packed = await ask(questions, call, async (batch) => {
        const scores = await scorerOf(model).scoreLabels(batch, labels, { adapter: call.adapter });
        return scores.map((row) => row.flatMap(({ logLikelihood, tokens }) => [finite(logLikelihood, call), tokens]));
      });
      return packed.map((row) => labels.map((_, label) => ({ logLikelihood: row[2 * label], tokens: row[2 * label + 1] })));
    },
    async logLikelihoods(pairs, call) {
      const questions = pairs.map((pair) => ({
        key: keyOf(call, 'likelihood', pair.prompt, pair.completion),
        content: pair,
        length: pair.prompt.length + pair.completion.length,
      }));
      const packed = await ask(questions, call, async (batch) => {
        const scores = await scorerOf(model).logLikelihoods(batch, { adapter: call.adapter });
        return scores.map(({ logLikelihood }) => [finite(logLikelihood, call)]);
      });
      return packed.map(([logLikelihood]) => logLikelihood);
    },
    async generate(prompts, { maxTokens, temperature, topP, stop, seed }, call) {
      const options = { maxTokens, temperature, topP, stop, seed };
      const questions = prompts.map((prompt) => ({
        // Under the key 'generate' are the answers of old versions, which did not record what ended them.
        key: keyOf(call, 'generate and finish', prompt, options),
        content: prompt,
        length: prompt.length,
      }));
      return ask(questions, call, async (batch) => {
        const generations = await model.generate(batch, { ...options, adapter: call.adapter, ...(call.onText && { onText: call.onText }) });
        return generations.map(({ text, finish }) => ({ text, finish }));
      });
    },
  };
}

/** The most prompts in one call of the model. */
const batchSize = 64;

/** A number that is not finite comes from diverged weights and must not reach the cache. */
function finite(value: number, { adapter }: Call): number {
  if (Number.isFinite(value)) return value;
  throw new TandemError('not-finite', `The model${adapter ? ` with adapter ${adapter.id}` : ''} returned a log-likelihood of ${value}.`, {
    hint: adapter ? 'The adapter has diverged. Train it again with a lower learning rate.' : 'The model file may be damaged.',
  });
}

interface Question<Q> {
  readonly key: string;
  readonly content: Q;
  /** In characters, for sorting. */
  readonly length: number;
}

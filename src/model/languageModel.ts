/** @file What the rest of Tandem needs from a language model: to generate and, if it can, to score labels and completions. */
import { TandemError } from '../errors.ts';
import type { Adapter } from './adapter.ts';
import type { Texts } from './texts.ts';

/** The score of one label under one prompt. */
export interface LabelScore {
  /** Sum of log P(token | ...) over the label's tokens, in nats. */
  readonly logLikelihood: number;
  readonly tokens: number;
}

export interface Completion {
  readonly prompt: string;
  readonly completion: string;
}

export interface GenerateOptions {
  readonly adapter?: Adapter;
  readonly maxTokens: number;
  /** 0 is greedy. */
  readonly temperature: number;
  readonly topP: number;
  /** Generation ends before the first of these. The end-of-text tokens always end it. */
  readonly stop: readonly string[];
  readonly seed: number;
  /** Called after each token with the text so far. Only with a single prompt. */
  readonly onText?: (text: string) => void;
}

export interface Generation {
  readonly text: string;
  /** The number of tokens that the model wrote, without the one that ended it. */
  readonly tokens: number;
  /** What ended it: the model or a stop string; `maxTokens`; or the end of the model's positions. */
  readonly finish: 'stop' | 'length' | 'context';
}

/** Computes how probable texts are. */
export interface Scorer {
  /** Log-likelihood of every label after every prompt: result[prompt][label]. Labels are appended unchanged, including a leading space. */
  scoreLabels(prompts: readonly string[], labels: readonly string[], options?: { adapter?: Adapter }): Promise<LabelScore[][]>;
  /** log P(completion | prompt), summed over tokens. */
  logLikelihoods(pairs: readonly Completion[], options?: { adapter?: Adapter }): Promise<LabelScore[]>;
}

/**
 * A causal language model with frozen weights. Calls run one after the other. Prompts of one call may share the computation of their common
 * token prefix. `adapter` is a LoRA added on top of the frozen weights.
 */
export interface LanguageModel {
  readonly name: string;
  /** Hash of architecture and weights, a part of every cache key. */
  readonly fingerprint: string;
  /** The most tokens that it reads, prompt and answer together. */
  readonly maxTokens: number;
  readonly texts: Texts;
  /** Absent if only the model's answers are known, as from most servers. */
  readonly scorer?: Scorer;
  generate(prompts: readonly string[], options: GenerateOptions): Promise<Generation[]>;
  /** Drops everything cached from earlier calls, so that a resumed run computes the same as an unbroken one, to the last bit. */
  forget(): void;
  dispose(): Promise<void>;
}

/**
 * For work that requires likelihoods: choosing among labels, whose scores are calibrated and corrected for length. Matching a written
 * answer to a label would be another method with other numbers, so there is no such fallback: without `labels` a prompt's answers are written.
 * @throws TandemError 'no-likelihoods'
 */
export function scorerOf({ name, scorer }: Pick<LanguageModel, 'name' | 'scorer'>): Scorer {
  if (scorer) return scorer;
  throw new TandemError('no-likelihoods', `${name} does not say how probable texts are, so it cannot choose among labels.`, {
    hint: 'Use a model on this machine, e.g. smollm2-135m, or remove `labels`, so that the answers are written.',
  });
}

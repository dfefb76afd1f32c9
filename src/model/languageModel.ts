/** @file What the rest of Tandem asks of a language model: score labels, score completions, generate. */
import type { Adapter } from './adapter.ts';
import type { Texts } from './texts.ts';

/** One label under one prompt. */
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
  /** Generation ends before the first of these; the end-of-text tokens always end it. */
  readonly stop: readonly string[];
  readonly seed: number;
  /** Hears after each token what is written so far; only where there is one prompt. */
  readonly onText?: (text: string) => void;
}

export interface Generation {
  readonly text: string;
  /** As many as the model wrote, the one that ended it left out. */
  readonly tokens: number;
  /** What ended it: the model or a stop string; `maxTokens`; or the model has no position left. */
  readonly finish: 'stop' | 'length' | 'context';
}

/**
 * A causal language model with its frozen weights in memory. Calls run one after the other; prompts of one call share the
 * computation of their common token prefix. `adapter` is a LoRA added on top of the frozen weights.
 */
export interface LanguageModel {
  readonly name: string;
  /** Hash of architecture and weights: part of every cache key. */
  readonly fingerprint: string;
  /** Tokens that it reads at most, prompt and answer together. */
  readonly maxTokens: number;
  readonly texts: Texts;
  /** Log-likelihood of every label after every prompt: result[prompt][label]. Labels are appended as they stand, leading space included. */
  scoreLabels(prompts: readonly string[], labels: readonly string[], options?: { adapter?: Adapter }): Promise<LabelScore[][]>;
  /** log P(completion | prompt), summed over tokens. */
  logLikelihoods(pairs: readonly Completion[], options?: { adapter?: Adapter }): Promise<LabelScore[]>;
  generate(prompts: readonly string[], options: GenerateOptions): Promise<Generation[]>;
  /** Drops what it remembers of earlier calls, so that a resumed run computes what an unbroken one does, to the last bit. */
  forget(): void;
  dispose(): Promise<void>;
}

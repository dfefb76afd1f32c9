/** @file A writer: a model, usually a larger one than the tuned model, that writes new instructions. */
import { TandemError } from '../errors.ts';

export interface WriterMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface WriteOptions {
  /** The most tokens of the answer. */
  readonly maxTokens: number;
  /** 0 is greedy. */
  readonly temperature: number;
  /** A server may ignore it. */
  readonly seed: number;
  /** An abort cancels the request and throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Costs in two currencies. Neither is ever converted into the other. */
export interface Cost {
  /** Tokens of the tuned model on this machine. */
  readonly tokensUsed: number;
  /** What another model cost. Absent if there was none. */
  readonly outside?: { readonly tokens: number; readonly requests: number };
}

export interface Written {
  readonly text: string;
  readonly cost: Cost;
}

export interface Writer {
  /** The name for people, e.g. `qwen3:8b at localhost:11434`. */
  readonly name: string;
  /** @throws TandemError with one of `writerTroubles` as its reason */
  write(messages: readonly WriterMessage[], options: WriteOptions): Promise<Written>;
}

/** What can go wrong with a writer. A run continues without its drafts. */
export const writerTroubles = [
  'writer-unreachable',
  'writer-too-slow',
  'writer-refused',
  'writer-bad-answer',
  'writer-spent',
  'writer-silent',
] as const;
export type WriterTrouble = (typeof writerTroubles)[number];

const troubles: ReadonlySet<string> = new Set(writerTroubles);

export const isWriterTrouble = (error: unknown): error is TandemError & { readonly reason: WriterTrouble } =>
  error instanceof TandemError && troubles.has(error.reason);

/** Troubles for which asking again in the same run is useless. */
export const isForGood = (error: unknown): boolean =>
  error instanceof TandemError && (error.reason === 'writer-spent' || error.reason === 'writer-silent');

/**
 * Tokens of a text if nothing counts them: one for every four characters, rounded up. It is an estimate for budgets, not a measurement.
 * English text has about that many tokens in most vocabularies.
 */
export const estimatedTokens = (...texts: readonly string[]): number => Math.ceil(texts.reduce((sum, { length }) => sum + length, 0) / 4);

/** The sum, separately for each currency. */
export function totalCost(costs: readonly Cost[]): Cost {
  const outside = costs.flatMap((cost) => cost.outside ?? []);
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return {
    tokensUsed: sum(costs.map(({ tokensUsed }) => tokensUsed)),
    ...(outside.length > 0 && {
      outside: { tokens: sum(outside.map(({ tokens }) => tokens)), requests: sum(outside.map(({ requests }) => requests)) },
    }),
  };
}

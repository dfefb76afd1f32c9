/** @file The tokenizer that every model carries. */
import type { ChatMessage, ChatOptions } from './chatMessages.ts';

export interface Tokenizer {
  readonly vocabularySize: number;
  /** Tokens that end a generation (end of text, end of turn). */
  readonly endTokens: readonly number[];
  /** The token that the chat template puts after an answer of the assistant, if it does. One of `endTokens`. */
  readonly turnEndToken?: number;
  /** The chat template's source, if the model has one. */
  readonly chatTemplate?: string;
  /** Prepended to a text by models that require it (Llama), otherwise undefined (SmolLM2). */
  readonly beginToken?: number;
  /** No special tokens are added. Special tokens in the text are recognized. */
  encode(text: string): number[];
  /** `encode` for text that follows other text, if they differ: Llama 2's and Mistral's tokenizers put a space before a text and after special tokens, but none before a continuation. */
  encodeNext?(text: string): number[];
  decode(tokens: readonly number[], options?: { skipSpecial?: boolean }): string;
  /** Renders the model's chat template, up to the start of the assistant's answer. */
  applyChatTemplate(messages: readonly ChatMessage[], options?: ChatOptions): string;
}

/** Token ids of a prompt, preceded by the begin token for models that require it. */
export function beginning({ beginToken }: Pick<Tokenizer, 'beginToken'>, tokens: readonly number[]): number[] {
  return beginToken === undefined || tokens[0] === beginToken ? [...tokens] : [beginToken, ...tokens];
}

/** Token ids of an answer that follows a prompt. */
export function continuationTokens(tokenizer: Tokenizer, text: string): number[] {
  return tokenizer.encodeNext ? tokenizer.encodeNext(text) : tokenizer.encode(text);
}

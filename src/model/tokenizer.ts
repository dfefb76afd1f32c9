/** @file The tokenizer that every model carries. */
import type { ChatMessage, ChatOptions } from './chatMessages.ts';

export interface Tokenizer {
  readonly vocabularySize: number;
  /** Tokens that end a generation (end of text, end of turn). */
  readonly endTokens: readonly number[];
  /** The token that the chat template puts after an answer of the assistant, where it does; one of `endTokens`. */
  readonly turnEndToken?: number;
  /** The chat template's own text, where the model has one. */
  readonly chatTemplate?: string;
  /** Prepended to a text by models that want it (Llama), else undefined (SmolLM2). */
  readonly beginToken?: number;
  /** No special tokens are added; special tokens written in the text are recognized. */
  encode(text: string): number[];
  /** `encode` for text that follows other text, where they differ: Llama 2's and Mistral's tokenizers put a space before a text and after special tokens, but none before what goes on. */
  encodeNext?(text: string): number[];
  decode(tokens: readonly number[], options?: { skipSpecial?: boolean }): string;
  /** Renders the model's chat template, up to where the assistant's answer starts. */
  applyChatTemplate(messages: readonly ChatMessage[], options?: ChatOptions): string;
}

/** Token ids of a prompt: the begin token stands before them, for models that want it. */
export function beginning({ beginToken }: Pick<Tokenizer, 'beginToken'>, tokens: readonly number[]): number[] {
  return beginToken === undefined || tokens[0] === beginToken ? [...tokens] : [beginToken, ...tokens];
}

/** Token ids of an answer as it stands after a prompt. */
export function continuationTokens(tokenizer: Tokenizer, text: string): number[] {
  return tokenizer.encodeNext ? tokenizer.encodeNext(text) : tokenizer.encode(text);
}

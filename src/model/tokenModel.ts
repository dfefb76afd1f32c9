/** @file A model with access to its tokens and graphs, which the rooms above `model/` never use. */
import type { Engine } from './engine.ts';
import type { SoftPrompt } from './softPrompt.ts';
import type { Tokenizer } from './tokenizer.ts';

export interface TokenModel {
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  /** Token ids of a text as the model reads it: with the begin token, if it has one, and the soft prompt's virtual ones at its mark. */
  promptTokens(text: string, soft?: Pick<SoftPrompt, 'tokens'>): number[];
  /** Token ids of a text that follows a prompt. */
  completionTokens(text: string): number[];
}

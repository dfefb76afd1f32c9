/** @file A model with its tokens and graphs at hand: what the rooms above `model/` never see. */
import type { Engine } from './engine.ts';
import type { SoftPrompt } from './softPrompt.ts';
import type { Tokenizer } from './tokenizer.ts';

export interface TokenModel {
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  /** Token ids of a text as the model reads it: with the begin token, if it has one, and the soft prompt's virtual ones where it stands. */
  promptTokens(text: string, soft?: Pick<SoftPrompt, 'tokens'>): number[];
  /** Token ids of a text that follows a prompt. */
  completionTokens(text: string): number[];
}

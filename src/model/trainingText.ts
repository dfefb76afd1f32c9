/** @file A text to learn from, before it becomes tokens: a prompt, worked examples whose answers are learned too, and the answer. */
import { requirePositions } from './engine.ts';
import type { SoftPrompt } from './softPrompt.ts';
import type { TokenModel } from './tokenModel.ts';
import type { Tokenizer } from './tokenizer.ts';
import type { TokenSpan, TrainingExample } from './training.ts';

export interface TrainingText {
  /** The text up to the first answer that is learned. */
  readonly prompt: string;
  /** Answers of worked examples, first to last, each with the text from there to the next answer. */
  readonly earlier: readonly { readonly answer: string; readonly then: string }[];
  /** The answer as it follows the text before it. */
  readonly answer: string;
  /** What the model learns to end the answer with: the end of its turn or of the text. A label that is chosen needs no end. */
  readonly end?: 'turn' | 'text';
}

/** @param soft the soft prompt of a prompt with a mark for it @throws TandemError 'too-long', 'empty-prompt', 'no-soft-prompt' */
export function trainingExample(model: TokenModel, { prompt, earlier, answer, end }: TrainingText, soft?: SoftPrompt): TrainingExample {
  const tokens = model.promptTokens(prompt, soft);
  const spans: TokenSpan[] = [];
  for (const worked of earlier) {
    const learned = model.completionTokens(worked.answer);
    spans.push({ start: tokens.length, end: tokens.length + learned.length });
    tokens.push(...learned, ...model.completionTokens(worked.then));
  }
  const ended = [...model.completionTokens(answer), ...endOf(end, model.tokenizer)];
  requirePositions(model.engine.config, tokens.length + ended.length - 1);
  return { prompt: tokens, answer: ended, ...(spans.length > 0 && { earlier: spans }) };
}

/** The token with which the chat template ends a turn or, for a text or without such a token, the end-of-text token. */
export function endOf(end: TrainingText['end'], { turnEndToken, endTokens }: Pick<Tokenizer, 'turnEndToken' | 'endTokens'>): number[] {
  if (!end) return [];
  const token = (end === 'turn' ? turnEndToken : undefined) ?? endTokens.at(0);
  return token === undefined ? [] : [token];
}

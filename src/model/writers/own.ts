/** @file The tuned model itself as a writer. Small models write poor instructions: only published methods that do so use it. */
import type { Adapter } from '../adapter.ts';
import type { LanguageModel } from '../languageModel.ts';
import type { ChatOptions } from '../chatMessages.ts';
import type { Writer } from '../writer.ts';

export interface OwnOptions {
  readonly adapter?: Adapter;
  readonly chat?: ChatOptions;
  readonly stop: readonly string[];
}

/** Its cost is in tokens of the tuned model. @throws from `write` TandemError reason 'too-long' if there is no room for an answer */
export const ownWriter = (model: LanguageModel, { adapter, chat, stop }: OwnOptions): Writer => ({
  name: 'the model',
  write: async (messages, { maxTokens, temperature, seed, signal }) => {
    signal?.throwIfAborted();
    const asked = model.texts.chat(messages, chat);
    const [{ text, tokens }] = await model.generate([asked], { adapter, maxTokens, temperature, topP: 1, stop, seed });
    return { text, cost: { tokensUsed: model.texts.count(asked) + tokens } };
  },
});

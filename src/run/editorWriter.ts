/** @file A writer that is a language model of the editor: the worker asks the process that started it. */
import { TandemError } from '../errors.ts';
import { estimatedTokens, type Writer } from '../model/writer.ts';
import type { HostMethodName, HostMethods } from './worker/protocol.ts';

/** Asks the process that started this one. @throws what that process threw, or the signal's reason */
export type AskHost = <M extends HostMethodName>(
  method: M,
  params: HostMethods[M]['params'],
  signal?: AbortSignal,
) => Promise<HostMethods[M]['result']>;

/** @param model the editor's id of the model */
export const editorWriter = (model: string, ask: AskHost | undefined): Writer => ({
  name: `${model} of the editor`,
  write: async (messages, { maxTokens, temperature, seed, signal }) => {
    if (!ask)
      throw new TandemError('writer-unreachable', 'No editor is available here to ask.', {
        hint: 'Resume the run in the editor.',
      });
    const { text, tokens } = await ask('write', { model, messages, maxTokens, temperature, seed }, signal);
    const counted = tokens ?? estimatedTokens(...messages.map(({ content }) => content), text);
    return { text, cost: { tokensUsed: 0, outside: { tokens: counted, requests: 1 } } };
  },
});

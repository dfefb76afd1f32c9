/** @file The language models of the editor, as writers of a run. */
import * as vscode from 'vscode';
import { TandemError } from '../errors.ts';
import type { Host } from '../run/worker/questions.ts';

/** The one of this id, or the first that there is. */
export async function editorModel(id?: string): Promise<vscode.LanguageModelChat | undefined> {
  const models = await vscode.lm.selectChatModels(id === undefined ? undefined : { id });
  return models.at(0);
}

/** Answers what the worker of a run asks. @throws TandemError reasons 'writer-unreachable', 'writer-refused' */
export const writeWithEditor: NonNullable<Host['write']> = async ({ model: id, messages, maxTokens, temperature }, signal) => {
  const model = await editorModel(id);
  if (!model) {
    throw new TandemError('writer-unreachable', `The editor has no language model named ${id}.`, {
      hint: 'Sign in to the extension that provides it, or choose another writer in the settings.',
    });
  }
  const cancelling = new vscode.CancellationTokenSource();
  const cancel = (): void => cancelling.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const asked = messages.map(({ role, content }) =>
      role === 'assistant' ? vscode.LanguageModelChatMessage.Assistant(content) : vscode.LanguageModelChatMessage.User(content),
    );
    const options = {
      justification: 'Tandem asks the model to draft an instruction.',
      modelOptions: { temperature, max_tokens: maxTokens },
    };
    const { text: parts } = await model.sendRequest(asked, options, cancelling.token);
    let text = '';
    for await (const part of parts) text += part;
    const counts = await Promise.all([...messages.map(({ content }) => content), text].map((each) => model.countTokens(each)));
    return { text, tokens: counts.reduce((sum, each) => sum + each, 0) };
  } catch (error) {
    if (!(error instanceof vscode.LanguageModelError)) throw error;
    throw new TandemError(
      'writer-refused',
      `The editor's model ${id} did not answer: ${error.message.replace(/\.$/, '')} (${error.code}).`,
      {
        hint: 'The editor may need your permission to use the model. Try again and look for its dialog.',
        cause: error,
      },
    );
  } finally {
    signal.removeEventListener('abort', cancel);
    cancelling.dispose();
  }
};

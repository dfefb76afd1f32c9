/** @file Offers each prompt file that has an accepted adapter as a model of the editor's chat, where the editor takes models of extensions. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { describeError } from '../errors.ts';
import { chatPrompts, lastText, textOfPart, tokensAbout } from './core/chatModels.ts';
import { isOver, type Job } from './core/job.ts';
import { folderOf } from './folderOf.ts';
import { chatVendor } from './ids.ts';
import { textsNow } from './prompts.ts';
import type { Services } from './services.ts';
import { sessionSpec } from './settings.ts';

export function registerChatModels({ engine, library, models }: Services): vscode.Disposable {
  const register = vscode.lm.registerLanguageModelChatProvider;
  if (!register) return vscode.Disposable.from();
  const changed = new vscode.EventEmitter<void>();
  const offered = async () => (vscode.workspace.isTrusted ? chatPrompts(await library.list()) : []);

  const provider: vscode.LanguageModelChatProvider = {
    onDidChangeLanguageModelChatInformation: changed.event,
    provideLanguageModelChatInformation: async () =>
      (await offered()).map(({ prompt, model, adapter }) => ({
        id: vscode.workspace.asRelativePath(prompt),
        name: basename(prompt).replace(/\..*/, ''),
        family: model,
        version: adapter,
        detail: model,
        tooltip: `${vscode.workspace.asRelativePath(prompt)} with the adapter ${adapter}, on this machine. Each message is answered alone.`,
        maxInputTokens: mostTokens,
        maxOutputTokens: mostTokens,
        capabilities: {},
        isUserSelectable: true,
      })),
    provideLanguageModelChatResponse: async ({ id }, messages, _, progress, token) => {
      const found = (await offered()).find(({ prompt }) => vscode.workspace.asRelativePath(prompt) === id);
      if (!found) throw vscode.LanguageModelError.NotFound(`${id} has no accepted adapter now. Optimize it, and accept the weights.`);
      const { prompt, column } = found;
      const uri = vscode.Uri.file(prompt);
      const values = { [column]: lastText(messages) };
      const task = { kind: 'answer', prompt, spec: sessionSpec(uri), values, weights: ['adapter'], ...textsNow(prompt) } as const;
      await follow(engine.start(folderOf(uri), task).id, progress, token);
    },
    provideTokenCount: async (_, text) => tokensAbout(typeof text === 'string' ? text : text.content.map(textOfPart).join('')),
  };

  /** Reports what is written as it is written, until the job is over. */
  const follow = (id: number, progress: vscode.Progress<vscode.LanguageModelTextPart>, token: vscode.CancellationToken): Promise<void> =>
    new Promise((resolve, reject) => {
      let reported = '';
      const report = (text: string): void => {
        // An answer may end before what was written: a stop text is cut off.
        if (!text.startsWith(reported) || text === reported) return;
        progress.report(new vscode.LanguageModelTextPart(text.slice(reported.length)));
        reported = text;
      };
      const see = (job: Job): void => {
        if (job.id !== id) return;
        if (job.written) report(job.written.text);
        if (!isOver(job)) return;
        listeners.dispose();
        const answer = job.answers?.at(0);
        if (answer) report(answer.text);
        if (job.error) reject(new Error(describeError(job.error)));
        else resolve();
      };
      const listeners = vscode.Disposable.from(
        engine.onDidChange(see),
        token.onCancellationRequested(() => engine.stop(id)),
      );
    });

  let registered: vscode.Disposable;
  try {
    registered = register(chatVendor, provider);
  } catch {
    // Before 1.104 the function was a proposal, and it refuses extensions that do not ask for it.
    return changed;
  }
  return vscode.Disposable.from(
    registered,
    changed,
    library.onDidChange(() => changed.fire()),
    models.onDidChange(() => changed.fire()),
    vscode.workspace.onDidGrantWorkspaceTrust(() => changed.fire()),
  );
}

/** What the editor shows as the length of a conversation. A message that is too long for its model is refused with the model's own length. */
const mostTokens = 2048;

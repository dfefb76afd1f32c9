/**
 * @file Gives our own language to prompt files with a `tandem` key, because VS Code marks that key in its language for prompt files; decision
 * 0039. Nothing else depends on the language: all that Tandem shows goes by the file's name.
 */
import * as vscode from 'vscode';
import { describeError } from '../../errors.ts';
import { languageToSet } from '../core/ownLanguage.ts';
import { ownLanguage, settingIds } from '../ids.ts';
import { removeLeftMarks } from './leftMarks.ts';
import type { Services } from '../services.ts';
import { setting } from '../settings.ts';

export function registerOwnLanguage({ prompts, log }: Pick<Services, 'prompts' | 'log'>): vscode.Disposable {
  /** What each document was given last. If it has another language now, the user chose that. */
  const given = new Map<string, string>();
  const leftMarks = removeLeftMarks();
  const consider = async (document: vscode.TextDocument): Promise<void> => {
    const { uri, languageId } = document;
    const key = uri.toString();
    if ((given.get(key) ?? languageId) !== languageId) return;
    const wanted = setting<boolean>(settingIds.ownLanguage, uri);
    const language = languageToSet({ path: uri.path, text: document.getText(), languageId, wanted });
    if (language === undefined) return;
    given.set(key, language);
    await vscode.languages.setTextDocumentLanguage(document, language);
    if (language === ownLanguage) leftMarks.remove(uri);
  };
  const begin = (document: vscode.TextDocument): void =>
    void consider(document).catch((error: unknown) => log.warn(`The language of ${document.uri.path}: ${describeError(error)}`));
  const beginAll = (): void => vscode.workspace.textDocuments.forEach(begin);
  beginAll();
  return vscode.Disposable.from(
    leftMarks,
    // Also texts that are not files: what a run proposes, and older versions in a diff.
    vscode.workspace.onDidOpenTextDocument(begin),
    // Settings may only be begun. Those that are taken out, for example to be moved, count when the file is saved.
    prompts.onDidChange(({ document }) => document.languageId !== ownLanguage && begin(document)),
    vscode.workspace.onDidSaveTextDocument(begin),
    // To change its language, the editor closes a document and opens it again.
    vscode.workspace.onDidCloseTextDocument(({ uri, isClosed }) => isClosed && given.delete(uri.toString())),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (!change.affectsConfiguration(settingIds.ownLanguage)) return;
      given.clear();
      beginAll();
    }),
  );
}

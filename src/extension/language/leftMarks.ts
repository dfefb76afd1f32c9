/**
 * @file Removes the marks that VS Code 1.100 leaves on a prompt file when the file gets our language; decision 0039. Newer versions remove
 * them themselves.
 */
import * as vscode from 'vscode';
import { ownLanguage } from '../ids.ts';

/** The names under which 1.100 keeps its marks of front matter and links. A collection of the same name is the same place. */
const owners = ['prompts-header-diagnostics-provider', 'prompt-link-diagnostics-provider'] as const;

export interface LeftMarks extends vscode.Disposable {
  /** Removes what is left on a document, and what is still drawn while it has our language. */
  remove(uri: vscode.Uri): void;
}

export function removeLeftMarks(): LeftMarks {
  /** By document. VS Code may draw the same marks again after they were removed, so one try is not enough; marks that stay are somebody else's. */
  const tries = new Map<string, number>();
  const tryOnce = (uri: vscode.Uri): void => {
    const before = tries.get(uri.toString()) ?? 0;
    if (before === mostTries || vscode.languages.getDiagnostics(uri).every(({ source }) => source !== undefined)) return;
    tries.set(uri.toString(), before + 1);
    // Clears all that is kept under the name: VS Code draws what belongs to other files again when they are edited.
    for (const owner of owners) vscode.languages.createDiagnosticCollection(owner).dispose();
  };
  const isOurs = (uri: vscode.Uri): boolean =>
    vscode.workspace.textDocuments.some((document) => document.languageId === ownLanguage && document.uri.toString() === uri.toString());
  const listener: vscode.Disposable = vscode.languages.onDidChangeDiagnostics(({ uris }) => uris.filter(isOurs).forEach(tryOnce));
  return {
    remove: (uri) => {
      tries.delete(uri.toString());
      tryOnce(uri);
    },
    dispose: () => void listener.dispose(),
  };
}

/** After a document gets our language. */
const mostTries = 5;

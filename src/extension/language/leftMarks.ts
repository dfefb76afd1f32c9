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
  /** The marks at the last try, by document. If they are still there, they are somebody else's. */
  const tried = new Map<string, string>();
  const tryOnce = (uri: vscode.Uri): void => {
    const marks = vscode.languages.getDiagnostics(uri).filter(({ source }) => source === undefined);
    const seen = JSON.stringify(marks);
    if (marks.length === 0 || tried.get(uri.toString()) === seen) return;
    tried.set(uri.toString(), seen);
    // Clears all that is kept under the name: VS Code draws what belongs to other files again when they are edited.
    for (const owner of owners) vscode.languages.createDiagnosticCollection(owner).dispose();
  };
  const isOurs = (uri: vscode.Uri): boolean =>
    vscode.workspace.textDocuments.some((document) => document.languageId === ownLanguage && document.uri.toString() === uri.toString());
  const listener: vscode.Disposable = vscode.languages.onDidChangeDiagnostics(({ uris }) => uris.filter(isOurs).forEach(tryOnce));
  return {
    remove: (uri) => {
      tried.delete(uri.toString());
      tryOnce(uri);
    },
    dispose: () => void listener.dispose(),
  };
}

/** @file What is wrong with the open program files, as problems of the editor. */
import { readFileSync } from 'node:fs';
import * as vscode from 'vscode';
import { TandemError } from '../../errors.ts';
import { openProgram } from '../../prompt/program.ts';
import { isProgramPath, parseProgramFile } from '../../prompt/programFile.ts';
import { diagnosticOf } from './diagnostics.ts';

export function registerProgramDiagnostics(): vscode.Disposable {
  const collection = vscode.languages.createDiagnosticCollection('tandem-program');
  const check = (document: vscode.TextDocument): void => {
    const { uri } = document;
    if (uri.scheme !== 'file' || !isProgramPath(uri.path)) return;
    const problems = parseProgramFile(uri.fsPath, document.getText()).problems.map((problem) => diagnosticOf(problem, document));
    collection.set(uri, problems.length > 0 ? problems : ofSteps(document));
  };
  vscode.workspace.textDocuments.forEach(check);
  return vscode.Disposable.from(
    collection,
    vscode.workspace.onDidOpenTextDocument(check),
    vscode.workspace.onDidChangeTextDocument(({ document }) => check(document)),
    vscode.workspace.onDidSaveTextDocument(() => vscode.workspace.textDocuments.forEach(check)),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => collection.delete(uri)),
  );
}

/** What only shows together with the prompt files as they are on disk; a defect within one of them is told at the top. */
function ofSteps(document: vscode.TextDocument): vscode.Diagnostic[] {
  const { fsPath } = document.uri;
  try {
    openProgram(fsPath, document.getText(), (path) => readFileSync(path, 'utf8'));
    return [];
  } catch (error) {
    if (!(error instanceof TandemError)) throw error;
    const here = error.where?.file === fsPath;
    const at = document.lineAt(Math.min(document.lineCount, here ? (error.where?.line ?? 1) : 1) - 1).range;
    const message = `${here ? '' : `${vscode.workspace.asRelativePath(error.where?.file ?? fsPath)}: `}${error.message}`;
    const diagnostic = new vscode.Diagnostic(at, error.hint === undefined ? message : `${message} ${error.hint}`);
    diagnostic.source = 'Tandem';
    return [diagnostic];
  }
}

/** @file Stretches of a document, and changes of it that can be undone. */
import * as vscode from 'vscode';
import { TandemError } from '../errors.ts';

/** Replaces what differs, and nothing else. @throws TandemError reason 'edit-refused' */
export async function replaceText(document: vscode.TextDocument, text: string): Promise<void> {
  const old = document.getText();
  if (old === text) return;
  let start = 0;
  while (start < old.length && old[start] === text[start]) start++;
  let end = 0;
  while (end < old.length - start && end < text.length - start && old[old.length - 1 - end] === text[text.length - 1 - end]) end++;
  const edit = new vscode.WorkspaceEdit();
  const range = new vscode.Range(document.positionAt(start), document.positionAt(old.length - end));
  edit.replace(document.uri, range, text.slice(start, text.length - end));
  if (!(await vscode.workspace.applyEdit(edit)))
    throw new TandemError('edit-refused', 'The editor did not take the change.', { where: { file: document.uri.fsPath } });
}

/** A stretch given by offsets. */
export const rangeIn = (document: vscode.TextDocument, { start, end }: { readonly start: number; readonly end: number }): vscode.Range =>
  new vscode.Range(document.positionAt(start), document.positionAt(end));

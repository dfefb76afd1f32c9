/** @file Stretches of a document, and changes of it that can be undone. */
import * as vscode from 'vscode';
import { TandemError } from '../errors.ts';
import { rangesOf } from '../prompt/textRange.ts';

/** Replaces what differs, and nothing else. @throws TandemError reason 'edit-refused' */
export const replaceText = (document: vscode.TextDocument, text: string): Promise<void> => replaceTexts([[document, text]]);

/** The same in several documents, in one edit. @throws TandemError reason 'edit-refused', and no document is changed then */
export async function replaceTexts(texts: readonly (readonly [vscode.TextDocument, string])[]): Promise<void> {
  const edit = new vscode.WorkspaceEdit();
  const changing = texts.filter(([document, text]) => document.getText() !== text);
  for (const [document, text] of changing) replaceIn(edit, document, text);
  if (changing.length === 0 || (await vscode.workspace.applyEdit(edit))) return;
  throw new TandemError('edit-refused', 'The editor did not apply the change.', { where: { file: changing[0][0].uri.fsPath } });
}

function replaceIn(edit: vscode.WorkspaceEdit, document: vscode.TextDocument, text: string): void {
  const old = document.getText();
  let start = 0;
  while (start < old.length && old[start] === text[start]) start++;
  let end = 0;
  while (end < old.length - start && end < text.length - start && old[old.length - 1 - end] === text[text.length - 1 - end]) end++;
  const range = new vscode.Range(document.positionAt(start), document.positionAt(old.length - end));
  edit.replace(document.uri, range, text.slice(start, text.length - end));
}

/** A stretch given by offsets. */
export const rangeIn = (document: vscode.TextDocument, { start, end }: { readonly start: number; readonly end: number }): vscode.Range =>
  new vscode.Range(document.positionAt(start), document.positionAt(end));

/** The same in a file that is not open, as the editor would show it: without its BOM. */
export function rangesInText(text: string): (stretch: { readonly start: number; readonly end: number }) => vscode.Range {
  const bom = text.startsWith('\uFEFF') ? 1 : 0;
  const rangeOf = rangesOf(text.slice(bom));
  const positionAt = (offset: number): vscode.Position => {
    const at = Math.max(0, offset - bom);
    const { line, column } = rangeOf(at, at);
    return new vscode.Position(line - 1, column - 1);
  };
  return ({ start, end }) => new vscode.Range(positionAt(start), positionAt(end));
}

/** @file The cursor in a review's diff, on either side of it: which change it is on, and moving it to another. */
import * as vscode from 'vscode';
import { changeAt, openChange, type ChangeSpan } from '../core/changeAt.ts';
import type { Services } from '../services.ts';
import { isProposed, runOfProposed } from './diff.ts';
import { placedItems } from './places.ts';

/** The proposed text of the diff that has the focus, on whichever side. */
export function proposedInFocus(): vscode.Uri | undefined {
  const active = vscode.window.activeTextEditor?.document.uri;
  if (active && isProposed(active)) return active;
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  if (!(input instanceof vscode.TabInputTextDiff) || !isProposed(input.modified)) return undefined;
  return active?.toString() === input.original.toString() ? input.modified : undefined;
}

/** Where the cursor was sent last: two changes may be on one line. */
let sent: { readonly uri: string; readonly line: number; readonly id: string } | undefined;

/** The run and the id of the change that the cursor is on. */
export async function changeAtCursor(services: Services): Promise<{ readonly run: string; readonly id: string } | undefined> {
  const cursor = await cursorIn(services);
  const change = cursor && changeAt(cursor.changes, cursor.line, cursor.latest);
  return change && { run: runOfProposed(cursor.proposed), id: change.id };
}

/** Moves the cursor to the next or the previous undecided change. */
export async function goToOpenChange(direction: 'next' | 'previous', services: Services): Promise<void> {
  const cursor = await cursorIn(services);
  const change = cursor && openChange(cursor.changes, cursor.line, direction, cursor.latest);
  if (change) await goTo(cursor.proposed, change.id, change.range);
}

/** Moves the cursor to a change wherever its diff is in sight, and shows the hover over it. */
export async function explainChange(run: string, id: string, services: Services): Promise<void> {
  const editors = vscode.window.visibleTextEditors.filter(({ document: { uri } }) => isProposed(uri) && runOfProposed(uri) === run);
  for (const { document } of editors) {
    const placed = (await placedItems(document, services)).find(({ item }) => item.id === id);
    if (!placed) continue;
    await goTo(document.uri, id, placed.range);
    await vscode.commands.executeCommand('editor.action.showHover');
    return;
  }
}

interface Cursor {
  readonly proposed: vscode.Uri;
  readonly line: number;
  /** Id of the change that it was sent to and still is at. */
  readonly latest?: string;
  /** On the side of the diff that has the focus; the range is that in the proposed text. */
  readonly changes: readonly (ChangeSpan & { readonly range: vscode.Range })[];
}

async function cursorIn(services: Services): Promise<Cursor | undefined> {
  const proposed = proposedInFocus();
  const editor = vscode.window.activeTextEditor;
  if (!proposed || !editor) return undefined;
  const onRight = isProposed(editor.document.uri);
  const { line } = editor.selection.active;
  const placed = await placedItems(await vscode.workspace.openTextDocument(proposed), services);
  const changes = placed.map(({ item: { id, standing }, range, inFile }) => {
    const lines = onRight ? { first: range.start.line, last: range.end.line } : inFile;
    return { id, standing, range, ...lines };
  });
  const latest = onRight && sent?.uri === proposed.toString() && sent.line === line ? sent.id : undefined;
  return { proposed, line, changes, ...(latest !== undefined && { latest }) };
}

async function goTo(proposed: vscode.Uri, id: string, { start }: vscode.Range): Promise<void> {
  const uri = proposed.toString();
  const editor = vscode.window.visibleTextEditors.find(({ document }) => document.uri.toString() === uri);
  if (!editor) return;
  if (vscode.window.activeTextEditor !== editor) await vscode.commands.executeCommand('workbench.action.compareEditor.focusPrimarySide');
  editor.selection = new vscode.Selection(start, start);
  editor.revealRange(new vscode.Range(start, start), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  sent = { uri, line: start.line, id };
}

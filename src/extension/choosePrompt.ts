/** @file The prompt file or program that a command works on. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { PromptKind } from '../prompt/kinds/promptKind.ts';
import { kindOf } from '../prompt/kinds/table.ts';
import { hasData, measuredFile, type MeasuredFile } from './core/measuredFile.ts';
import { label } from './core/unmarked.ts';
import { commandIds } from './ids.ts';
import { findPrompts, isPrompt, textNow } from './prompts.ts';
import type { Services } from './services.ts';
import { notify } from './surfaces/notifications.ts';
import { pick } from './surfaces/picks.ts';

/**
 * The one that a lens or a button names, the one in the active editor, the only one of the workspace, or one that is picked; for a step
 * without data of its own, its program. Without any, offers to write one.
 * @param holds of which kinds; default: of any
 * @returns undefined where none was picked
 */
export async function choosePrompt(
  target: unknown,
  { library }: Pick<Services, 'library'>,
  holds?: PromptKind['holds'],
): Promise<vscode.TextDocument | undefined> {
  const fits = ({ path }: vscode.Uri): boolean => holds === undefined || kindOf(path)?.holds === holds;
  const active = vscode.window.activeTextEditor?.document;
  const document = target instanceof vscode.Uri ? await vscode.workspace.openTextDocument(target) : active;
  if (document && isPrompt(document) && fits(document.uri)) {
    const { fsPath } = document.uri;
    const alone = hasData(measuredFile(fsPath, document.getText(), undefined, textNow));
    const programs: readonly MeasuredFile[] = alone ? [] : await library.programsWith(fsPath);
    if (programs.length === 0) return document;
    return pickPrompt(
      programs.map(({ file }) => vscode.Uri.file(file.path)),
      `Choose a Program That Uses ${basename(fsPath)}`,
    );
  }
  const found = (await findPrompts()).filter(fits);
  if (found.length > 0) return pickPrompt(found, 'Choose a Prompt');
  // The answer to the message is not waited for.
  void offerNewPrompt();
  return undefined;
}

async function pickPrompt(found: readonly vscode.Uri[], title: string): Promise<vscode.TextDocument | undefined> {
  if (found.length === 1) return vscode.workspace.openTextDocument(found[0]);
  const items = found.map((uri) => ({
    label: label`${basename(uri.path)}`,
    description: vscode.workspace.asRelativePath(uri),
    value: uri,
  }));
  const picked = await pick(items, { title, matchOnDescription: true });
  return picked && vscode.workspace.openTextDocument(picked);
}

async function offerNewPrompt(): Promise<void> {
  const create = 'New Prompt from Data…';
  const message = 'This workspace has no prompt file. Tandem can write a first one for a file of rows.';
  if ((await notify('information', message, { actions: [create] })) === create) {
    await vscode.commands.executeCommand(commandIds.newPrompt);
  }
}

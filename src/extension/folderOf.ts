/** @file The folder that a prompt file's runs and results are kept in. */
import * as vscode from 'vscode';
import { stayWithin, workspaceOf } from '../run/record/tandemFolder.ts';

/** The workspace folder of a prompt file; jobs of one folder wait for each other. @throws as `stayInFolder` */
export function folderOf(uri: vscode.Uri): string {
  stayInFolder(uri);
  return openedFolder(uri) ?? workspaceOf(uri.fsPath);
}

/** From now on nothing that is recorded of the file lies above its workspace folder. @throws as `stayWithin` */
export function stayInFolder(uri: vscode.Uri): void {
  const opened = openedFolder(uri);
  if (opened !== undefined) stayWithin(opened, uri.fsPath);
}

const openedFolder = (uri: vscode.Uri): string | undefined => vscode.workspace.getWorkspaceFolder(uri)?.uri.fsPath;

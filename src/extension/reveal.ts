/** @file Shows a file in the editor that has it open already, or else in a column where it covers no other kind of tab. */
import * as vscode from 'vscode';

export async function revealFile(uri: vscode.Uri): Promise<void> {
  await vscode.window.showTextDocument(uri, { viewColumn: columnFor(uri) });
}

function columnFor(uri: vscode.Uri): vscode.ViewColumn {
  const { all, activeTabGroup } = vscode.window.tabGroups;
  const shows = ({ input }: vscode.Tab): boolean => input instanceof vscode.TabInputText && input.uri.toString() === uri.toString();
  const isText = ({ activeTab }: vscode.TabGroup): boolean => !(activeTab?.input instanceof vscode.TabInputWebview);
  const open = all.find(({ tabs }) => tabs.some(shows)) ?? [activeTabGroup, ...all].find(isText);
  return open?.viewColumn ?? vscode.ViewColumn.Beside;
}

/** @file Activation of the VS Code extension. */
import * as vscode from 'vscode';

export function activate(context: vscode.ExtensionContext): void {
  context.subscriptions.push(vscode.commands.registerCommand('tandem.showVersion', () => showVersion(context)));
}

async function showVersion(context: vscode.ExtensionContext): Promise<void> {
  const { displayName, version } = context.extension.packageJSON as { displayName: string; version: string };
  const answer = await vscode.window.showInformationMessage(`${displayName} ${version}`, 'Open README');
  if (answer) await vscode.commands.executeCommand('markdown.showPreview', vscode.Uri.joinPath(context.extensionUri, 'README.md'));
}

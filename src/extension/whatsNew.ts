/** @file Shows what is new in this version, and offers it once after an update. */
import * as vscode from 'vscode';
import { isUpdate } from './core/versions.ts';
import { commandIds } from './ids.ts';
import { notify } from './surfaces/notifications.ts';

/** Under these keys the version that was used last, and whether the offer was turned off. */
const usedKey = 'usedVersion';
const offKey = 'whatsNewIsOff';

export function registerWhatsNew({ globalState, extension, extensionUri }: vscode.ExtensionContext): vscode.Disposable {
  const show = async (): Promise<void> => {
    // A package has the file under a name in lower case.
    const files = await vscode.workspace.fs.readDirectory(extensionUri);
    const name = files.map(([file]) => file).find((file) => /^changelog\.md$/i.test(file)) ?? 'CHANGELOG.md';
    await vscode.commands.executeCommand('markdown.showPreview', vscode.Uri.joinPath(extensionUri, name));
  };
  const offer = async (): Promise<void> => {
    const { version } = extension.packageJSON as { readonly version: string };
    const used = globalState.get<string>(usedKey);
    if (used !== version) await globalState.update(usedKey, version);
    if (!isUpdate(used, version) || globalState.get<boolean>(offKey)) return;
    const [open, off] = ["What's New", 'Do Not Show Again'];
    const answer = await notify('information', `Tandem was updated to version ${version}.`, { actions: [open, off] });
    if (answer === open) await show();
    if (answer === off) await globalState.update(offKey, true);
  };
  void offer();
  return vscode.commands.registerCommand(commandIds.whatsNew, show);
}

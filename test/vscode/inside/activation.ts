/** @file The extension as VS Code loads it. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { extensionId } from '../../support/extension.ts';
import { test } from './runner.ts';

const extension = vscode.extensions.getExtension(extensionId)!;
const manifest = extension.packageJSON as { contributes: { commands: { command: string }[] } };

test('it activates', async () => {
  await extension.activate();
  assert.equal(extension.isActive, true);
});

test('every command that the manifest contributes is registered', async () => {
  const registered = new Set(await vscode.commands.getCommands(true));
  const missing = manifest.contributes.commands.map(({ command }) => command).filter((command) => !registered.has(command));
  assert.deepEqual(missing, []);
});

test('the files of the sample workspace are found', async () => {
  const found = await vscode.workspace.findFiles('**/*.prompt.md');
  assert.deepEqual(
    found.map((uri) => vscode.workspace.asRelativePath(uri)),
    ['intent.prompt.md'],
  );
});

/** @file What the tests rely on: a window can be read and controlled from the page and from the extension host. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { themes } from '../support/themes.ts';
import { extensionId } from '../support/extension.ts';
import { screenshots } from '../support/paths.ts';
import { versions, type Version } from '../support/versions.ts';
import { expect, test } from './fixtures.ts';

test.for(Object.keys(versions) as Version[])(
  'the extension activates in the %s version, and the palette has its commands',
  async (version, { openEditor }) => {
    const editor = await openEditor({ version });
    const active = await editor.run(async (vscode, id) => {
      const extension = vscode.extensions.getExtension(id)!;
      await extension.activate();
      return { version: vscode.version, active: extension.isActive };
    }, extensionId);
    expect(active).toEqual({ version: versions[version].vscode, active: true });
    // Commands for prompts are available once a prompt is open.
    await editor.open('intent.prompt.md');
    await expect.poll(() => editor.commandsFor('Tandem:')).toContainEqual(expect.stringMatching(/^Tandem: /));
  },
);

test('a test reads lines, lenses, decorations and hovers, and presses what it sees', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: (workspace) => writeFileSync(join(workspace, 'notes.txt'), 'one\ntwo\nthree and more\n') });
  await editor.open('notes.txt');
  await editor.run((vscode) => {
    const selector = { pattern: '**/notes.txt' };
    const line = new vscode.Range(2, 0, 2, 0);
    const say = (title: string): { command: string; title: string } => ({ title, command: `harness.${title}` });
    for (const title of ['First', 'Second'])
      vscode.commands.registerCommand(`harness.${title}`, () => void vscode.window.showInformationMessage(`${title} was pressed`, 'Fine'));
    vscode.languages.registerCodeLensProvider(selector, {
      provideCodeLenses: () => ['First', 'Second'].map((title) => new vscode.CodeLens(line, say(title))),
    });
    vscode.languages.registerHoverProvider(selector, { provideHover: () => new vscode.Hover('What was measured') });
    const decoration = vscode.window.createTextEditorDecorationType({ after: { contentText: '+6.2 pts "so"' } });
    vscode.window.activeTextEditor!.setDecorations(decoration, [vscode.window.activeTextEditor!.document.lineAt(2).range]);
  });
  await expect.poll(editor.lenses).toContain('First | Second');
  await expect.poll(editor.lines).toContainEqual({ text: 'three and more', added: '+6.2 pts "so"' });
  expect(await editor.hover('three and more')).toContain('What was measured');
  await editor.pressLens('Second');
  await expect.poll(editor.notifications).toContain('Second was pressed');
  await editor.pressNotification('Fine');
  await expect.poll(editor.notifications).toEqual([]);
});

test('a test answers quick picks, reads a webview, and sees the window in every theme', async ({ editor }) => {
  await editor.run((vscode) => {
    vscode.commands.registerCommand('harness.ask', async () => {
      const model = await vscode.window.showQuickPick(['nano', 'smollm2-135m'], { placeHolder: 'Which model?' });
      const name = await vscode.window.showInputBox({ prompt: 'Its name' });
      const panel = vscode.window.createWebviewPanel('harness', 'Harness', vscode.ViewColumn.One, { enableScripts: true });
      panel.webview.html = `<body><h1>${model} as ${name}</h1><button onclick="this.textContent = 'pressed'">press</button></body>`;
    });
    void vscode.commands.executeCommand('harness.ask');
  });
  await expect.poll(editor.picks).toEqual(['nano', 'smollm2-135m']);
  await editor.pick('smollm2');
  await editor.answer('mine');
  const page = editor.webview();
  expect(await page.locator('h1').innerText()).toBe('smollm2-135m as mine');
  await page.locator('button').click();
  expect(await page.locator('button').innerText()).toBe('pressed');
  await editor.screenshot('harness');
  for (const { name } of themes) expect(existsSync(join(screenshots, `harness-${name}.png`))).toBe(true);
});

test('reloading the window restarts the extension host', async ({ editor }) => {
  const host = (): Promise<number> => editor.run(() => process.pid);
  const before = await host();
  await editor.reload();
  expect(await host()).not.toBe(before);
  expect(await editor.run((vscode) => vscode.workspace.workspaceFolders![0].uri.fsPath)).toBe(editor.workspace);
});

test('a folder can be opened untrusted, and trusted later', async ({ openEditor }) => {
  const editor = await openEditor({ asksForTrust: true });
  const trusted = (): Promise<boolean> => editor.run((vscode) => vscode.workspace.isTrusted);
  expect(await trusted()).toBe(false);
  await editor.command('Workspaces: Manage Workspace Trust');
  await editor.page.locator('.workspace-trust-editor .monaco-button', { hasText: 'Trust' }).first().click();
  await expect.poll(trusted).toBe(true);
});

test('an error in the extension host fails the test with its message and stack', async ({ editor }) => {
  const failing = editor.run(() => {
    throw new Error('as it should');
  });
  await expect(failing).rejects.toThrow('as it should');
});

/** @file The first minutes: the walkthrough that opens by itself, commands without a prompt in focus, and where results go. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeTinyTask } from '../support/tinyTask.ts';
import { expect, test } from './fixtures.ts';

test('the walkthrough opens once, in the first workspace with prompt files', async ({ openEditor }) => {
  const editor = await openEditor({ welcomes: true, prepare: writeTinyTask });
  const walkthrough = editor.page.locator('.gettingStartedContainer').getByText('Evaluate the prompt', { exact: true }).first();
  await walkthrough.waitFor();
  await editor.screenshot('first-walkthrough');
  await editor.run((vscode) => vscode.commands.executeCommand('workbench.action.closeAllEditors'));
  await editor.reload();
  await editor.open('kind.prompt.md');
  await expect.poll(editor.lenses).toContain('Not measured yet | Evaluate | Optimize');
  expect(await walkthrough.count()).toBe(0);
});

test('where no prompt has the focus, a command asks which one is meant', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: writeTinyTask });
  await editor.command('Tandem: Evaluate');
  await expect.poll(async () => (await editor.picks()).sort()).toEqual(['intent.prompt.md', 'kind.prompt.md']);
  await editor.pick('kind.prompt.md');
  await editor.open('kind.prompt.md');
  await expect.poll(editor.lenses).toContainEqual(expect.stringMatching(/^\d+% ±\d+ \|/));
  // In other tests no walkthrough opens.
  expect(await editor.page.locator('.gettingStartedContainer').count()).toBe(0);
});

test('where there is no prompt, a command offers to write one, which has no problem of its own', async ({ openEditor }) => {
  const editor = await openEditor({
    prepare: (workspace) => {
      rmSync(join(workspace, 'intent.prompt.md'));
      const rows = Array.from({ length: 200 }, (_, place) => `${place};note ${place};${place % 2 ? 'good' : 'bad'}`);
      writeFileSync(join(workspace, 'notes.csv'), `id;note;mood\n${rows.join('\n')}\n`);
    },
  });
  await editor.command('Tandem: Optimize Prompt and Weights');
  await expect.poll(editor.notifications).toContainEqual(expect.stringContaining('has no prompt file'));
  await editor.pressNotification('New Prompt from Data…');
  await expect.poll(editor.picks).toContain('notes.csv');
  await expect.poll(() => editor.page.locator('.quick-input-list').innerText()).toContain('separated by semicolons');
  await editor.pick('notes.csv');
  await expect.poll(editor.picks).toContain('mood');
  await editor.pick('mood');
  await expect.poll(editor.lenses).toContain('Not measured yet | Evaluate | Optimize');
  const said = await editor.run((vscode) =>
    vscode.languages.getDiagnostics(vscode.window.activeTextEditor!.document.uri).filter(({ source }) => source === 'Tandem'),
  );
  expect(said).toEqual([]);
});

test('nothing is written above the folder that is opened', async ({ openEditor }) => {
  const editor = await openEditor({
    prepare: (workspace) => {
      const folder = join(workspace, 'prompts');
      for (const each of [folder, join(workspace, '.git')]) mkdirSync(each);
      writeTinyTask(folder);
      return folder;
    },
  });
  await editor.open('prompts/kind.prompt.md');
  await editor.pressLens('Evaluate');
  await expect.poll(editor.lenses).toContainEqual(expect.stringMatching(/^\d+% ±\d+ \|/));
  expect(existsSync(join(editor.workspace, 'prompts', '.tandem', 'results'))).toBe(true);
  expect(existsSync(join(editor.workspace, '.tandem'))).toBe(false);
});

/** @file The views of the side bar: what they list, what their rows can do, and how they look when they are empty. */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Editor } from '../support/editor.ts';
import { withoutEmbedded } from '../support/embedded.ts';
import { root } from '../support/paths.ts';
import { writeTinyTask } from '../support/tinyTask.ts';
import { expect, test } from './fixtures.ts';

const showViews = (editor: Editor): Promise<unknown> =>
  editor.run((vscode) => vscode.commands.executeCommand('workbench.view.extension.tandem'));

/** The rows that the workspace adds to the views. */
const listed = async (editor: Editor): Promise<string[]> => withoutEmbedded(await editor.treeRows());

/** A second prompt in its own folder, and short runs. */
function withTwoPrompts(workspace: string): void {
  writeTinyTask(workspace);
  mkdirSync(join(workspace, 'more'));
  writeTinyTask(join(workspace, 'more'));
  writeFileSync(join(workspace, 'plain.prompt.md'), 'A prompt of another tool.\n');
  mkdirSync(join(workspace, '.vscode'));
  writeFileSync(join(workspace, '.vscode', 'settings.json'), JSON.stringify({ 'tandem.optimize.budget': '60k' }));
}

test('prompts, runs and models are listed, and their rows have actions', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: withTwoPrompts });
  await showViews(editor);
  await expect.poll(() => listed(editor)).toEqual(['intent, Not measured yet', 'kind, Not measured yet', 'more/kind, Not measured yet']);
  await editor.pressRow('more/kind', 'Evaluate');
  await expect.poll(editor.treeRows).toContainEqual(expect.stringMatching(/^more\/kind, \d+\.\d% \[\d+, \d+\] · \d+ rows/));
  expect(await editor.run((vscode) => vscode.window.activeTextEditor === undefined)).toBe(true);

  // A change on disk, without opening the file.
  writeFileSync(join(editor.workspace, 'more', 'kind.prompt.md'), 'Text: ${input:text}\n', { flag: 'a' });
  await expect.poll(editor.treeRows).toContainEqual(expect.stringMatching(/^more\/kind, .* before your edits$/));

  await editor.pressRow('kind', 'Optimize Prompt and Weights');
  await expect
    .poll(editor.treeRows)
    .toContainEqual(
      expect.stringMatching(/^kind, ended · .* → .* test rows · price per answer (\d+ → )?\d+ tokens, ([\d.]+ → )?[\d.]+ ms · just now$/),
    );
  await editor.run((vscode) => vscode.commands.executeCommand('workbench.action.closeAllEditors'));
  await editor.pressRow('kind, ended');
  await editor
    .webview()
    .getByRole('button', { name: /^Phase 1 / })
    .waitFor();
  await editor.screenshot('views');
  rmSync(join(editor.workspace, 'more'), { recursive: true });
  await expect.poll(editor.treeRows).not.toContainEqual(expect.stringMatching(/^more/));
});

test('a model is added from the view, and removed after a confirmation', async ({ openEditor }) => {
  const editor = await openEditor();
  await showViews(editor);
  const models = async (): Promise<string[]> => (await editor.treeRows()).filter((row) => /^tiny/.test(row));
  await editor.command('Tandem: Add Model');
  await expect.poll(editor.picks).toEqual(['smollm2-135m', 'From Hugging Face…', 'A folder…', 'A GGUF file…']);
  await editor.pick('A GGUF file…');
  const dialog = editor.page.locator('.quick-input-widget');
  await expect.poll(() => dialog.locator('input.input').inputValue()).toBe(`${editor.workspace}/`);
  const added = async (): Promise<string[]> => {
    // While the dialog looks up the typed path, it may use the first Enter to choose a completion.
    if (await dialog.isVisible()) await editor.answer(join(root, 'test', 'fixtures', 'tiny-tied.gguf'));
    return models();
  };
  await expect.poll(added).toEqual([expect.stringMatching(/^tiny-tied, /)]);
  await editor.pressRow('tiny-tied', 'Remove Model');
  await editor.pressDialog('Remove');
  await expect.poll(models).toEqual([]);
  expect(existsSync(join(root, 'test', 'fixtures', 'tiny-tied.gguf'))).toBe(true);
});

test('views without content say what to do', async ({ openEditor }) => {
  const editor = await openEditor({
    prepare: (workspace) => rmSync(join(workspace, 'intent.prompt.md')),
  });
  await showViews(editor);
  const buttons = (): Promise<string[]> => editor.page.locator('.part.sidebar .welcome-view-content .monaco-button').allInnerTexts();
  await expect.poll(buttons).toEqual(['Evaluate a Prompt', 'Open Sample', 'Optimize a Prompt']);
  expect(await editor.treeRows()).toEqual([expect.stringMatching(/^nano, \d+ MB · comes with Tandem$/)]);
  await editor.screenshot('views-empty');
});

test('the names of prompts, runs and tasks contain the folder if several folders are open', async ({ openEditor }) => {
  let other = '';
  const editor = await openEditor({
    prepare: (workspace) => {
      const beside = (name: string): string => join(dirname(workspace), name);
      other = beside('other');
      mkdirSync(other);
      for (const folder of [workspace, other]) writeTinyTask(folder);
      const settings = { 'tandem.optimize.budget': '30k' };
      writeFileSync(beside('both.code-workspace'), JSON.stringify({ folders: [{ path: workspace }, { path: other }], settings }));
      return beside('both.code-workspace');
    },
  });
  // In the browser, the folders of a workspace file sometimes do not appear until the window is reloaded.
  const folders = (): Promise<number | undefined> => editor.run((vscode) => vscode.workspace.workspaceFolders?.length);
  for (let tries = 0; tries < 3; tries++) {
    const opened = expect.poll(folders, { timeout: 8000 }).toBe(2);
    if (
      await opened.then(
        () => true,
        () => false,
      )
    )
      break;
    await editor.reload();
  }
  await showViews(editor);
  await expect
    .poll(() => listed(editor))
    .toEqual(['other/kind', 'support/intent', 'support/kind'].map((name) => `${name}, Not measured yet`));
  await editor.pressRow('other/kind', 'Evaluate');
  await editor.pressRow('support/kind', 'Optimize Prompt and Weights');
  await expect.poll(editor.treeRows).toContainEqual(expect.stringMatching(/^other\/kind, \d+\.\d% \[\d+, \d+\] · \d+ rows/));
  await expect
    .poll(editor.treeRows)
    .toContainEqual(
      expect.stringMatching(
        /^support\/kind, ended · .* test rows · price per answer (\d+ → )?\d+ tokens, ([\d.]+ → )?[\d.]+ ms · just now$/,
      ),
    );
  expect(readdirSync(join(other, '.tandem', 'results')).sort()).toEqual(['kind.answers.jsonl', 'kind.json']);
  expect(readdirSync(join(editor.workspace, '.tandem', 'runs'))).toHaveLength(1);
  expect(existsSync(join(other, '.tandem', 'runs'))).toBe(false);
  const tasks = await editor.run(async (vscode) =>
    (await vscode.tasks.fetchTasks({ type: 'tandem' })).map(({ name, scope }) => `${(scope as { name: string }).name}: ${name}`).sort(),
  );
  const named = [
    ['other', 'kind'],
    ['support', 'intent'],
    ['support', 'kind'],
  ];
  expect(tasks).toEqual(
    named.flatMap(([folder, name]) => ['Evaluate', 'Optimize'].map((verb) => `${folder}: ${verb} ${name}.prompt.md`)).sort(),
  );
  await editor.screenshot('views-folders');
});

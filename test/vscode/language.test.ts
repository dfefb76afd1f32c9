/** @file Help while a prompt file is written: completion, hovers and quick fixes. */
import type { Editor } from '../support/editor.ts';
import { writeTinyTask } from '../support/tinyTask.ts';
import { rewrite } from '../support/rewrite.ts';
import { isSeen } from '../support/workbench.ts';
import { expect, test } from './fixtures.ts';

const text = (editor: Editor): Promise<string> => editor.run((vscode) => vscode.window.activeTextEditor!.document.getText());

/** The list of suggestions, requested again until it contains `wanted`. */
const suggestions = async (editor: Editor, wanted: string): Promise<string[]> => {
  const rows = editor.page.locator('.suggest-widget.visible .monaco-list-row');
  await expect
    .poll(async () => {
      await editor.run((vscode) => void vscode.commands.executeCommand('editor.action.triggerSuggest'));
      await isSeen(rows.first());
      return rows.locator('.label-name').allInnerTexts();
    })
    .toContain(wanted);
  return rows.locator('.label-name').allInnerTexts();
};

test('keys, columns, metrics, models and data files are suggested where they belong', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: writeTinyTask });
  await editor.open('kind.prompt.md');
  await editor.page.locator('.monaco-editor .view-line').first().click();
  await rewrite(editor, '  labels: from-data', '  m');
  expect(await suggestions(editor, 'metric')).not.toContain('model');
  await editor.screenshot('completion');
  await editor.page.locator('.suggest-widget.visible .monaco-list-row', { hasText: 'metric' }).first().click();
  await expect.poll(() => text(editor)).toContain('  metric: \n');
  // The values of a setting that was chosen are offered at once.
  expect(await suggestions(editor, 'accuracy')).toContain('exact-match');
  await editor.page.keyboard.press('Escape');

  await rewrite(editor, 'output: kind', 'output: ');
  expect(await suggestions(editor, 'kind')).toContain('text');
  await editor.page.keyboard.press('Escape');
  await rewrite(editor, 'data: rows.jsonl', 'data: ');
  expect(await suggestions(editor, 'rows.jsonl')).toContain('data/messages.jsonl');
  await editor.page.keyboard.press('Escape');
  await rewrite(editor, 'data: ', 'data: rows.jsonl');
  await rewrite(editor, 'output: ', 'output: kind');
  await rewrite(editor, '${input:text}', '${input:');
  expect(await suggestions(editor, 'text')).not.toContain('kind');
  await editor.page.keyboard.press('Enter');
  await expect.poll(() => text(editor)).toContain('Text: ${input:text}\n');
});

test('a hover shows the values of a column and explains a setting', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: writeTinyTask });
  await editor.open('kind.prompt.md');
  await expect.poll(() => editor.hover('input:text')).toMatch(/text.*red number 0.*green number 1.*blue number 2/);
  await editor.screenshot('hover');
  await editor.page.keyboard.press('Escape');
  await expect.poll(() => editor.hover('labels')).toMatch(/answers to choose from/);
});

test('mistakes can be fixed where they are', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: writeTinyTask });
  await editor.open('kind.prompt.md');
  await editor.page.locator('.monaco-editor .view-line').first().click();
  await rewrite(editor, 'rows.jsonl', 'row.jsonl');
  const fixes = (): Promise<string[]> =>
    editor.run(async (vscode) => {
      const { document, selection } = vscode.window.activeTextEditor!;
      const found = await vscode.commands.executeCommand<{ title: string }[]>('vscode.executeCodeActionProvider', document.uri, selection);
      return found.map(({ title }) => title);
    });
  await expect.poll(fixes).toContain('Change to rows.jsonl');
  const menu = editor.page.locator('.action-widget .monaco-list-row');
  const openMenu = async (title: string): Promise<void> => {
    await expect.poll(fixes).toContain(title);
    // Requested again until the menu appears, because a squiggle that is drawn meanwhile closes it.
    await expect
      .poll(async () => {
        await editor.run((vscode) => void vscode.commands.executeCommand('editor.action.quickFix'));
        return isSeen(menu.filter({ hasText: title }));
      })
      .toBe(true);
  };
  // The likeliest fix comes first and has the focus.
  await openMenu('Change to rows.jsonl');
  await editor.page.keyboard.press('Enter');
  await expect.poll(() => text(editor)).toContain('data: rows.jsonl\n');

  await rewrite(editor, 'input:text', 'input:txet');
  await openMenu('Change to text');
  await editor.screenshot('quick-fix');
  await editor.page.keyboard.press('Enter');
  await expect.poll(() => text(editor)).toContain('${input:text}');
});

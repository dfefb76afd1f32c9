/** @file The answers of an evaluation beside its prompt: filtered, followed to the data, kept over a reload; and a row that is tried. */
import type { Editor } from '../support/editor.ts';
import { rewrite } from '../support/rewrite.ts';
import { writeTinyTask } from '../support/tinyTask.ts';
import { expect, test } from './fixtures.ts';

/** The tiny task alone: the sample's prompt would have its model downloaded. */
const shownAt = (editor: Editor): Promise<string> =>
  editor.run((vscode) => {
    const { document, selection } = vscode.window.activeTextEditor!;
    return `${vscode.workspace.asRelativePath(document.uri)}:${selection.active.line + 1}`;
  });

test('an evaluation shows its answers without taking the focus; wrong ones alone, and each leads to its line of the data', async ({
  openEditor,
}) => {
  const editor = await openEditor({ prepare: writeTinyTask });
  await editor.open('kind.prompt.md');
  await editor.pressLens('Evaluate');
  const page = editor.webview();
  const table = page.getByRole('table', { name: 'Rows with their answers' });
  await table.waitFor();
  expect(await editor.run((vscode) => vscode.window.activeTextEditor?.document.fileName)).toMatch(/kind\.prompt\.md$/);
  await editor.screenshot('answers');

  const count = () => table.locator('tbody tr').count();
  const all = await count();
  await page.getByRole('button', { name: 'Only wrong' }).click();
  await expect.poll(count).toBeLessThan(all);
  const wrong = table.locator('tbody tr').first();
  expect(await wrong.innerText()).toContain('wrong');
  const [line, text] = await wrong.locator('td').allInnerTexts();
  await page.getByRole('button', { name: `Line ${line}: open in the data file` }).click();
  await expect.poll(() => shownAt(editor)).toBe(`rows.jsonl:${line}`);
  expect(
    await editor.run((vscode) => vscode.window.activeTextEditor!.document.lineAt(vscode.window.activeTextEditor!.selection.active).text),
  ).toContain(`"${text}"`);

  // An edit says so; the number above the prompt leads back.
  await editor.open('kind.prompt.md');
  await rewrite(editor, 'Say what it is.', 'Name the kind.');
  await page.getByText('The prompt has changed since these answers were given.').waitFor();
  await rewrite(editor, 'Name the kind.', 'Say what it is.');
  await editor.run((vscode) => vscode.commands.executeCommand('workbench.action.closeEditorsInOtherGroups'));
  await editor.pressLens('±');
  await table.waitFor();

  // Nobody opened the Test Explorer, and yet it knows.
  await editor.command('Testing: Focus on Test Explorer View');
  await expect.poll(editor.treeRows).toContainEqual(expect.stringMatching(/kind\.prompt\.md · \d+\.\d% .* rows \(Failed\)/));
});

test('the answers are there again after a reload of the window', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: writeTinyTask });
  await editor.open('kind.prompt.md');
  await editor.pressLens('Evaluate');
  const table = () => editor.webview().getByRole('table', { name: 'Rows with their answers' });
  await table().waitFor();
  await editor.reload();
  // The window may have been reloaded before it remembered its tabs.
  await editor.command('Tandem: Show Answers');
  await table().waitFor();
});

test('a row is tried, typed or chosen from the data, with what the editor has and the disk has not', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: writeTinyTask });
  await editor.open('kind.prompt.md');
  await editor.command('Tandem: Try It');
  const page = editor.webview();
  await page.getByRole('textbox', { name: 'text' }).fill('blue number 3');
  await page.getByRole('button', { name: 'Try', exact: true }).click();
  const labels = page.getByRole('table', { name: 'Probability of each label' });
  await labels.waitFor();
  expect(await labels.getByRole('rowheader').allInnerTexts()).toEqual(expect.arrayContaining(['animal', 'colour']));
  const tokens = async (): Promise<number> => Number(/(\d+) prompt tokens/.exec(await page.getByRole('article').innerText())?.[1] ?? NaN);
  const before = await tokens();

  await page.getByRole('button', { name: 'Choose Row…' }).click();
  await expect.poll(editor.picks).toContainEqual(expect.stringMatching(/number \d+/));
  const [row] = await editor.picks();
  await editor.pick(row);
  await page.getByText(/Validation row in line \d+\. Right answer: (colour|animal)/).waitFor();
  expect(await page.getByRole('textbox', { name: 'text' }).inputValue()).toBe(row);
  // A chosen row has no answer yet.
  await expect.poll(() => labels.count()).toBe(0);
  await page.getByRole('button', { name: 'Try', exact: true }).click();
  await labels.waitFor();
  await editor.screenshot('try-it');

  await editor.run((vscode) => vscode.commands.executeCommand('workbench.action.focusFirstEditorGroup'));
  await rewrite(editor, 'Say what it is.', 'Say what it is, and do not think too long about it, please.');
  await page.getByText('The prompt has changed since it was tried.').waitFor();
  await page.getByRole('button', { name: 'Try', exact: true }).click();
  await expect.poll(tokens).toBeGreaterThan(before + 5);
  const isUnsaved = await editor.run((vscode) =>
    vscode.workspace.textDocuments.some(({ fileName, isDirty }) => /kind\.prompt\.md$/.test(fileName) && isDirty),
  );
  expect(isUnsaved).toBe(true);
});

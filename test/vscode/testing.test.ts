/** @file The Test Explorer: rows are tests, run by the engine's own measurement, again on save, and given up when asked. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Editor } from '../support/editor.ts';
import { writeTinyTask } from '../support/tinyTask.ts';
import { expect, test } from './fixtures.ts';

/** What the results file says was measured. */
const measured = ({ workspace }: Editor): { at: string; split: string; score: { rows: number } } | undefined => {
  const file = join(workspace, '.tandem', 'results', 'kind.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { evaluation: never }).evaluation : undefined;
};

const openExplorer = async (editor: Editor): Promise<void> => {
  await editor.command('Testing: Focus on Test Explorer View');
  await expect.poll(editor.treeRows).toContainEqual(expect.stringContaining('kind.prompt.md'));
};

test('a prompt has its rows as tests; those that fail show the right answer beside the given one, at their line of the data', async ({
  openEditor,
}) => {
  const editor = await openEditor({ prepare: writeTinyTask });
  await openExplorer(editor);
  await editor.page.locator('.part.sidebar .monaco-list-row', { hasText: 'kind.prompt.md' }).click();
  await editor.page.keyboard.press('ArrowRight');
  await expect.poll(editor.treeRows).toContainEqual(expect.stringMatching(/number \d+.*line \d+/));
  await editor.command('Test: Run All Tests');
  await expect.poll(() => measured(editor)?.split).toBe('val');
  await expect.poll(editor.treeRows).toContainEqual(expect.stringMatching(/kind\.prompt\.md.*%/));
  console.log(await editor.treeRows());
  await editor.screenshot('testing');
});

/** @file The Test Explorer: rows are tests, run by Tandem's own measurement, again on save, and cancelled on request. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Editor } from '../support/editor.ts';
import { writeTinyTask } from '../support/tinyTask.ts';
import { expect, test } from './fixtures.ts';

/** Only the tiny task: the sample's prompt would also run, and its model would be downloaded. */
const writeOnlyTinyTask = (workspace: string): void => {
  rmSync(join(workspace, 'intent.prompt.md'));
  writeTinyTask(workspace);
};

/** What was measured, according to the results file. */
const measured = ({ workspace }: Editor): { at: string; split: string; score: { rows: number } } | undefined => {
  const file = join(workspace, '.tandem', 'results', 'kind.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { evaluation: never }).evaluation : undefined;
};

const openExplorer = async (editor: Editor): Promise<void> => {
  await editor.command('Testing: Focus on Test Explorer View');
  const prompt = editor.page.locator('.part.sidebar .monaco-list-row', { hasText: 'kind.prompt.md' });
  await prompt.click();
  await editor.page.keyboard.press('ArrowRight');
  await expect.poll(editor.treeRows).toContainEqual(expect.stringMatching(/number \d+/));
};

test('the rows of a prompt are tests; a failed one shows the right and the given answer at its line of the data', async ({
  openEditor,
}) => {
  const editor = await openEditor({ prepare: writeOnlyTinyTask });
  await openExplorer(editor);
  await editor.command('Test: Run All Tests');
  await expect.poll(editor.treeRows).toContainEqual(expect.stringMatching(/kind\.prompt\.md · \d+\.\d% .* rows \(Failed\)/));
  expect(measured(editor)?.split).toBe('val');
  // The editor counts the same rows as the metric.
  await expect.poll(() => editor.page.locator('.part.sidebar .result-summary').innerText()).toContain(`/${measured(editor)!.score.rows}`);
  const rows = await editor.treeRows();
  expect(rows).toContainEqual(expect.stringMatching(/number \d+ \(Passed\)/));
  // The sealed split stays closed.
  for (const row of rows.filter((each) => each.includes('held out'))) expect(row).toMatch(/Not yet run/);

  const failed = editor.page.locator('.part.sidebar .monaco-list-row[aria-label*="(Failed)"]').nth(1);
  const text = /^(.*) \(Failed\)/.exec((await failed.getAttribute('aria-label'))!)![1];
  await failed.dblclick();
  const opened = (): Promise<{ name: string; line: string } | undefined> =>
    editor.run((vscode) => {
      const shown = vscode.window.activeTextEditor;
      return shown && { name: shown.document.fileName, line: shown.document.lineAt(shown.selection.active.line).text };
    });
  await expect.poll(async () => (await opened())?.line).toContain(`"${text}"`);
  expect((await opened())!.name).toMatch(/rows\.jsonl$/);
  await editor.page.locator('.test-output-peek').first().waitFor();
  await editor.screenshot('testing');
});

test('only a run that says so measures the sealed rows', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: writeOnlyTinyTask });
  await openExplorer(editor);
  await editor.page.locator('.part.sidebar .monaco-list-row', { hasText: 'kind.prompt.md' }).click({ button: 'right' });
  await editor.page.getByRole('menuitem', { name: /^Execute Using Profile/ }).click();
  await expect.poll(editor.picks).toContain('Held-out test rows (meant to be used once)');
  await editor.pick('Held-out');
  await expect.poll(() => measured(editor)?.split).toBe('test');
  await expect.poll(editor.treeRows).toContainEqual(expect.stringMatching(/held out\) \((Passed|Failed)\)/));
});

test('a continuous run measures again when the prompt or its data is saved', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: writeOnlyTinyTask });
  await openExplorer(editor);
  // Only one profile supports this, so the editor does not ask for one.
  await editor.command('Test: Start Continuous Run');
  await editor.open('kind.prompt.md');
  await editor.run(async (vscode) => {
    const shown = vscode.window.activeTextEditor!;
    await shown.edit((edit) => edit.insert(new vscode.Position(7, 0), 'Read it. '));
    await shown.document.save();
  });
  await expect.poll(() => measured(editor)?.at).toBeDefined();
  const { at, score } = measured(editor)!;
  const rows = join(editor.workspace, 'rows.jsonl');
  const more = Array.from({ length: 60 }, (_, i) => JSON.stringify({ text: `red number ${1000 + i}`, kind: 'colour' }) + '\n');
  writeFileSync(rows, readFileSync(rows, 'utf8') + more.join(''));
  await expect.poll(() => measured(editor)?.at).not.toBe(at);
  expect(measured(editor)!.score.rows).toBeGreaterThan(score.rows);
});

test('of very many rows only some are listed, and measuring them all can be cancelled', async ({ openEditor }) => {
  const editor = await openEditor({
    prepare: (workspace) => {
      writeOnlyTinyTask(workspace);
      const rows = Array.from({ length: 60_000 }, (_, i) => JSON.stringify({ text: `red number ${i}`, kind: i % 2 ? 'colour' : 'animal' }));
      writeFileSync(join(workspace, 'rows.jsonl'), rows.join('\n'));
    },
  });
  await openExplorer(editor);
  expect(await editor.treeRows()).toContainEqual(expect.stringMatching(/1000 of \d+ validation rows and 1000 of \d+ test rows are listed/));
  await editor.command('Test: Run All Tests');
  await expect
    .poll(editor.statusBar)
    .toContainEqual(expect.stringMatching(/Evaluating kind.*: [1-9]\d?% · measuring on \d+ validation rows · .* left$/));
  // Cancelled directly, because the measurement could be over before the palette is open.
  await editor.run((vscode) => void vscode.commands.executeCommand('testing.cancelRun'));
  await expect.poll(async () => (await editor.statusBar()).join()).not.toMatch(/Evaluating/);
  expect(measured(editor)).toBeUndefined();
});

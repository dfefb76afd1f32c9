/** @file Measuring in the editor: the lens above the body, and what each line is worth at its end, grey if the text has changed. */
import { writeTinyTask } from '../support/tinyTask.ts';
import { expect, test } from './fixtures.ts';

test('the numbers of a measured prompt turn grey with an edit and come back with undo', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: writeTinyTask });
  await editor.open('kind.prompt.md');
  await expect.poll(editor.lenses).toContain('Not measured yet | Evaluate | Optimize');
  await editor.pressLens('Evaluate');
  const measured = expect.stringMatching(/^\d+% ±\d+ \| Evaluate \| Optimize$/) as string;
  await expect.poll(editor.lenses).toContainEqual(measured);
  const details = /^accuracy \d+\.\d% \[.*\].* Measured on \d+ validation rows with /;
  await expect.poll(editor.lensDetails).toContainEqual(expect.stringMatching(details));
  await editor.command('Tandem: Measure Lines');
  await expect.poll(async () => (await editor.lines()).find(({ text }) => text === 'Say what it is.')?.added).toMatch(/pts|saves|0\.0/);
  await editor.screenshot('annotations');

  await editor.run(async (vscode) => {
    const shown = vscode.window.activeTextEditor!;
    await shown.edit((edit) => edit.insert(new vscode.Position(shown.document.lineCount, 0), 'and'));
  });
  await expect.poll(editor.lenses).toContainEqual(expect.stringContaining('before your edits'));
  await editor.run((vscode) => vscode.commands.executeCommand('undo'));
  await expect.poll(editor.lenses).toContainEqual(measured);
});

test('problems of a prompt are reported where they are', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: writeTinyTask });
  await editor.open('kind.prompt.md');
  await editor.run(async (vscode) => {
    const shown = vscode.window.activeTextEditor!;
    const at = shown.document.positionAt(shown.document.getText().indexOf('${input:text}') + '${input:'.length);
    await shown.edit((edit) => edit.replace(new vscode.Range(at, at.translate(0, 'text'.length)), 'txet'));
  });
  const problems = (): Promise<string[]> =>
    editor.run((vscode) =>
      vscode.languages
        .getDiagnostics(vscode.window.activeTextEditor!.document.uri)
        .filter(({ source }) => source === 'Tandem')
        .map(({ message, range }) => `${vscode.window.activeTextEditor!.document.getText(range)}: ${message}`),
    );
  await expect.poll(problems).toContainEqual(expect.stringMatching(/txet.*: .*txet/));
});

/** @file Problems of all prompt files of a workspace, open or not, and what fixes them. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Editor } from '../support/editor.ts';
import { writeTinyTask } from '../support/tinyTask.ts';
import { expect, test } from './fixtures.ts';

const severities = ['error', 'warning', 'information'];

/** What Tandem says about the files whose paths end like this, worst first. @param least the mildest that counts */
const problems = (editor: Editor, ending: string, least = 'warning'): Promise<string[]> =>
  editor.run(
    (vscode, wanted, names, most) =>
      vscode.languages
        .getDiagnostics()
        .filter(([uri]) => uri.path.endsWith(wanted))
        .flatMap(([, found]) => found.filter(({ source, severity }) => source === 'Tandem' && Number(severity) <= most))
        .sort((a, b) => a.severity - b.severity)
        .map(({ range, severity, message }) => `${range.start.line + 1}, ${names[severity]}: ${message}`),
    ending,
    severities,
    severities.indexOf(least),
  );

/** Writes a prompt file beside `kind.prompt.md`, which is changed in one place. */
const writeLike = (workspace: string, name: string, from: string, to: string): void =>
  writeFileSync(join(workspace, name), readFileSync(join(workspace, 'kind.prompt.md'), 'utf8').replace(from, to));

test('prompt files that are not open have their problems too, which go when other files change', async ({ openEditor }) => {
  const editor = await openEditor({
    prepare: (workspace) => {
      writeTinyTask(workspace);
      writeLike(workspace, 'column.prompt.md', 'input:text', 'input:txt');
      writeLike(workspace, 'data.prompt.md', 'data: rows.jsonl', 'data: row.jsonl');
      writeLike(workspace, 'demos.prompt.md', 'Text:', '{{demo}}\nText:');
      writeLike(workspace, 'gaps.prompt.md', 'data: rows.jsonl', 'data: gaps.csv');
      writeFileSync(join(workspace, 'gaps.csv'), `text;kind\n${'a thing;colour\n'.repeat(3)};animal\nanother;animal\n`);
    },
  });
  await expect
    .poll(() => problems(editor, 'column.prompt.md'))
    .toEqual([expect.stringMatching(/^10, error: The data has no column "txt" .* Did you mean "text"\?$/)]);
  await expect
    .poll(() => problems(editor, 'data.prompt.md'))
    .toEqual(['3, error: The data file cannot be read. Did you mean "rows.jsonl"?']);
  await expect
    .poll(() => problems(editor, 'demos.prompt.md'))
    .toEqual(['10, warning: "{{demo}}" is not replaced by anything. Did you mean {{demos}}, where the demonstrations go?']);
  await expect
    .poll(() => problems(editor, 'gaps.prompt.md'))
    .toEqual([
      expect.stringMatching(/^3, warning: The data has 5 rows\. .* needs at least \d+\. Add rows/),
      '10, warning: "text" is empty in one row of gaps.csv: line 5. Fill in the value or remove the row.',
    ]);
  expect(await problems(editor, '/kind.prompt.md')).toEqual([]);
  await editor.run((vscode) => vscode.commands.executeCommand('workbench.actions.view.problems'));
  await editor.screenshot('problems');

  writeFileSync(join(editor.workspace, 'row.jsonl'), readFileSync(join(editor.workspace, 'rows.jsonl')));
  await expect.poll(() => problems(editor, 'data.prompt.md')).toEqual([]);
  writeLike(editor.workspace, 'column.prompt.md', '', '');
  await expect.poll(() => problems(editor, 'column.prompt.md')).toEqual([]);
});

test('a model that is not here is suggested or can be added', async ({ openEditor }) => {
  const editor = await openEditor({
    prepare: (workspace) => {
      writeTinyTask(workspace);
      writeLike(workspace, 'typo.prompt.md', 'model: ', 'model: nanoo # ');
      writeLike(workspace, 'absent.prompt.md', 'model: ', 'model: nobody/such-a-model # ');
    },
  });
  const fixesAt = (file: string): Promise<string[]> =>
    editor.run(
      async (vscode, path) => {
        const uri = vscode.Uri.file(path);
        await vscode.window.showTextDocument(uri);
        const { range } = vscode.languages.getDiagnostics(uri).find((each) => each.source === 'Tandem' && each.range.start.line === 5)!;
        const found = await vscode.commands.executeCommand<{ title: string }[]>('vscode.executeCodeActionProvider', uri, range);
        return found.map(({ title }) => title);
      },
      join(editor.workspace, file),
    );
  await expect.poll(() => problems(editor, 'typo.prompt.md')).toEqual(['6, error: There is no model "nanoo". Did you mean "nano"?']);
  await expect.poll(() => fixesAt('typo.prompt.md')).toContain('Change to nano');
  await expect
    .poll(() => problems(editor, 'absent.prompt.md', 'information'))
    .toContain('6, information: The model "nobody/such-a-model" is not on this machine. It is downloaded when it is first used.');
  await expect.poll(() => fixesAt('absent.prompt.md')).toContain('Add Model nobody/such-a-model…');
});

test('a thousand prompt files are all checked', async ({ openEditor }) => {
  const editor = await openEditor({
    prepare: (workspace) => {
      writeTinyTask(workspace);
      mkdirSync(join(workspace, 'many'));
      for (let count = 1; count < 990; count++)
        writeLike(workspace, `many/${count}.prompt.md`, 'data: rows.jsonl', 'data: ../nothing.jsonl');
    },
  });
  const count = (): Promise<number> =>
    editor.run((vscode) => vscode.languages.getDiagnostics().filter(([uri, found]) => /many/.test(uri.path) && found.length > 0).length);
  await expect.poll(count).toBe(989);
});

/** @file A `.prompty` file in the editor has every surface of a `.prompt.md` file, and colours for roles and Jinja. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tinyModel } from '../support/paths.ts';
import { writeTinyTask } from '../support/tinyTask.ts';
import { rewrite } from '../support/rewrite.ts';
import { expect, test } from './fixtures.ts';

const file = 'sort.prompty';

function prepare(workspace: string): void {
  writeTinyTask(workspace);
  rmSync(join(workspace, 'kind.prompt.md'));
  writeFileSync(
    join(workspace, file),
    `---
name: Sort
tandem:
  data: rows.jsonl
  output: kind
  labels: from-data
  model: ${tinyModel}
---
system:
Say what it is.

user:
Text: {{ text }}
Kind:
`,
  );
  mkdirSync(join(workspace, '.vscode'));
  const settings = { 'tandem.optimize.budget': '60k', 'tandem.optimize.preflight': 'off', 'tandem.optimize.schedule': 'chain:p -> w' };
  writeFileSync(join(workspace, '.vscode', 'settings.json'), JSON.stringify(settings));
}

test('it is measured as a whole and line by line, and is listed with prompts, tests and tasks', async ({ openEditor }) => {
  const editor = await openEditor({ prepare });
  await editor.open(file);
  await expect.poll(editor.lenses).toEqual(['Not measured yet | Evaluate | Optimize']);
  await editor.pressLens('Not measured yet');
  await expect.poll(async () => (await editor.lines()).find(({ text }) => text === 'Say what it is.')?.added).toMatch(/pts|saves|0\.0/);
  const measured = expect.stringMatching(/^\d+% ±\d+ \| Evaluate \| Optimize$/) as string;
  await expect.poll(editor.lenses).toContainEqual(measured);
  await editor.screenshot('prompty');
  await editor.command('Tandem: Focus on Prompts View');
  await expect.poll(editor.treeRows).toContainEqual(expect.stringMatching(/^sort, \d+\.\d% \[\d+, \d+\] · \d+ rows/));
  await editor.command('Testing: Focus on Test Explorer View');
  await expect.poll(editor.treeRows).toContainEqual(expect.stringMatching(/^sort\.prompty/));
  const tasks = await editor.run(async (vscode) => (await vscode.tasks.fetchTasks({ type: 'tandem' })).map(({ name }) => name));
  expect(tasks).toEqual(expect.arrayContaining([`Evaluate ${file}`, `Optimize ${file}`]));
  await editor.open(file);
  const offered = ['Evaluate', 'Optimize Prompt and Weights', 'Optimize With…', 'Choose Model', 'Export Adapter'];
  expect(await editor.commandsFor('Tandem:')).toEqual(expect.arrayContaining(offered.map((title) => `Tandem: ${title}`)));
  // The palette draws only the first dozen commands. This one is further down.
  expect(await editor.commandsFor('Tandem: Run Preflight')).toContain('Tandem: Run Preflight');
});

test('there is help for its settings, columns and mistakes', async ({ openEditor }) => {
  const editor = await openEditor({ prepare });
  await editor.open(file);
  await expect.poll(editor.lenses).toHaveLength(1);
  await expect.poll(() => editor.hover(' text ')).toMatch(/text.*red number 0/);
  await editor.page.keyboard.press('Escape');
  await expect.poll(() => editor.hover('labels')).toMatch(/answers to choose from/);
  await editor.page.keyboard.press('Escape');

  const completions = (): Promise<string[]> =>
    editor.run(async (vscode) => {
      const { document, selection } = vscode.window.activeTextEditor!;
      const list = await vscode.commands.executeCommand<{ items: { label: string | { label: string } }[] }>(
        'vscode.executeCompletionItemProvider',
        document.uri,
        selection.active,
      );
      return list.items.map(({ label }) => (typeof label === 'string' ? label : label.label));
    });
  await rewrite(editor, '{{ text }}', '{{ ');
  await expect.poll(completions).toContain('text');
  await rewrite(editor, '{{ ', '{{ txet }}');
  const fixes = (): Promise<string[]> =>
    editor.run(async (vscode) => {
      const { document } = vscode.window.activeTextEditor!;
      const at = document.positionAt(document.getText().indexOf('txet'));
      const found = await vscode.commands.executeCommand<{ title: string }[]>(
        'vscode.executeCodeActionProvider',
        document.uri,
        new vscode.Range(at, at),
      );
      return found.map(({ title }) => title);
    });
  await expect.poll(fixes).toContain('Change to text');
  await rewrite(editor, '{{ txet }}', '{{ text }}');
  await rewrite(editor, '  labels: from-data', '  m');
  await expect.poll(completions).toContain('metric');
});

test('what a run proposes for it is reviewed in its diff, applied and measured', async ({ openEditor }) => {
  const editor = await openEditor({ prepare });
  await editor.open(file);
  await editor.command('Tandem: Run Preflight');
  await expect.poll(editor.notifications).toContainEqual(expect.stringMatching(/^sort\.prompty: weights .*, prompt /));
  await editor.command('Notifications: Clear All Notifications');
  await editor.open(file);
  await editor.command('Tandem: Optimize Prompt and Weights');
  await expect.poll(editor.notifications).toContainEqual(expect.stringMatching(/sort\.prompty: .*test rows/));
  await editor.pressNotification('Review Changes');
  await expect.poll(editor.lenses).toContainEqual(expect.stringContaining('Accept Adapter'));
  await editor.command('Tandem: Accept All');
  await expect.poll(() => readFileSync(join(editor.workspace, file), 'utf8')).toMatch(/^ {2}adapter: .*sort-/m);
  await editor.open(file);
  await expect.poll(editor.lenses).toContainEqual(expect.stringMatching(/^\d+% ±\d+ \| Evaluate \| Optimize \| Review again \| Show run$/));
  await expect.poll(editor.lensDetails).toContainEqual(expect.stringMatching(/Measured on \d+ validation rows with .* and adapter /));
  await editor.command('Tandem: Export Adapter');
  await editor.pick('PEFT');
  await expect.poll(editor.notifications).toContainEqual(expect.stringMatching(/^Exported to sort-\w{8}-peft/));
  const [, folder] = /Exported to (sort-\w{8}-peft)/.exec((await editor.notifications()).join('\n'))!;
  expect(existsSync(join(editor.workspace, folder, 'adapter_config.json'))).toBe(true);
});

/** @file Programs of several steps in the editor are measured, tuned and reviewed like a single prompt. */
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Editor } from '../support/editor.ts';
import type { Results } from '../../src/run/record/results.ts';
import { root } from '../support/paths.ts';
import { rewrite } from '../support/rewrite.ts';
import { program, proposed, steps, writeTinyProgram, writeTinyProgramProposal } from '../support/tinyProgram.ts';
import { expect, test } from './fixtures.ts';

const onDisk = ({ workspace }: Editor, file: string): string => readFileSync(join(workspace, file), 'utf8');
const problemsOf = (editor: Editor, file: string): Promise<string[]> =>
  editor.run(
    (vscode, name) =>
      vscode.languages
        .getDiagnostics()
        .filter(([uri]) => uri.fsPath.endsWith(`/${name}`))
        // The editor's own marks are ignored: docs/decisions/0008.
        .flatMap(([, found]) => found.filter(({ source }) => source === 'Tandem').map(({ message }) => message)),
    file,
  );

/** The suggestions after the first occurrence of this text. */
async function suggested(editor: Editor, file: string, at: string): Promise<string[]> {
  await editor.open(file);
  return editor.run(async (vscode, text) => {
    const { document } = vscode.window.activeTextEditor!;
    const place = document.positionAt(document.getText().indexOf(text) + text.length);
    const list = await vscode.commands.executeCommand<{ items: { label: string | { label: string } }[] }>(
      'vscode.executeCompletionItemProvider',
      document.uri,
      place,
    );
    return list.items.map(({ label }) => (typeof label === 'string' ? label : label.label));
  }, at);
}

test('a program is measured in place, its steps link to their prompt files and back, and both get editor help', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: writeTinyProgram });
  await editor.open(program);
  await expect.poll(editor.lenses).toEqual(['Not measured yet | Evaluate | Optimize', `Open ${steps.first}`, `Open ${steps.last}`]);
  expect(await problemsOf(editor, program)).toEqual([]);
  await editor.pressLens('Evaluate');
  await expect.poll(editor.lenses).toContainEqual(expect.stringMatching(/^\d+% ±\d+ \| Evaluate \| Optimize$/));
  await editor.screenshot('program');

  await editor.pressLens(`Open ${steps.first}`);
  await expect
    .poll(editor.lenses)
    .toEqual([expect.stringMatching(/^Step 1 of 2 in kinds\.program\.yaml · \d+% ±\d+ \| Evaluate \| Optimize$/)]);
  // The step needs no settings that its program has.
  expect(await problemsOf(editor, steps.first)).toEqual([]);
  await editor.command('Tandem: Measure Lines');
  await expect.poll(async () => (await editor.lines()).find(({ text }) => text === 'Give a hint.')?.added).toMatch(/pts|saves|0\.0/);
  await editor.screenshot('program-step');
  await editor.page.keyboard.type('x');
  await expect.poll(editor.lenses).toContainEqual(expect.stringContaining('before your edits'));
  await editor.run((vscode) => vscode.commands.executeCommand('undo'));
  await editor.pressLens('Step 1 of 2');
  await expect.poll(editor.lenses).toContain(`Open ${steps.last}`);

  await expect
    .poll(() => suggested(editor, program, 'prompt: '))
    .toEqual(expect.arrayContaining([steps.first, steps.last, 'kind.prompt.md']));
  expect(await suggested(editor, program, 'output: ')).toEqual(expect.arrayContaining(['text', 'kind']));
  // The columns include the answer of the earlier step, but not the column that this step predicts.
  const columns = await suggested(editor, steps.last, '{{ ');
  expect(columns).toEqual(expect.arrayContaining(['text', 'hint']));
  expect(columns).not.toContain('kind');
});

test('what a run proposes for a program is reviewed step by step, undone as a whole, and measured', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: (workspace) => void writeTinyProgramProposal(workspace) });
  const before = { whole: onDisk(editor, program), first: onDisk(editor, steps.first), last: onDisk(editor, steps.last) };
  await editor.open(program);
  await expect
    .poll(editor.lenses)
    .toEqual([
      'Evaluate | Optimize | Review changes | Show run',
      `Open ${steps.first} | Review 1 change`,
      `Open ${steps.last} | Review 3 changes`,
    ]);
  await editor.pressLens('Review 3 changes');
  await expect.poll(editor.lenses).toContainEqual(expect.stringContaining('Accept | Reject | all of phase 3: +12.0 ±'));
  expect(await editor.lenses()).toContainEqual(expect.stringContaining('Accept | Reject | this change alone: +4.0 ±'));
  await editor.screenshot('program-review-step');
  await editor.pressLens('Reject', true);
  await expect.poll(editor.lenses).toContain('Rejected | Accept | Revert');
  // Only the file in sight is decided on.
  await editor.command('Tandem: Accept All');
  const last = before.last.replace(/system:[^]*/, () => proposed.last);
  await expect.poll(() => onDisk(editor, steps.last)).toBe(last);
  expect([onDisk(editor, program), onDisk(editor, steps.first)]).toEqual([before.whole, before.first]);

  await editor.open(program);
  await expect
    .poll(editor.lenses)
    .toContainEqual(expect.stringMatching(/^\d+% ±\d+ \| Evaluate \| Optimize \| Review changes \| Show run$/));
  expect((await editor.lenses()).slice(1)).toEqual([`Open ${steps.first} | Review 1 change`, `Open ${steps.last}`]);
  await editor.pressLens('Review changes');
  await expect.poll(() => editor.page.getByRole('tab', { selected: true }).allInnerTexts()).toContain('Proposed Changes (3 files)');
  await expect
    .poll(() => editor.page.locator('.codelens-decoration').allInnerTexts())
    .toContainEqual(expect.stringContaining('Accept Adapter'));
  await editor.screenshot('program-review');
  await editor.command('Tandem: Accept All');
  await expect.poll(() => onDisk(editor, steps.first)).toBe(before.first.replace(/Give[^]*/, () => proposed.first));
  expect(onDisk(editor, program)).toBe(`${before.whole}adapter: ${JSON.stringify(proposed.adapter)}\n`);
  expect(onDisk(editor, steps.last)).toBe(last);
  expect(existsSync(join(editor.workspace, proposed.adapter, 'adapter_config.json'))).toBe(true);

  await editor.open(program);
  await expect.poll(editor.lenses).toContainEqual(expect.stringMatching(/^\d+% ±\d+ \| Evaluate \| Optimize \| Review again \| Show run$/));
  await expect.poll(editor.lensDetails).toContainEqual(expect.stringMatching(/Measured on \d+ validation rows with .* and adapter /));
  await editor.command('Tandem: Show Panel');
  const panel = editor.webview();
  await panel.getByText('All 5 decided').waitFor();
  await panel.getByRole('heading', { name: `${steps.last}: Line 7` }).waitFor();

  await editor.open(program);
  await editor.run((vscode) => vscode.commands.executeCommand('undo'));
  await expect.poll(editor.lenses).toContainEqual(expect.stringContaining('before your edits | Evaluate | Optimize | Review changes'));
  expect((await editor.lenses())[1]).toBe(`Open ${steps.first} | Review 1 change`);
});

test('a program is listed with prompts and tests, has a preflight, and the result of its run can be accepted at once', async ({
  openEditor,
}) => {
  const editor = await openEditor({
    prepare: (workspace) => {
      writeTinyProgram(workspace);
      mkdirSync(join(workspace, '.vscode'));
      // A coordinator for prompts must not prevent runs of programs.
      const settings = {
        'tandem.optimize.budget': '60k',
        'tandem.optimize.preflight': 'off',
        'tandem.optimize.coordinator': 'alternating',
      };
      writeFileSync(join(workspace, '.vscode', 'settings.json'), JSON.stringify(settings));
    },
  });
  await editor.open(steps.first);
  const offered = ['Evaluate', 'Optimize Prompt and Weights', 'Optimize With…', 'Choose Model', 'Export Adapter'];
  await expect.poll(() => editor.commandsFor('Tandem:')).toEqual(expect.arrayContaining(offered.map((title) => `Tandem: ${title}`)));
  // The palette draws only the first dozen commands. This one is further down.
  expect(await editor.commandsFor('Tandem: Run Preflight')).toContain('Tandem: Run Preflight');
  await editor.command('Tandem: Run Preflight');
  await expect.poll(editor.notifications).toContainEqual(expect.stringMatching(/^kinds\.program\.yaml: weights .*, prompt /));
  await editor.command('Testing: Focus on Test Explorer View');
  await expect.poll(editor.treeRows).toContainEqual(expect.stringMatching(/^kinds\.program\.yaml/));
  expect((await editor.treeRows()).filter((row) => row.includes(steps.first) || row.includes(steps.last))).toEqual([]);
  await editor.command('Tandem: Focus on Prompts View');
  await expect.poll(editor.treeRows).toContainEqual(expect.stringMatching(/^kinds\.program, Not measured yet/));
  expect((await editor.rowActions('kinds.program')).map((action) => action.replace(/ \(.*/, ''))).toEqual([
    'Evaluate',
    'Optimize Prompt and Weights',
  ]);
  await editor.pressRow('kinds.program', 'Optimize Prompt and Weights');
  await editor
    .webview()
    .getByRole('button', { name: /^Phase 1 .*decoding/ })
    .waitFor();
  await expect.poll(editor.notifications).toContainEqual(expect.stringMatching(/kinds\.program\.yaml: .*test rows/));
  await editor
    .webview()
    .getByRole('button', { name: /^Phase 1 .*decoding/ })
    .click();
  await editor.webview().getByRole('button', { name: '1.1: show diff' }).click();
  const tabs = (): Promise<string[]> => editor.page.getByRole('tab', { selected: true }).allInnerTexts();
  await expect.poll(tabs).toContainEqual(expect.stringMatching(/start ↔ candidate 1\.1 in (hint\.prompt\.md|sort\.prompty)/));
  await editor.pressNotification('Review Changes');
  await expect
    .poll(() => editor.page.locator('.codelens-decoration').allInnerTexts())
    .toContainEqual(expect.stringContaining('Accept Adapter'));
  await editor.command('Tandem: Accept All');
  await expect.poll(() => onDisk(editor, program)).toMatch(/^adapter: .*kinds\.program-/m);
  await editor.open(program);
  await expect.poll(editor.lenses).toContainEqual(expect.stringMatching(/^\d+% ±\d+ \| Evaluate \| Optimize \| Review again \| Show run$/));
  await expect.poll(editor.lensDetails).toContainEqual(expect.stringMatching(/Measured on \d+ validation rows with .* and adapter /));
  await editor.command('Tandem: Export Adapter');
  await editor.pick('PEFT');
  await expect.poll(editor.notifications).toContainEqual(expect.stringMatching(/^Exported to kinds\.program-\w{8}-peft/));
  const [, folder] = /Exported to (kinds\.program-\w{8}-peft)/.exec((await editor.notifications()).join('\n'))!;
  expect(existsSync(join(editor.workspace, folder, 'adapter_config.json'))).toBe(true);
});

test('a program is measured when it or the prompt file of a step is saved, with the model that is chosen for it', async ({
  openEditor,
}) => {
  const editor = await openEditor({
    prepare: (workspace) => {
      writeTinyProgram(workspace);
      mkdirSync(join(workspace, '.vscode'));
      writeFileSync(join(workspace, '.vscode', 'settings.json'), JSON.stringify({ 'tandem.measure.onSave': 'prompt' }));
    },
  });
  const save = (): Promise<unknown> => editor.run((vscode) => vscode.window.activeTextEditor!.document.save());
  const results = join(editor.workspace, '.tandem', 'results', 'kinds.program.json');
  const measuredAt = (): string | undefined =>
    existsSync(results) ? (JSON.parse(readFileSync(results, 'utf8')) as Results).evaluation?.at : undefined;
  const measuredAgain = (before: string | undefined): Promise<void> => expect.poll(measuredAt).not.toBe(before);
  const step = expect.stringMatching(/^Step 1 of 2 in kinds\.program\.yaml · \d+% ±\d+ \|/) as string;

  // The program itself is not open.
  await editor.open(steps.first);
  for (const [from, to] of [
    ['Give a hint.', 'Give a short hint.'],
    ['a short hint', 'a very short hint'],
  ]) {
    const before = measuredAt();
    await rewrite(editor, from, to);
    if (before) await expect.poll(editor.lenses).toContainEqual(expect.stringContaining('before your edits'));
    await save();
    await measuredAgain(before);
    await expect.poll(editor.lenses).toContainEqual(step);
  }

  await editor.command('Tandem: Choose Model');
  await editor.pick('nano');
  // The program names the model, not the step.
  expect(onDisk(editor, steps.first)).not.toContain('nano');
  await editor.open(program);
  await expect.poll(() => editor.run((vscode) => vscode.window.activeTextEditor!.document.getText())).toMatch(/^model: nano$/m);
  expect(await problemsOf(editor, program)).toEqual([]);
  await expect.poll(editor.lenses).toContainEqual(expect.stringContaining('before your edits'));
  const before = measuredAt();
  await save();
  await measuredAgain(before);
  await expect.poll(editor.lenses).toContainEqual(expect.stringMatching(/^\d+% ±\d+ \|/));
  await expect.poll(editor.lensDetails).toContainEqual(expect.stringMatching(/Measured on \d+ validation rows with nano, /));
  await editor.screenshot('program-model');
});

test('the sample program shows for both its steps what their lines are worth', { timeout: 300_000 }, async ({ openEditor }) => {
  const editor = await openEditor({
    prepare: (workspace) => {
      const triage = join(dirname(workspace), 'triage');
      cpSync(join(root, 'examples', 'triage'), triage, { recursive: true, filter: (file) => basename(file) !== '.tandem' });
      return triage;
    },
  });
  await editor.open('../triage/tandem.program.yaml');
  await editor.command('Tandem: Measure Lines');
  await expect
    // This takes a quarter of a minute on two idle cores.
    .poll(editor.lenses, { timeout: 240_000 })
    .toEqual([expect.stringMatching(/^\d+% ±\d+ \| Evaluate \| Optimize$/), 'Open area.prompt.md', 'Open intent.prompt.md']);
  await editor.run((vscode) => vscode.commands.executeCommand('workbench.action.newGroupBelow'));
  await editor.open('../triage/intent.prompt.md');
  await expect.poll(editor.lenses).toEqual([expect.stringMatching(/^Step 2 of 2 in tandem\.program\.yaml · \d+% /)]);
  await expect.poll(async () => (await editor.lines()).find(({ text }) => text === 'Intent:')?.added).toMatch(/pts|saves|0\.0/);
  await editor.screenshot('triage');
});

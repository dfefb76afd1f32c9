/**
 * @file A run in the editor: its phases appear in the panel, it can be resumed after its process was killed, and reloading the window loses
 * nothing.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeTinyTask } from '../support/tinyTask.ts';
import { expect, test } from './fixtures.ts';

/** The tiny task, with this token budget for its runs. */
const withBudget = (budget: string) => (workspace: string) => {
  writeTinyTask(workspace);
  mkdirSync(join(workspace, '.vscode'));
  writeFileSync(join(workspace, '.vscode', 'settings.json'), JSON.stringify({ 'tandem.optimize.budget': budget }));
};

test('a run that is started from the palette shows its phases in the panel, live and after a reload', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: withBudget('400k') });
  await editor.open('kind.prompt.md');
  await editor.command('Tandem: Optimize Prompt and Weights');
  const panel = editor.webview();
  await panel.getByRole('button', { name: /^Phase 1 / }).waitFor();
  await panel.getByRole('heading', { name: /^Prompt or weights: what helped/ }).waitFor();
  await panel.getByText('Ended', { exact: true }).first().waitFor();
  await editor.screenshot('panel');
  await editor.reload();
  await editor
    .webview()
    .getByRole('button', { name: /^Phase 1 / })
    .waitFor();
});

test('a run that waits is listed in the panel, and the panel goes to it when its turn comes', async ({ openEditor }) => {
  const editor = await openEditor({
    prepare: (workspace) => {
      withBudget('3000k')(workspace);
      mkdirSync(join(workspace, 'more'));
      writeTinyTask(join(workspace, 'more'));
    },
  });
  await editor.open('kind.prompt.md');
  await editor.command('Tandem: Optimize Prompt and Weights');
  const panel = editor.webview();
  await panel.getByRole('button', { name: /^Phase 1 / }).waitFor();
  // The file's name leads to the editor that has it open.
  await panel.getByRole('button', { name: 'kind.prompt.md', exact: true }).click();
  const editorsOf = (name: string): Promise<number> =>
    editor.run(
      (vscode, file) => vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).filter(({ label }) => label === file).length,
      name,
    );
  await expect.poll(() => editor.run((vscode) => vscode.window.activeTextEditor?.document.fileName)).toMatch(/kind\.prompt\.md$/);
  expect(await editorsOf('kind.prompt.md')).toBe(1);

  await editor.open('more/kind.prompt.md');
  await editor.command('Tandem: Optimize Prompt and Weights');
  await panel.getByText('1 job waits for its turn').waitFor();
  expect(await editor.notifications()).toEqual([]);
  await panel.getByRole('button', { name: 'Stop', exact: true }).click();
  await panel.getByRole('button', { name: 'more/kind.prompt.md', exact: true }).waitFor();
  await editor.command('Tandem: Stop');
});

test('a killed worker is noticed, and its run continues on request', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: withBudget('3000k') });
  await editor.open('kind.prompt.md');
  await editor.command('Tandem: Optimize Prompt and Weights');
  await expect.poll(editor.statusBar).toContainEqual(expect.stringMatching(/Optimizing kind/));
  const lock = join('.tandem', 'runs');
  const killed = await editor.run(async (vscode, folder) => {
    const fs = process.getBuiltinModule('node:fs');
    const root = `${vscode.workspace.workspaceFolders![0].uri.fsPath}/${folder}`;
    for (;;) {
      const run = fs.existsSync(root) ? fs.readdirSync(root)[0] : undefined;
      const journal = run && `${root}/${run}/journal.jsonl`;
      if (journal && fs.existsSync(journal) && fs.readFileSync(journal, 'utf8').includes('phaseStarted')) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const processes = process.getBuiltinModule('node:child_process').execFileSync('pgrep', ['-P', `${process.pid}`, '-f', 'worker.js']);
    const pid = Number(processes.toString().trim().split('\n')[0]);
    process.kill(pid, 'SIGKILL');
    return pid;
  }, lock);
  expect(killed).toBeGreaterThan(0);
  await expect.poll(editor.notifications).toContainEqual(expect.stringMatching(/failed/));
  await editor.pressNotification('Resume');
  await expect.poll(editor.statusBar).toContainEqual(expect.stringMatching(/Optimizing kind/));
  await editor.command('Tandem: Stop');
  await expect.poll(editor.notifications).toContainEqual(expect.stringMatching(/kind\.prompt\.md: Stopped\. /));
});

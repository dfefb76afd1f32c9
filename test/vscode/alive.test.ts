/** @file The editor reports a worker that no longer responds and offers to end it. Its run continues in another process. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeTinyTask } from '../support/tinyTask.ts';
import { expect, test } from './fixtures.ts';

test('a worker that hangs is reported, and ended and resumed on request', async ({ openEditor }) => {
  const editor = await openEditor({
    prepare: (workspace) => {
      writeTinyTask(workspace);
      mkdirSync(join(workspace, '.vscode'));
      writeFileSync(join(workspace, '.vscode', 'settings.json'), JSON.stringify({ 'tandem.optimize.budget': '3000k' }));
    },
  });
  await editor.open('kind.prompt.md');
  await editor.command('Tandem: Optimize Prompt and Weights');
  await expect.poll(editor.statusBar).toContainEqual(expect.stringMatching(/Optimizing kind.*phase 1/));
  const workers = (): Promise<number[]> =>
    editor.run(async () => {
      const { execFileSync } = process.getBuiltinModule('node:child_process');
      const found = execFileSync('pgrep', ['-P', `${process.pid}`, '-f', 'worker.js']).toString();
      return found.trim().split('\n').map(Number);
    });
  const [stopped] = await workers();
  process.kill(stopped, 'SIGSTOP');
  await expect.poll(editor.statusBar).toContainEqual(expect.stringMatching(/the process has not responded for \d+ s/));
  await expect.poll(editor.notifications).toContainEqual(expect.stringMatching(/Its process is not responding/));
  await editor.screenshot('silent');
  await editor.pressNotification('End and Resume');
  await expect.poll(workers).not.toContain(stopped);
  await expect.poll(editor.statusBar).toContainEqual(expect.stringMatching(/Optimizing kind.*phase/));
  await editor.command('Tandem: Stop');
});

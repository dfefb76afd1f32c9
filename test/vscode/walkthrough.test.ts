/**
 * @file The walkthrough, from a copy of the sample to a first accepted change. Each step is ticked off by what has happened. It uses the
 * sample and nano, as a new user does.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from './fixtures.ts';

const steps = ['Open a prompt with data', 'Evaluate the prompt', 'Tune prompt and weights together', 'Review and accept'];

test('it opens a copy of the sample, and its steps lead to a first accepted change', { timeout: 900_000 }, async ({ openEditor }) => {
  const beside = (workspace: string, name: string): string => join(dirname(workspace), name);
  const editor = await openEditor({
    prepare: (workspace) => {
      mkdirSync(beside(workspace, 'empty'));
      return beside(workspace, 'empty');
    },
  });
  // The screenshots need some room.
  await editor.run((vscode) => vscode.commands.executeCommand('workbench.action.closeSidebar'));
  await editor.command('Tandem: Open Walkthrough');
  const page = editor.page.locator('.gettingStartedContainer');
  for (const title of steps) await page.getByText(title, { exact: true }).first().waitFor();
  const done = (): Promise<number> => page.locator('.getting-started-step .complete').count();
  expect(await done()).toBe(0);
  for (const [place, title] of steps.entries()) {
    await page.getByText(title, { exact: true }).first().click();
    await editor.screenshot(`walkthrough-${place + 1}`);
  }

  // The copy is next to the folder that is open, where the test can find the window again.
  const sample = beside(editor.workspace, 'tandem-sample');
  await editor
    .run((vscode, path) => void vscode.commands.executeCommand('tandem.openSample', vscode.Uri.file(path)), dirname(editor.workspace))
    .catch(() => {});
  await editor.page.waitForURL(/tandem-sample/);
  const shown = (): Promise<string | undefined> =>
    editor.run((vscode) => vscode.window.activeTextEditor?.document.fileName).catch(() => undefined);
  await expect.poll(shown).toBe(join(sample, 'intent.prompt.md'));
  for (const file of ['README.md', 'data/messages.jsonl']) expect(existsSync(join(sample, file)), file).toBe(true);
  await expect.poll(done).toBe(1);

  mkdirSync(join(sample, '.vscode'), { recursive: true });
  writeFileSync(join(sample, '.vscode', 'settings.json'), JSON.stringify({ 'tandem.optimize.budget': '20k' }));
  /** A button of the walkthrough itself, as a new user presses it. */
  const press = async (step: number, button: string): Promise<void> => {
    await page.getByText(steps[step], { exact: true }).first().click();
    await page.locator('.getting-started-step.expanded').getByRole('button', { name: button, exact: true }).click();
  };
  await press(1, 'Evaluate');
  await expect.poll(done).toBe(2);
  await press(2, 'Optimize');
  await expect.poll(done, { timeout: 600_000 }).toBe(3);
  const prompt = (): string => readFileSync(join(sample, 'intent.prompt.md'), 'utf8');
  const before = prompt();
  await press(3, 'Review Changes');
  await expect.poll(() => editor.page.locator('.tab.active').allInnerTexts()).toContainEqual(expect.stringContaining('proposed'));
  await editor.command('Tandem: Accept All');
  await expect.poll(prompt).not.toBe(before);
  // The diff covers the walkthrough.
  await editor.command('Tandem: Open Walkthrough');
  await expect.poll(done).toBe(4);
  await editor.screenshot('walkthrough-done');
});

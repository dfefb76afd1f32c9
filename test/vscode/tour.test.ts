/**
 * @file The first minutes with the sample and nano, as README and walkthrough show them: measured, optimized, reviewed, and the first change
 * of the text accepted. Each test takes minutes, because nothing in it is small, so they run only when they are asked for:
 * `TANDEM_PICTURES=1 npx vitest run --project vscode test/vscode/tour.test.ts` replaces the pictures in media/.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Editor } from '../support/editor.ts';
import { root, sample, screenshots } from '../support/paths.ts';
import { smallPng } from '../support/smallPng.ts';
import { themes } from '../support/themes.ts';
import { expect, test as base } from './fixtures.ts';

const test = base.skipIf(!process.env.TANDEM_PICTURES);

const file = 'intent.prompt.md';
const slow = { timeout: 600_000 };
const whole = { width: 1280, height: 800 };
/** Wide enough for both sides of a diff: the walkthrough shows its pictures at half their size. */
const small = { width: 1000, height: 625 };

/** The sample's own settings limit the run. */
const asShipped = (workspace: string): void => cpSync(join(sample, '.vscode'), join(workspace, '.vscode'), { recursive: true });

/** The text below the front matter, as it is on disk. */
const body = ({ workspace }: Editor): string => {
  const text = readFileSync(join(workspace, file), 'utf8');
  return text.slice(text.indexOf('---', 3) + 3);
};

function keep(screenshot: string, ...path: string[]): void {
  const picture = join(root, 'media', ...path);
  mkdirSync(join(picture, '..'), { recursive: true });
  writeFileSync(picture, smallPng(readFileSync(join(screenshots, `${screenshot}.png`))));
}

/** For README and docs, in the light theme. */
async function picture(editor: Editor, name: string): Promise<void> {
  // Whatever the pointer rests on has a tooltip.
  await editor.page.mouse.move(0, 0);
  await editor.screenshot(name);
  keep(`${name}-light`, 'screenshots', `${name}.png`);
}

/** For a step of the walkthrough, which shows it in its reader's kind of theme. @param open shows what is to be seen */
async function stepPicture(editor: Editor, step: string, open: () => Promise<void>): Promise<void> {
  await editor.run((vscode) => vscode.commands.executeCommand('workbench.action.closeAllEditors'));
  await editor.run((vscode) => vscode.commands.executeCommand('workbench.action.closeSidebar'));
  await editor.page.setViewportSize(small);
  await open();
  // What was accepted is measured again, and extensions start one after the other.
  await expect.poll(() => editor.page.locator('.part.statusbar').innerText(), slow).not.toMatch(/Activating|loading|measuring/);
  await editor.page.mouse.move(0, 0);
  await editor.screenshot(`step-${step}`);
  for (const { name } of themes) keep(`step-${step}-${name}`, 'walkthrough', `${step}-${name}.png`);
  await editor.page.setViewportSize(whole);
  await editor.run((vscode) => vscode.commands.executeCommand('workbench.view.explorer'));
}

/** Turns the wheel over the diff until the end of the prompt is in sight: the lens of a deleted text is below it. */
async function scrollToText(editor: Editor): Promise<void> {
  await editor.page.mouse.move(1000, 500);
  const isSeen = async (): Promise<boolean> => (await editor.lines()).some(({ text }) => text.startsWith('Message:'));
  for (let turns = 0; turns < 100 && !(await isSeen()); turns++) await editor.page.mouse.wheel(0, 120);
  await expect.poll(editor.lenses).toContainEqual(expect.stringContaining('Accept | Reject'));
}

test('from the first look to an accepted change of the text in at most five clicks', { timeout: 1_800_000 }, async ({ openEditor }) => {
  const editor = await openEditor({ prepare: asShipped });
  const before = body(editor);
  const begun = Date.now();
  let clicks = 0;
  const click = async (press: () => Promise<void>): Promise<void> => {
    clicks++;
    await press();
  };

  await click(() => editor.page.locator('.explorer-folders-view .monaco-list-row', { hasText: file }).first().click());
  await expect.poll(editor.lenses).toContain('Not measured yet | Evaluate | Optimize');
  await click(() => editor.pressLens('Optimize'));
  const panel = editor.webview();
  await panel.getByRole('button', { name: /^Phase 2 / }).waitFor(slow);
  await picture(editor, 'phases');
  await expect.poll(editor.notifications, slow).toContainEqual(expect.stringMatching(/% → .*% on \d+ test rows/));
  await picture(editor, 'panel');
  await click(() => editor.pressNotification('Review Changes'));
  await expect.poll(editor.lenses).toContainEqual(expect.stringMatching(/^Accept \| Reject \| /));
  await picture(editor, 'review');
  await scrollToText(editor);
  await editor.screenshot('review-text');
  await click(() => editor.pressLens('Accept', true));
  await expect.poll(() => body(editor)).not.toBe(before);
  console.log(`From the first click to an accepted change of the text: ${clicks} clicks, ${Math.round((Date.now() - begun) / 1000)} s.`);
  expect(clicks).toBeLessThanOrEqual(5);
  await editor.screenshot('accepted');

  await stepPicture(editor, 'optimize', async () => {
    await editor.command('Tandem: Show Panel');
    await editor.webview().getByText('Ended', { exact: true }).waitFor();
  });
  await stepPicture(editor, 'review', async () => {
    await editor.open(file);
    await editor.command('Tandem: Review Changes');
    await expect.poll(editor.lenses).toContainEqual(expect.stringContaining('Accept'));
  });
  await editor.open(file);
  await editor.run((vscode) => vscode.commands.executeCommand('workbench.view.extension.tandem'));
  await expect.poll(editor.treeRows).toContainEqual(expect.stringMatching(/^intent, ended/));
  await picture(editor, 'views');
});

test('what is measured without a run', { timeout: 1_800_000 }, async ({ openEditor }) => {
  const editor = await openEditor({ prepare: asShipped });
  await editor.open(file);
  await expect.poll(editor.lenses).toContain('Not measured yet | Evaluate | Optimize');
  await stepPicture(editor, 'open', () => editor.open(file));
  await editor.open(file);
  await editor.command('Tandem: Optimize With…');
  await expect.poll(editor.picks).toContain('Quick');
  await picture(editor, 'optimize-with');
  await editor.page.keyboard.press('Escape');

  await editor.pressLens('Evaluate');
  await editor.webview().getByRole('table', { name: 'Rows with their answers' }).waitFor(slow);
  await expect.poll(editor.lenses).toContainEqual(expect.stringMatching(/^\d+% ±\d+ \|/));
  await picture(editor, 'answers');
  await editor.run((vscode) => vscode.commands.executeCommand('workbench.action.closeEditorsInOtherGroups'));
  await editor.command('Tandem: Measure Lines');
  await expect.poll(async () => (await editor.lines()).some(({ added }) => /pts|saves/.test(added)), slow).toBe(true);
  // With the side bar, the map of the editor covers the ends of lines.
  await editor.run((vscode) => vscode.commands.executeCommand('workbench.action.closeSidebar'));
  await picture(editor, 'annotations');
  await stepPicture(editor, 'evaluate', async () => {
    await editor.open(file);
    await expect.poll(async () => (await editor.lines()).some(({ added }) => added !== '')).toBe(true);
  });
  await editor.open(file);

  await editor.command('Testing: Focus on Test Explorer View');
  await editor.page.locator('.part.sidebar .monaco-list-row', { hasText: file }).click();
  await editor.page.keyboard.press('ArrowRight');
  await expect.poll(editor.treeRows).toContainEqual(expect.stringMatching(/\((Passed|Failed)\)/));
  await picture(editor, 'testing');
});

test('the walkthrough with its pictures', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: asShipped });
  // With the side bar, there is no room for the picture.
  await editor.run((vscode) => vscode.commands.executeCommand('workbench.action.closeSidebar'));
  await editor.command('Tandem: Open Walkthrough');
  const step = editor.page.locator('.gettingStartedContainer').getByText('Evaluate the prompt', { exact: true }).first();
  await step.click();
  await picture(editor, 'walkthrough');
});

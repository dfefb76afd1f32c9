/**
 * @file The first minutes with the sample and nano, as the README shows them: measured, optimized, reviewed, and the first change of the text
 * accepted. `TANDEM_PICTURES=1 npx vitest run --project vscode test/vscode/tour.test.ts` replaces the pictures in media/screenshots.
 */
import { copyFileSync, cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Editor } from '../support/editor.ts';
import { root, sample, screenshots } from '../support/paths.ts';
import { expect, test } from './fixtures.ts';

const file = 'intent.prompt.md';
const bodyOf = (text: string): string => text.slice(text.indexOf('---', 3) + 3);
const onDisk = ({ workspace }: Editor): string => readFileSync(join(workspace, file), 'utf8');

/** The sample's own settings limit the run. */
const asShipped = (workspace: string): void => cpSync(join(sample, '.vscode'), join(workspace, '.vscode'), { recursive: true });

/** In all themes for those who look, and in the light one for the README. */
async function picture(editor: Editor, name: string): Promise<void> {
  await editor.screenshot(name);
  if (process.env.TANDEM_PICTURES) copyFileSync(join(screenshots, `${name}-light.png`), join(root, 'media', 'screenshots', `${name}.png`));
}

test('from the first look to an accepted change of the text in at most five clicks', { timeout: 900_000 }, async ({ openEditor }) => {
  const editor = await openEditor({ prepare: asShipped });
  const before = onDisk(editor);
  const slow = { timeout: 400_000 };
  let clicks = 0;
  const click = async (what: Promise<void>): Promise<void> => {
    clicks++;
    await what;
  };

  const begun = Date.now();
  await click(editor.page.locator('.explorer-folders-view .monaco-list-row', { hasText: file }).first().click());
  await expect.poll(editor.lenses).toContain('Not measured yet | Evaluate | Optimize');
  await click(editor.pressLens('Optimize'));
  await editor
    .webview()
    .getByRole('button', { name: /^Phase 2 / })
    .waitFor(slow);
  await picture(editor, 'phases');
  await expect.poll(editor.notifications, slow).toContainEqual(expect.stringMatching(/% → .*% on \d+ test rows/));
  await picture(editor, 'panel');
  await click(editor.pressNotification('Review Changes'));
  await expect.poll(editor.lenses).toContainEqual(expect.stringMatching(/^Accept \| Reject \| /));
  await picture(editor, 'review');
  await click(editor.pressLens('Accept', true));
  await expect.poll(() => bodyOf(onDisk(editor))).not.toBe(bodyOf(before));
  console.log(`From the first click to an accepted change of the text: ${clicks} clicks, ${Math.round((Date.now() - begun) / 1000)} s.`);
  expect(clicks).toBeLessThanOrEqual(5);
  await picture(editor, 'accepted');
});


test('the prompt with its numbers', { timeout: 600_000 }, async ({ openEditor }) => {
  const editor = await openEditor({ prepare: asShipped });
  await editor.open(file);
  await editor.command('Tandem: Measure Lines');
  await expect.poll(async () => (await editor.lines()).some(({ added }) => /pts|saves/.test(added)), { timeout: 400_000 }).toBe(true);
  await expect.poll(editor.lenses).toContainEqual(expect.stringMatching(/^\d+% ±\d+ \|/));
  await picture(editor, 'annotations');
});

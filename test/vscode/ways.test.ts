/** @file What the panel shows of the ways to optimize beside plain alternation, in a real window, and the choices before a run. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeTinyTask } from '../support/tinyTask.ts';
import { expect, test } from './fixtures.ts';

const withSettings = (settings: Readonly<Record<string, unknown>>) => (workspace: string) => {
  writeTinyTask(workspace);
  mkdirSync(join(workspace, '.vscode'));
  writeFileSync(join(workspace, '.vscode', 'settings.json'), JSON.stringify({ 'tandem.optimize.budget': '60000p', ...settings }));
};

test.for([
  { way: 'curriculum', settings: { 'tandem.optimize.curriculum': 'both' }, heading: /^Curriculum/ },
  { way: 'controls', settings: { 'tandem.optimize.controls': true }, heading: /controls/i },
  { way: 'soft-prompt', settings: { 'tandem.optimize.coordinator': 'simultaneous' }, heading: /^Soft prompt/i },
])('the panel has a section of its own for: $way', async ({ way, settings, heading }, { openEditor }) => {
  const editor = await openEditor({ prepare: withSettings(settings) });
  await editor.open('kind.prompt.md');
  await editor.command('Tandem: Optimize Prompt and Weights');
  const panel = editor.webview();
  await panel.getByText('Ended', { exact: true }).first().waitFor();
  const section = panel.getByRole('heading', { name: heading }).first();
  await section.scrollIntoViewIfNeeded();
  await editor.command('Notifications: Clear All Notifications');
  await editor.screenshot(way);
});

test('the way of optimizing is chosen for one run, and the phases of coordinate descent name their blocks', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: withSettings({}) });
  await editor.open('kind.prompt.md');
  await editor.command('Tandem: Optimize With…');
  await expect.poll(async () => (await editor.picks()).join()).toMatch(/Alternating.*Coordinate.*Simultaneous/);
  await editor.screenshot('optimize-with');
  await editor.page.locator('.quick-input-widget .monaco-list-row', { hasText: 'Coordinate' }).click();
  const panel = editor.webview();
  await panel.getByRole('button', { name: /^Phase 1 .*(adapter|decoding|instruction|demonstrations)/ }).waitFor();
  await panel.getByText('Ended', { exact: true }).first().waitFor();
  await editor.screenshot('blocks');
});

test('what the headroom is stands in a message, with what may be done', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: withSettings({}) });
  await editor.open('kind.prompt.md');
  await editor.command('Tandem: Look for Headroom');
  await expect.poll(editor.notifications).toContainEqual(expect.stringMatching(/^kind\.prompt\.md: weights /));
  await editor.screenshot('headroom');
});

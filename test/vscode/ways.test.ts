/** @file What the panel shows for other ways to optimize than plain alternation, in a real window, and the choices before a run. */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { noPrior } from '../../src/optimize/proposalPrior.ts';
import type { RunSpec } from '../../src/run/spec.ts';
import { nano, tinyModel } from '../support/paths.ts';
import { writeTinyTask } from '../support/tinyTask.ts';
import { expect, test } from './fixtures.ts';

const withSettings = (settings: Readonly<Record<string, unknown>>) => (workspace: string) => {
  writeTinyTask(workspace);
  mkdirSync(join(workspace, '.vscode'));
  writeFileSync(join(workspace, '.vscode', 'settings.json'), JSON.stringify({ 'tandem.optimize.budget': '60k', ...settings }));
};

test.for([
  { way: 'curriculum', settings: { 'tandem.optimize.curriculum': 'both' }, heading: /^Curriculum/ },
  { way: 'controls', settings: { 'tandem.optimize.controls': true }, heading: /controls/i },
  { way: 'soft-prompt', settings: { 'tandem.optimize.coordinator': 'simultaneous' }, heading: /^Soft prompt/i },
])('the panel has its own section for: $way', async ({ way, settings, heading }, { openEditor }) => {
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

test('a coordinator can be chosen for one run, and the phases of coordinate descent name their blocks', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: withSettings({}) });
  await editor.open('kind.prompt.md');
  await editor.command('Tandem: Optimize With…');
  await expect.poll(async () => (await editor.picks()).join()).toMatch(/Alternating.*Coordinate.*Simultaneous/);
  await editor.screenshot('optimize-with');
  // The tiny model has no learned start, and curricula are only for alternating runs, so nothing else is asked.
  await editor.pick('Coordinate');
  const panel = editor.webview();
  await panel.getByRole('button', { name: /^Phase 1 .*(adapter|decoding|instruction|demonstrations)/ }).waitFor();
  await panel.getByText('Ended', { exact: true }).first().waitFor();
  await editor.screenshot('blocks');
});

/** Writes what `tandem warm-start` would write for the tiny model. The weights are useless, and the probe says so. */
function writeLearnedStart(workspace: string): void {
  const model = basename(tinyModel);
  const folder = join(workspace, '.tandem', 'warm-start', model);
  mkdirSync(folder, { recursive: true });
  const record = {
    version: 2,
    model: { name: model, fingerprint: 'another' },
    tasks: ['a', 'b'],
    rounds: 1,
    tokensUsed: 1,
    prior: noPrior,
  };
  writeFileSync(join(folder, 'warm-start.json'), JSON.stringify(record));
  cpSync(join(nano, 'warm-start', 'adapter_config.json'), join(folder, 'adapter_config.json'));
  cpSync(join(nano, 'warm-start', 'adapter_model.safetensors'), join(folder, 'adapter_model.safetensors'));
}

test('curriculum, pacing and learned start can be chosen for one run, with the configured values first and a way back', async ({
  openEditor,
}) => {
  const editor = await openEditor({
    prepare: (workspace) => {
      withSettings({ 'tandem.optimize.curriculum': 'freedom', 'tandem.optimize.pacing': 'root' })(workspace);
      writeLearnedStart(workspace);
    },
  });
  await editor.open('kind.prompt.md');
  await editor.command('Tandem: Optimize With…');
  const title = editor.page.locator('.quick-input-title');
  await expect.poll(() => title.innerText()).toMatch(/Optimize kind\.prompt\.md With….*\(1\/4\)/);
  await expect.poll(async () => (await editor.picks())[0]).toMatch(/Alternating/);
  await editor.page.keyboard.press('Enter');
  await expect.poll(() => title.innerText()).toMatch(/\(2\/4\)/);
  await expect.poll(async () => (await editor.picks()).join()).toMatch(/^Freedom,.*No curriculum,.*Data,.*Data and freedom,/);
  await editor.screenshot('optimize-with-curriculum');
  await editor.page.locator('.quick-input-titlebar .codicon-quick-input-back').click();
  await expect.poll(() => title.innerText()).toMatch(/\(1\/4\)/);
  await editor.pick('Alternating');
  // Without a curriculum, pacing has no meaning.
  await editor.pick('No curriculum');
  await expect.poll(() => title.innerText()).toMatch(/\(3\/3\)/);
  await expect.poll(async () => (await editor.picks()).join()).toMatch(/warm-start.*None/);
  await editor.page.locator('.quick-input-titlebar .codicon-quick-input-back').click();
  await expect.poll(() => title.innerText()).toMatch(/\(2\/4\)/);
  await editor.pick('Data and freedom');
  await expect.poll(() => title.innerText()).toMatch(/\(3\/4\)/);
  await expect.poll(async () => (await editor.picks()).join()).toMatch(/^Root,.*Linear,.*Self-paced,/);
  await editor.screenshot('optimize-with-pacing');
  await editor.page.keyboard.press('Enter');
  await expect.poll(() => title.innerText()).toMatch(/\(4\/4\)/);
  await editor.page.locator('.quick-input-titlebar .codicon-quick-input-back').click();
  await expect.poll(() => title.innerText()).toMatch(/\(3\/4\)/);
  await editor.pick('Linear');
  await expect.poll(() => title.innerText()).toMatch(/\(4\/4\)/);
  await expect.poll(async () => (await editor.picks()).join()).toMatch(/warm-start.*None/);
  await editor.screenshot('optimize-with-start');
  await editor.pick('None');
  await editor.webview().getByText('Ended', { exact: true }).first().waitFor();
  await editor
    .webview()
    .getByRole('heading', { name: /^Curriculum/ })
    .first()
    .waitFor();
  const runs = join(editor.workspace, '.tandem', 'runs');
  const { spec } = JSON.parse(readFileSync(join(runs, readdirSync(runs)[0], 'run.json'), 'utf8')) as { spec: RunSpec };
  expect(spec).toMatchObject({ coordinator: 'alternating', curriculum: 'both', pacing: 'linear', warmStart: 'none' });
});

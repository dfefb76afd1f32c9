/** @file What the panel shows for other ways to optimize than plain alternation, in a real window, and the choices before a run. */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { noPrior } from '../../src/optimize/proposalPrior.ts';
import type { RunSpec } from '../../src/run/spec.ts';
import type { Editor } from '../support/editor.ts';
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

/** The spec of the only run. */
function specOfRun(workspace: string): RunSpec {
  const runs = join(workspace, '.tandem', 'runs');
  return (JSON.parse(readFileSync(join(runs, readdirSync(runs)[0], 'run.json'), 'utf8')) as { spec: RunSpec }).spec;
}

/** Chooses the row with this label in the step with this number, `2/5`. */
async function choose(editor: Editor, step: string, label: string): Promise<void> {
  await expect.poll(() => editor.page.locator('.quick-input-title').innerText()).toContain(`(${step})`);
  await editor.pick(label);
}

test('how long, what to tune, how many rows and which model are chosen for one run', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: withSettings({}) });
  await editor.open('kind.prompt.md');
  await editor.command('Tandem: Optimize With…');
  await expect.poll(async () => (await editor.picks()).join()).toBe('As in the settings,Quick,Normal,Thorough,Your own…');
  await editor.screenshot('optimize-with');
  await choose(editor, '1/5', 'Your own…');
  const box = editor.page.locator('.quick-input-widget input.input');
  const said = editor.page.locator('.quick-input-message');
  await box.fill('40');
  await expect.poll(() => said.innerText()).toMatch(/'40' is a budget without a unit/);
  await editor.screenshot('optimize-with-own-budget');
  await editor.answer('40k');
  await expect.poll(async () => (await editor.picks()).join()).toBe('Prompt and weights,Prompt only,Weights only');
  await choose(editor, '2/5', 'Weights only');
  await choose(editor, '3/5', 'Up to 30');
  await choose(editor, '4/5', tinyModel);
  await expect.poll(async () => (await editor.picks()).join()).toBe('Start,More options…');
  await editor.screenshot('optimize-with-start-or-more');
  await editor.pick('Start');
  await editor.webview().getByText('Ended', { exact: true }).first().waitFor();
  const spec = specOfRun(editor.workspace);
  expect(spec).toMatchObject({ budget: { tokens: 40_000 }, tune: 'weights', rows: { val: 30 } });
  // The prompt file's own model is no other one.
  expect(spec.model).toBeUndefined();
});

test('from the box for a budget of your own, a way leads back to the list', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: withSettings({}) });
  await editor.open('kind.prompt.md');
  await editor.command('Tandem: Optimize With…');
  await choose(editor, '1/5', 'Your own…');
  await editor.page.locator('.quick-input-titlebar .codicon-quick-input-back').click();
  await expect.poll(async () => (await editor.picks()).length).toBe(5);
  await choose(editor, '1/5', 'Quick');
  await expect.poll(async () => (await editor.picks())[0]).toBe('Prompt and weights');
});

/** Answers the first four questions as the settings do, and asks for more. */
async function askForMore(editor: Editor): Promise<void> {
  await editor.command('Tandem: Optimize With…');
  for (const step of ['1/5', '2/5', '3/5', '4/5']) {
    await expect.poll(() => editor.page.locator('.quick-input-title').innerText()).toContain(`(${step})`);
    await editor.page.keyboard.press('Enter');
  }
  await choose(editor, '5/5', 'More options…');
}

test('a coordinator can be chosen for one run, and the phases of coordinate descent name their blocks', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: withSettings({}) });
  await editor.open('kind.prompt.md');
  await askForMore(editor);
  await expect.poll(async () => (await editor.picks()).join()).toBe('By turns,Part by part,Both at once');
  await editor.screenshot('optimize-with-more');
  // The tiny model has no learned start, and curricula are only for alternating runs, so nothing else is asked.
  await editor.pick('Part by part');
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
  await askForMore(editor);
  const title = editor.page.locator('.quick-input-title');
  await expect.poll(() => title.innerText()).toMatch(/Optimize kind\.prompt\.md With….*\(6\/9\)/);
  await expect.poll(async () => (await editor.picks())[0]).toBe('By turns');
  await editor.page.keyboard.press('Enter');
  await expect.poll(() => title.innerText()).toMatch(/\(7\/9\)/);
  await expect.poll(async () => (await editor.picks()).join()).toBe('Small changes,Everything,The rows that teach most,Both of these');
  await editor.screenshot('optimize-with-curriculum');
  await editor.page.locator('.quick-input-titlebar .codicon-quick-input-back').click();
  await expect.poll(() => title.innerText()).toMatch(/\(6\/9\)/);
  await editor.pick('By turns');
  // Without a curriculum, pacing has no meaning.
  await editor.pick('Everything');
  await expect.poll(() => title.innerText()).toMatch(/\(8\/8\)/);
  await expect.poll(async () => (await editor.picks()).join()).toMatch(/warm-start.*None/);
  await editor.page.locator('.quick-input-titlebar .codicon-quick-input-back').click();
  await expect.poll(() => title.innerText()).toMatch(/\(7\/9\)/);
  await editor.pick('Both of these');
  await expect.poll(() => title.innerText()).toMatch(/\(8\/9\)/);
  await expect.poll(async () => (await editor.picks()).join()).toBe('Quickly at first,Steadily,As the model learns');
  await editor.screenshot('optimize-with-pacing');
  await editor.page.keyboard.press('Enter');
  await expect.poll(() => title.innerText()).toMatch(/\(9\/9\)/);
  await editor.page.locator('.quick-input-titlebar .codicon-quick-input-back').click();
  await expect.poll(() => title.innerText()).toMatch(/\(8\/9\)/);
  await editor.pick('Steadily');
  await expect.poll(() => title.innerText()).toMatch(/\(9\/9\)/);
  await expect.poll(async () => (await editor.picks()).join()).toMatch(/warm-start.*None/);
  await editor.screenshot('optimize-with-start');
  await editor.pick('None');
  await editor.webview().getByText('Ended', { exact: true }).first().waitFor();
  await editor
    .webview()
    .getByRole('heading', { name: /^Curriculum/ })
    .first()
    .waitFor();
  expect(specOfRun(editor.workspace)).toMatchObject({
    coordinator: 'alternating',
    curriculum: 'both',
    pacing: 'linear',
    warmStart: 'none',
  });
});

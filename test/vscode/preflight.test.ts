/** @file The preflight before a run: on request, and the question if the prompt or the weights are unlikely to help. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunSpec } from '../../src/run/spec.ts';
import type { Editor } from '../support/editor.ts';
import { writeTinyTask } from '../support/tinyTask.ts';
import { expect, test } from './fixtures.ts';

const withSettings = (settings: Readonly<Record<string, unknown>>) => (workspace: string) => {
  writeTinyTask(workspace);
  mkdirSync(join(workspace, '.vscode'));
  writeFileSync(join(workspace, '.vscode', 'settings.json'), JSON.stringify({ 'tandem.optimize.budget': '20k', ...settings }));
};

test('a preflight says what is likely to help, and offers to tune it', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: withSettings({}) });
  await editor.open('kind.prompt.md');
  await editor.command('Tandem: Run Preflight');
  await expect
    .poll(editor.notifications)
    .toContainEqual(expect.stringMatching(/^kind\.prompt\.md: weights (likely|unlikely|unclear).*, prompt (likely|unlikely|unclear)/));
  await editor.screenshot('preflight');
  await editor.pressNotification('Tune Weights Only');
  const panel = editor.webview();
  await panel.getByRole('button', { name: /^Phase 1 .*weights/i }).waitFor();
  await panel.getByRole('heading', { name: 'Preflight' }).waitFor();
  await expect.poll(editor.notifications).toContainEqual(expect.stringMatching(/kind\.prompt\.md: .*(test rows|nothing was better)/));
});

test('with the default setting, a run begins with a preflight and then goes on', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: withSettings({ 'tandem.optimize.preflight': 'ask' }) });
  await editor.open('kind.prompt.md');
  await editor.command('Tandem: Optimize Prompt and Weights');
  await expect.poll(editor.statusBar).toContainEqual(expect.stringMatching(/Running preflight on kind|Optimizing kind/));
  // It asks if the prompt or the weights are unlikely to help.
  const dialog = editor.page.locator('.monaco-dialog-box');
  const phase = editor.webview().getByRole('button', { name: /^Phase 1 / });
  await expect
    .poll(async () => {
      if (await dialog.isVisible()) await editor.pressDialog('Optimize Both');
      return phase.isVisible();
    })
    .toBe(true);
});

/** Every answer is already right, so neither prompt nor weights are likely to help. The rows are short, for speed. */
function withNothingToGain(workspace: string): void {
  withSettings({ 'tandem.optimize.preflight': 'ask' })(workspace);
  const prompt = join(workspace, 'kind.prompt.md');
  writeFileSync(prompt, readFileSync(prompt, 'utf8').replace('labels: from-data', 'metric: regex\n  decoding: {maxTokens: 2}'));
  const rows = Array.from({ length: 30 }, (_, i) => JSON.stringify({ text: `number ${i}`, kind: '.*' }));
  writeFileSync(join(workspace, 'rows.jsonl'), rows.join('\n') + '\n');
}

/** What the runs so far tune, in order. */
function targetsRun({ workspace }: Editor): string[] {
  const runs = join(workspace, '.tandem', 'runs');
  if (!existsSync(runs)) return [];
  const specs = readdirSync(runs)
    .sort()
    .map((run) => (JSON.parse(readFileSync(join(runs, run, 'run.json'), 'utf8')) as { spec: RunSpec }).spec);
  return specs.map(({ tune }) => tune);
}

test('if neither is likely to help, it asks; cancelling runs nothing, any other answer runs what it names', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: withNothingToGain });
  const dialog = editor.page.locator('.monaco-dialog-box');
  const optimize = async (answer: string): Promise<void> => {
    await editor.open('kind.prompt.md');
    await editor.command('Tandem: Optimize Prompt and Weights');
    await dialog.waitFor();
    await editor.pressDialog(answer);
    await dialog.waitFor({ state: 'hidden' });
  };
  const ended = (): Promise<void> => expect.poll(editor.notifications).toContainEqual(expect.stringMatching(/^kind\.prompt\.md: /));

  await editor.open('kind.prompt.md');
  await editor.command('Tandem: Optimize Prompt and Weights');
  await dialog.waitFor();
  expect(await dialog.locator('.dialog-message-text').innerText()).toBe(
    'kind.prompt.md: weights unlikely to help, prompt unlikely to help.',
  );
  expect(await dialog.locator('.dialog-message-detail').innerText()).toMatch(
    /^Now: 100\.0% .* on \d+ validation rows\n+weights unlikely to help: 0\.0 points .*after a short training.*\n+prompt unlikely to help: 0\.0 points .*with the best of \d+ prompts; .*$/,
  );
  // The platform determines the order of the buttons. Enter presses the primary one.
  const buttons = (which: string): Promise<string[]> => dialog.locator(`.monaco-button${which}`).allInnerTexts();
  expect((await buttons('')).sort()).toEqual(['Cancel', 'Optimize Both', 'Optimize Prompt Only', 'Tune Weights Only']);
  expect(await buttons(':not(.secondary)')).toEqual(['Optimize Both']);
  // The status shows that the measurement is over.
  await expect.poll(editor.lenses).toEqual(['Not measured yet | Evaluate | Optimize']);
  await editor.screenshot('preflight-question');
  await editor.pressDialog('Cancel');
  await dialog.waitFor({ state: 'hidden' });
  expect(targetsRun(editor)).toEqual([]);
  expect(await editor.statusBar()).not.toContainEqual(expect.stringContaining('Optimizing'));

  await optimize('Tune Weights Only');
  await ended();
  expect(targetsRun(editor)).toEqual(['weights']);
  await editor.command('Notifications: Clear All Notifications');
  await optimize('Optimize Both');
  await ended();
  expect(targetsRun(editor)).toEqual(['weights', 'both']);
});

/**
 * @file Commands of the palette that correspond to the command line, apart from tuning: a first prompt from data, a comparison of two runs, an
 * export of an adapter.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Editor } from '../support/editor.ts';
import { writeTinyTask } from '../support/tinyTask.ts';
import { expect, test } from './fixtures.ts';

const activeText = (editor: Editor): Promise<string> => editor.run((vscode) => vscode.window.activeTextEditor?.document.getText() ?? '');

test('a first prompt file is made from a data file, and never overwrites a file', async ({ openEditor }) => {
  const editor = await openEditor({
    prepare: (workspace) => writeFileSync(join(workspace, 'reviews.csv'), 'review,mood\nLovely,good\nAwful,bad\nNice,good\nPoor,bad\n'),
  });
  const make = async (): Promise<void> => {
    await editor.command('Tandem: New Prompt from Data');
    await expect.poll(editor.picks).toContain('reviews.csv');
    await editor.pick('reviews.csv');
    await expect.poll(async () => (await editor.picks()).sort()).toEqual(['mood', 'review']);
    await editor.pick('mood');
  };
  await make();
  await expect.poll(() => activeText(editor)).toContain('data: reviews.csv');
  const file = join(editor.workspace, 'reviews.prompt.md');
  expect(readFileSync(file, 'utf8')).toMatch(/output: mood[\s\S]*\$\{input:review\}/);
  writeFileSync(file, 'mine');
  await make();
  await expect.poll(editor.notifications).toContainEqual(expect.stringContaining('already exists'));
  expect(readFileSync(file, 'utf8')).toBe('mine');
});

test('two runs are compared, and their adapter is exported whether or not it was accepted', async ({ openEditor }) => {
  const editor = await openEditor({
    prepare: (workspace) => {
      writeTinyTask(workspace);
      mkdirSync(join(workspace, '.vscode'));
      const settings = { 'tandem.optimize.budget': '60k', 'tandem.optimize.schedule': 'chain:w' };
      writeFileSync(join(workspace, '.vscode', 'settings.json'), JSON.stringify(settings));
    },
  });
  await editor.open('kind.prompt.md');
  await editor.command('Tandem: Tune Weights Only');
  await expect.poll(editor.notifications).toContainEqual(expect.stringMatching(/kind\.prompt\.md: .*test rows/));
  await editor.command('Tandem: Focus on Runs View');
  await editor.pressRowMenu('kind, ended', 'Export Adapter');
  await editor.pick('GGUF LoRA');
  await expect.poll(editor.notifications).toContainEqual(expect.stringMatching(/^Exported to kind-\w{8}-lora\.gguf/));
  await editor.open('kind.prompt.md');
  await editor.command('Tandem: Accept All');
  const prompt = join(editor.workspace, 'kind.prompt.md');
  await expect.poll(() => readFileSync(prompt, 'utf8')).toContain('adapter:');

  await editor.open('kind.prompt.md');
  await editor.command('Tandem: Export Adapter');
  await expect.poll(editor.picks).toEqual(expect.arrayContaining(['PEFT', 'Merged Safetensors', 'GGUF LoRA', 'Ollama']));
  await editor.pick('PEFT');
  await expect.poll(editor.notifications).toContainEqual(expect.stringMatching(/^Exported to kind-\w{8}-peft/));
  const [, folder] = /Exported to (kind-\w{8}-peft)/.exec((await editor.notifications()).join('\n'))!;
  expect(existsSync(join(editor.workspace, folder, 'adapter_config.json'))).toBe(true);

  // A copy of the run under another name serves as the second one.
  const runs = join(editor.workspace, '.tandem', 'runs');
  const [run] = await editor.run((_, path) => process.getBuiltinModule('node:fs').readdirSync(path), runs);
  const copy = '2026-01-01-000000-kind';
  cpSync(join(runs, run), join(runs, copy), { recursive: true });
  await editor.command('Tandem: Compare Runs');
  // Both are rows named after the prompt. The line below has the run, and the second list leaves out the first choice.
  for (const [place, wanted] of [run, copy].entries()) {
    await expect.poll(editor.picks).toEqual(['kind.prompt.md', 'kind.prompt.md'].slice(place));
    await editor.pick(wanted);
  }
  await expect.poll(() => activeText(editor)).toMatch(/B - A: 0\.0 points[\s\S]*Both runs ended with the same prompt/);
});

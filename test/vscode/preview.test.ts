/** @file The rendered prompt next to the prompt file: what the model is asked, for each row, while the file is edited. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Editor } from '../support/editor.ts';
import { tinyModel } from '../support/paths.ts';
import { rewrite } from '../support/rewrite.ts';
import { writeTinyTask } from '../support/tinyTask.ts';
import { expect, test } from './fixtures.ts';

const file = 'sort.prompty';

function prepare(workspace: string, model = tinyModel): void {
  writeTinyTask(workspace);
  const front = `model: {api: chat}\ntandem: {data: rows.jsonl, output: kind, labels: from-data, model: ${model}}`;
  writeFileSync(join(workspace, file), `---\n${front}\n---\nsystem:\nSay what it is.\nuser:\nText: {{ text }}\n`);
}

/** The text of the rendered prompt; undefined if there is none. */
const rendered = (editor: Editor): Promise<string | undefined> =>
  editor.run((vscode) => vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'tandem-rendered')?.getText());

test('the prompt as the model reads it is shown next to the file, follows the edits, and goes from row to row', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: (workspace) => prepare(workspace) });
  await editor.open(file);
  await editor.command('Tandem: Preview Rendered Prompt');
  const turns = (system: string): RegExp =>
    new RegExp(
      `^─── validation row 1 of \\d+ · \\d+ tokens ───\\n─── rows\\.jsonl:\\d+ · tiny-tied ───\\n<\\|im_start\\|>system\\n${system}<\\|im_end\\|>\\n<\\|im_start\\|>user\\nText: .* number \\d+<\\|im_end\\|>\\n<\\|im_start\\|>assistant\\n\\n?$`,
    );
  await expect.poll(() => rendered(editor)).toMatch(turns('Say what it is\\.'));
  await editor.screenshot('preview');
  await rewrite(editor, 'Say what it is.', 'Name the kind.');
  await expect.poll(() => rendered(editor)).toMatch(turns('Name the kind\\.'));
  await rewrite(editor, '{{ text }}', '{{ text | uper }}');
  await expect.poll(() => rendered(editor)).toMatch(/sort\.prompty:8:7: .*there is no filter "uper"/);
  await rewrite(editor, '{{ text | uper }}', '{{ text }}');
  await expect.poll(() => rendered(editor)).toMatch(turns('Name the kind\\.'));

  await editor.command('View: Focus Next Editor Group');
  await editor.command('Tandem: Preview Next Row');
  await expect.poll(() => rendered(editor)).toMatch(/^─── validation row 2 of /);
  await editor.command('Tandem: Preview Previous Row');
  await expect.poll(() => rendered(editor)).toMatch(/^─── validation row 1 of /);
});

test('an untrusted workspace is shown only with the model that comes with Tandem', async ({ openEditor }) => {
  const editor = await openEditor({ asksForTrust: true, prepare: (workspace) => prepare(workspace, 'nano') });
  await editor.open(file);
  await editor.command('Tandem: Preview Rendered Prompt');
  await expect.poll(() => rendered(editor)).toMatch(/ · nano ───\n<\|im_start\|>system\nSay what it is\./);
  await rewrite(editor, 'model: nano', 'model: ./model');
  await expect.poll(() => rendered(editor)).toMatch(/In Restricted Mode, Tandem does not load the model that the prompt file names\./);
});

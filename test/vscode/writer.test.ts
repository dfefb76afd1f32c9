/** @file A language model of the editor writes instructions for a run after the user has agreed to what it is sent. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Editor } from '../support/editor.ts';
import { modelVendor } from '../support/server.ts';
import { writeTinyTask } from '../support/tinyTask.ts';
import { expect, test } from './fixtures.ts';

/** An API that newer editors have, but not the version whose types we use. */
interface ModelProviders {
  registerLanguageModelChatProvider(
    vendor: string,
    provider: {
      provideLanguageModelChatInformation(): readonly object[];
      provideLanguageModelChatResponse(
        model: unknown,
        messages: readonly unknown[],
        options: unknown,
        progress: { report(part: object): void },
      ): Promise<void>;
      provideTokenCount(model: unknown, text: unknown): Promise<number>;
    },
  ): void;
}

/** Adds another extension's model, which always drafts the same line and records its requests. */
const addModel = (editor: Editor): Promise<void> =>
  editor.run((vscode, vendor) => {
    const asked: string[] = [];
    Object.assign(globalThis, { asked });
    (vscode.lm as unknown as ModelProviders).registerLanguageModelChatProvider(vendor, {
      provideLanguageModelChatInformation: () => [
        {
          ...{ id: 'drafter', name: 'Drafter', family: 'drafter', version: '1', maxInputTokens: 8000, maxOutputTokens: 1000 },
          ...{ capabilities: {}, isUserSelectable: true },
        },
      ],
      provideLanguageModelChatResponse(_, messages, __, progress) {
        asked.push(JSON.stringify(messages));
        const text = '<why>Names both answers.</why>\n<instruction>\nIs the word a colour or an animal?\n</instruction>';
        progress.report(new vscode.LanguageModelTextPart(text));
        return Promise.resolve();
      },
      provideTokenCount: (_, text) => Promise.resolve(JSON.stringify(text).length),
    });
  }, modelVendor);

const asked = (editor: Editor): Promise<string[]> => editor.run(() => (globalThis as unknown as { asked: string[] }).asked);

test('with the editor as the writer, nothing is sent before the user agrees, and its drafts compete with other proposals', async ({
  openEditor,
}) => {
  const editor = await openEditor({
    version: 'latest',
    settings: { 'tandem.writer': 'editor' },
    prepare: (workspace) => {
      writeTinyTask(workspace);
      mkdirSync(join(workspace, '.vscode'));
      writeFileSync(join(workspace, '.vscode', 'settings.json'), JSON.stringify({ 'tandem.optimize.budget': '60k' }));
    },
  });
  await addModel(editor);
  await editor.open('kind.prompt.md');
  await editor.command('Tandem: Optimize Prompt and Weights');
  const dialog = editor.page.locator('.monaco-dialog-box');
  await dialog.waitFor();
  expect(await dialog.locator('.dialog-message-text').innerText()).toContain('Send training rows of kind.prompt.md');
  expect(await dialog.locator('.dialog-message-detail').innerText()).toContain('Validation and test rows are never sent.');
  await editor.screenshot('writer');
  // Nothing is sent before the answer.
  expect(await asked(editor)).toEqual([]);
  await editor.pressDialog('Send');
  await expect.poll(editor.notifications).toContainEqual(expect.stringMatching(/kind\.prompt\.md: .*test rows/));
  expect((await asked(editor))[0]).toContain('Say what it is.');
  const runs = join(editor.workspace, '.tandem', 'runs');
  const [run] = readdirSync(runs);
  const journal = readFileSync(join(runs, run, 'journal.jsonl'), 'utf8');
  expect(journal).toMatch(
    /"type":"candidateProposed"[^\n]*"reason":"written by drafter of the editor from \d+ wrong answers: Names both answers"/,
  );
  expect(readFileSync(join(runs, run, 'report.md'), 'utf8')).toContain('drafter of the editor');
});

/** @file An accepted prompt with its adapter is a model of the editor's chat, which other extensions can ask too. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeTinyTask } from '../support/tinyTask.ts';
import type { Editor } from '../support/editor.ts';
import { expect, test } from './fixtures.ts';

const offered = (editor: Editor): Promise<{ id: string; version: string }[]> =>
  editor.run(async (vscode) => (await vscode.lm.selectChatModels({ vendor: 'tandem' })).map(({ id, version }) => ({ id, version })));

test('a prompt file with an accepted adapter answers in the chat, and one without does not', async ({ openEditor }) => {
  const editor = await openEditor({
    prepare: (workspace) => {
      writeTinyTask(workspace);
      mkdirSync(join(workspace, '.vscode'));
      const settings = { 'tandem.optimize.budget': '60k', 'tandem.optimize.schedule': 'chain:w' };
      writeFileSync(join(workspace, '.vscode', 'settings.json'), JSON.stringify(settings));
    },
  });
  await editor.open('kind.prompt.md');
  expect(await offered(editor)).toEqual([]);
  await editor.command('Tandem: Tune Weights Only');
  await expect.poll(editor.notifications).toContainEqual(expect.stringMatching(/kind\.prompt\.md: .*test rows/));
  await editor.open('kind.prompt.md');
  await editor.command('Tandem: Accept All');
  await expect.poll(() => offered(editor)).toEqual([{ id: 'kind.prompt.md', version: expect.stringMatching(/^kind-\w{8}$/) as string }]);

  const answer = await editor.run(async (vscode) => {
    const [model] = await vscode.lm.selectChatModels({ vendor: 'tandem' });
    const asked = [vscode.LanguageModelChatMessage.User('red number 3')];
    const { text } = await model.sendRequest(asked, {}, new vscode.CancellationTokenSource().token);
    let whole = '';
    for await (const part of text) whole += part;
    return { whole, tokens: await model.countTokens('red number 3') };
  });
  expect(answer.whole).toBe('colour');
  expect(answer.tokens).toBeGreaterThan(0);
});

/**
 * @file An untrusted workspace can be viewed, and measured with what comes with Tandem. Nothing that it names is run or loaded.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Editor } from '../support/editor.ts';
import { withoutEmbedded } from '../support/embedded.ts';
import { writeTinyTask } from '../support/tinyTask.ts';
import { versions, type Version } from '../support/versions.ts';
import { expect, test } from './fixtures.ts';

/** The tiny task with other settings under the `tandem` key. */
function writeVariant(workspace: string, name: string, settings: string): void {
  const text = readFileSync(join(workspace, 'kind.prompt.md'), 'utf8');
  writeFileSync(join(workspace, `${name}.prompt.md`), text.replace(/ {2}model: .*/, settings));
}

/** Calls a command on a prompt file as a row or a lens does, whatever the menus offer. @returns the reason why its job failed */
const call = (editor: Editor, command: string, name: string): Promise<string | undefined> =>
  editor.run(
    async (vscode, id, path) => {
      const job = await vscode.commands.executeCommand<{ error?: { reason?: string } } | undefined>(id, vscode.Uri.file(path));
      return job?.error?.reason;
    },
    command,
    join(editor.workspace, `${name}.prompt.md`),
  );

const both = Object.keys(versions) as Version[];

test.for(both)(
  'nothing that an untrusted workspace names is loaded, contacted or run, in the %s version',
  async (version, { openEditor }) => {
    let contacts = 0;
    const server = createServer((_, response) => void response.end(`${++contacts}`)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const editor = await openEditor({
      version,
      asksForTrust: true,
      prepare: (workspace) => {
        writeTinyTask(workspace);
        writeVariant(workspace, 'adapter', '  model: nano\n  adapter: .tandem/adapters/theirs');
        writeVariant(workspace, 'endpoint', `  model: ${endpoint}/v1`);
        writeVariant(workspace, 'metric', '  model: nano\n  metric: ./metric.mjs');
        writeFileSync(
          join(workspace, 'metric.mjs'),
          `import { writeFileSync } from 'node:fs'; writeFileSync(new URL('ran', import.meta.url), '');`,
        );
        mkdirSync(join(workspace, '.vscode'));
        const settings = {
          'tandem.measure.onSave': 'lines',
          'tandem.engine.executor': 'tensorflow',
          'tandem.engine.threads': 7,
          'tandem.engine.weights': 'f32',
        };
        writeFileSync(join(workspace, '.vscode', 'settings.json'), JSON.stringify(settings));
      },
    });
    try {
      // It can be viewed.
      await editor.open('kind.prompt.md');
      await expect.poll(editor.lenses).toEqual(['Not measured yet | Trust the workspace to evaluate']);
      await editor.run((vscode) => vscode.commands.executeCommand('workbench.view.extension.tandem'));
      const names = ['adapter', 'endpoint', 'intent', 'kind', 'metric'];
      await expect.poll(async () => withoutEmbedded(await editor.treeRows())).toEqual(names.map((name) => `${name}, Not measured yet`));
      for (const name of ['kind', 'adapter', 'endpoint']) expect(await editor.rowActions(name)).toEqual([]);
      expect(await editor.rowActions('metric')).toEqual(['Evaluate']);
      await editor.screenshot('views-untrusted');

      // Its settings have no effect, and the editor lists no tasks.
      const settings = await editor.run((vscode) => {
        const read = vscode.workspace.getConfiguration('tandem');
        return ['measure.onSave', 'engine.executor', 'engine.threads', 'engine.weights'].map((id) => read.get(id));
      });
      expect(settings).toEqual(['off', 'onnxruntime', 0, 'auto']);
      const tasks = editor.run(async (vscode) => (await vscode.tasks.fetchTasks({ type: 'tandem' })).length);
      await editor.pressDialog('Cancel');
      expect(await tasks).toBe(0);

      for (const name of ['kind', 'adapter', 'endpoint']) expect(await call(editor, 'tandem.evaluate', name)).toBe('untrusted-workspace');
      await expect.poll(editor.notifications).toContainEqual(expect.stringContaining('In Restricted Mode, Tandem does not load'));
      await call(editor, 'tandem.evaluate', 'metric');
      await call(editor, 'tandem.optimize', 'kind');
      expect(existsSync(join(editor.workspace, 'ran'))).toBe(false);
      expect(contacts).toBe(0);
      expect(existsSync(join(editor.workspace, '.tandem'))).toBe(false);
    } finally {
      server.close();
    }

    await editor.command('Workspaces: Manage Workspace Trust');
    await editor.page.locator('.workspace-trust-editor .monaco-button', { hasText: 'Trust' }).first().click();
    await expect.poll(() => editor.run((vscode) => vscode.workspace.isTrusted)).toBe(true);
    // The newer version shows this page in front of everything. A reload now could happen before the trust is stored.
    await editor.run((vscode) => vscode.commands.executeCommand('workbench.action.closeModalEditor').then(undefined, () => {}));
    await editor.page.locator('.monaco-modal-editor-block').waitFor({ state: 'hidden' });
    await expect.poll(() => editor.rowActions('kind')).toEqual(['Evaluate', 'Optimize Prompt and Weights']);
  },
);

/** A click on this link would write `id` into a terminal. */
const link = '[Install the missing data helper](command:workbench.action.terminal.sendSequence?%7B%22text%22%3A%22id%5Cu000D%22%7D)';

/** A prompt file, its data and its measurements, all with markup wherever a text allows it. */
function writeHostile(workspace: string): void {
  const rows = Array.from({ length: 20 }, (_, i) => `a${i},b${i % 2},c`).join('\n');
  writeFileSync(join(workspace, 'evil.csv'), `msg,intent,${link}\n${rows}\n`);
  const settings = '  data: evil.csv\n  output: intent\n  metric: accuracy\n  labels: from-data\n  model: nano';
  writeFileSync(join(workspace, 'evil.prompt.md'), `---\ntandem:\n${settings}\n---\nMessage: \${input:message}\nIntent:\n`);
  const score = { mean: 0.1, low: 0.05, high: 0.15, rows: 75, probabilityBetter: 0.99 };
  const text = `![x](https://evil.example/b.png) ${link} <img src="https://evil.example/c.png">`;
  const about = { metric: `accuracy ${link}`, at: '2026-11-24T10:15:00Z', split: 'val', model: `$(trash) nano ${link}` };
  const line = { line: 10, kind: 'demonstrations', text, score, logLikelihood: score, tokensSaved: 14 };
  const results = { version: 2, textHash: 'x', evaluation: { ...about, score, logLikelihood: score }, lines: { ...about, lines: [line] } };
  mkdirSync(join(workspace, '.tandem', 'results'), { recursive: true });
  writeFileSync(join(workspace, '.tandem', 'results', 'evil.json'), JSON.stringify(results));
}

test('nothing that a workspace contains becomes a link, an icon or a picture in a notification, hover, lens or tree', async ({
  openEditor,
}) => {
  const editor = await openEditor({ asksForTrust: true, prepare: writeHostile });
  const requested: string[] = [];
  editor.page.on('request', (request) => requested.push(request.url()));
  await editor.open('evil.prompt.md');

  const lens = 'nano [Install the missing data helper] (command:';
  await expect.poll(editor.lensDetails).toContainEqual(expect.stringContaining('nano [Install the missing data helper]'));
  expect(await editor.page.locator('.codelens-decoration .codicon-trash, .codelens-decoration img').count()).toBe(0);
  await editor.run((vscode) => vscode.commands.executeCommand('workbench.view.extension.tandem'));
  await expect.poll(editor.treeRows).toContainEqual(expect.stringContaining(`$ (trash) ${lens}`));

  await editor.run((vscode) => {
    const { end } = vscode.window.activeTextEditor!.document.lineAt(9).range;
    vscode.window.activeTextEditor!.selection = new vscode.Selection(end, end);
    return vscode.commands.executeCommand('editor.action.showHover');
  });
  const inHover = editor.page.locator('.monaco-hover:visible .hover-contents');
  await inHover.filter({ hasText: 'with ![x](https://evil.example/b.png) [Install the missing data helper](command:' }).waitFor();
  expect(await inHover.locator('a').allInnerTexts()).toEqual(['Hide line annotations']);
  expect(await inHover.locator('img').count()).toBe(0);
  await editor.screenshot('hostile-hover');

  void call(editor, 'tandem.evaluate', 'evil');
  await expect.poll(editor.notifications).toContainEqual(expect.stringContaining('[Install the missing data helper] (command:workbench'));
  const messages = editor.page.locator('.notification-list-item-message');
  expect(await messages.locator('a[href^="command:"], a[href^="http"]').count()).toBe(0);
  await editor.screenshot('hostile-notification');
  expect(requested.filter((url) => url.includes('evil.example'))).toEqual([]);
});

test('an untrusted workspace is measured with the model that comes with Tandem', async ({ openEditor }) => {
  const editor = await openEditor({
    asksForTrust: true,
    prepare: (workspace) => {
      writeTinyTask(workspace);
      writeVariant(workspace, 'kind', '  model: nano');
    },
  });
  await editor.open('kind.prompt.md');
  await editor.pressLens('Evaluate');
  await expect.poll(editor.lenses).toContainEqual(expect.stringMatching(/^\d+% ±\d+ \|/));
  await expect.poll(editor.lensDetails).toContainEqual(expect.stringMatching(/Measured on \d+ validation rows with nano, /));
  expect(readdirSync(join(editor.workspace, '.tandem', 'results')).sort()).toEqual(['kind.answers.jsonl', 'kind.json']);
});

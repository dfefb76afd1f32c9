/** @file The language of prompt files with settings, and what VS Code itself says of them: docs/decisions/0039. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Editor } from '../support/editor.ts';
import { writeTinyTask } from '../support/tinyTask.ts';
import type { Version } from '../support/versions.ts';
import { expect, test } from './fixtures.ts';

const languageOf = (editor: Editor): Promise<string> => editor.run((vscode) => vscode.window.activeTextEditor!.document.languageId);

/** What sources other than Tandem report about the active document. */
const marks = (editor: Editor): Promise<{ message: string; severity: number }[]> =>
  editor.run((vscode) =>
    vscode.languages
      .getDiagnostics(vscode.window.activeTextEditor!.document.uri)
      .filter(({ source }) => source !== 'Tandem')
      .map(({ message, severity }) => ({ message, severity })),
  );

const useOwnLanguage = (editor: Editor, wanted: boolean): Promise<void> =>
  editor.run(async (vscode, value) => {
    await vscode.workspace.getConfiguration().update('tandem.editor.ownLanguage', value, vscode.ConfigurationTarget.Workspace);
  }, wanted);

const settings = 'tandem:\n  data: rows.jsonl\n  output: kind\n';

const insertBelowFirstLine = (editor: Editor, text: string): Promise<void> =>
  editor.run(async (vscode, inserted) => {
    await vscode.window.activeTextEditor!.edit((edit) => edit.insert(new vscode.Position(1, 0), inserted));
  }, text);

/**
 * The tiny task, and a prompt file of other tools. Tandem has nothing to report of it: while 1.100 draws marks of ours, it does not tell extensions that
 * its own are gone.
 */
function writePrompts(workspace: string): void {
  writeTinyTask(workspace);
  writeFileSync(join(workspace, 'explain.prompt.md'), '---\ndescription: Explain\n---\n# One\nExplain ${input:text}.\n## Two\nBriefly.\n');
}

/** What VS Code says of the settings in its own language. */
const ofVSCode: Readonly<Record<Version, { message: string; severity: number }>> = {
  minimum: { message: "Unexpected token 'tandem'.", severity: 0 },
  latest: { message: expect.stringContaining("Attribute 'tandem' is not supported") as string, severity: 3 },
};

test.for(['minimum', 'latest'] as const)(
  'in the %s version, VS Code marks no settings in our language',
  async (version, { openEditor }) => {
    const editor = await openEditor({ version, prepare: writePrompts });
    await editor.open('kind.prompt.md');
    await expect.poll(() => languageOf(editor)).toBe('tandem-prompt');
    await expect.poll(editor.lenses).toContain('Not measured yet | Evaluate | Optimize');
    await expect.poll(() => editor.hover('labels')).toMatch(/answers to choose from/);
    await editor.page.keyboard.press('Escape');
    await editor.screenshot('own-language');
    expect(await marks(editor)).toEqual([]);
    // Without it, the marks are there; with it again, they go.
    await useOwnLanguage(editor, false);
    await expect.poll(() => languageOf(editor)).toBe('prompt');
    await expect.poll(() => marks(editor)).toContainEqual(ofVSCode[version]);
    await editor.screenshot('own-language-off');
    await expect.poll(() => editor.hover('labels')).toMatch(/answers to choose from/);
    await editor.page.keyboard.press('Escape');
    await useOwnLanguage(editor, true);
    await expect.poll(() => languageOf(editor)).toBe('tandem-prompt');
    await expect.poll(() => marks(editor)).toEqual([]);
    await editor.reload();
    await expect.poll(() => languageOf(editor)).toBe('tandem-prompt');
    await expect.poll(editor.lenses).toContain('Not measured yet | Evaluate | Optimize');
    await expect.poll(() => marks(editor)).toEqual([]);
  },
);

test.for(['minimum', 'latest'] as const)(
  'in the %s version, a prompt file of other tools is VS Code’s until it has settings, and again when they are gone',
  async (version, { openEditor }) => {
    const editor = await openEditor({ version, prepare: writePrompts });
    await editor.open('kind.prompt.md');
    await expect.poll(() => languageOf(editor)).toBe('tandem-prompt');
    await editor.open('explain.prompt.md');
    expect(await languageOf(editor)).toBe('prompt');
    await insertBelowFirstLine(editor, settings);
    await expect.poll(() => languageOf(editor)).toBe('tandem-prompt');
    await expect.poll(() => marks(editor)).toEqual([]);
    await editor.run(async (vscode) => {
      const active = vscode.window.activeTextEditor!;
      await active.edit((change) => change.delete(new vscode.Range(1, 0, 4, 0)));
      await active.document.save();
    });
    await expect.poll(() => languageOf(editor)).toBe('prompt');
  },
);

test('sections fold, and are in the outline', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: writePrompts });
  await editor.open('explain.prompt.md');
  await insertBelowFirstLine(editor, settings);
  await expect.poll(() => languageOf(editor)).toBe('tandem-prompt');
  const folds = await editor.run(async (vscode) => {
    const { uri } = vscode.window.activeTextEditor!.document;
    const found = await vscode.commands.executeCommand<{ start: number; end: number }[]>('vscode.executeFoldingRangeProvider', uri);
    return found.map(({ start, end }) => [start, end]);
  });
  expect(folds).toEqual(
    expect.arrayContaining([
      [0, 5],
      [6, 9],
      [8, 9],
    ]),
  );
  const outline = await editor.run(async (vscode) => {
    const { uri } = vscode.window.activeTextEditor!.document;
    const found = await vscode.commands.executeCommand<{ name: string; children: { name: string }[] }[]>(
      'vscode.executeDocumentSymbolProvider',
      uri,
    );
    return found.map(({ name, children }) => [name, ...children.map((child) => child.name)]);
  });
  expect(outline).toEqual([['Front matter'], ['One', 'Two']]);
});

test('a snippet writes the settings of a new prompt file', async ({ openEditor }) => {
  const editor = await openEditor({
    prepare: (workspace) => {
      writePrompts(workspace);
      writeFileSync(join(workspace, 'new.prompt.md'), '');
    },
  });
  await editor.open('new.prompt.md');
  await editor.run(async (vscode) => {
    await vscode.commands.executeCommand('editor.action.insertSnippet', { langId: 'prompt', name: 'Tandem settings' });
  });
  const text = (): Promise<string> => editor.run((vscode) => vscode.window.activeTextEditor!.document.getText());
  await expect.poll(text).toMatch(/^---\ntandem:\n {2}data: rows\.jsonl\n[^]*\$\{input:text\}\nAnswer:$/);
  await expect.poll(() => languageOf(editor)).toBe('tandem-prompt');
});

test('a language that the user chooses stays', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: writePrompts });
  await editor.open('kind.prompt.md');
  await expect.poll(() => languageOf(editor)).toBe('tandem-prompt');
  await editor.run(async (vscode) => {
    await vscode.languages.setTextDocumentLanguage(vscode.window.activeTextEditor!.document, 'prompt');
  });
  await expect.poll(() => marks(editor)).toContainEqual(ofVSCode.latest);
  await editor.run(async (vscode) => {
    await vscode.window.activeTextEditor!.document.save();
  });
  expect(await languageOf(editor)).toBe('prompt');
});

test.for(['minimum', 'latest'] as const)(
  'if prompt files are opened as Markdown, the %s version reports nothing and Tandem still helps',
  async (version, { openEditor }) => {
    const editor = await openEditor({
      version,
      prepare: (workspace) => {
        writeTinyTask(workspace);
        mkdirSync(join(workspace, '.vscode'));
        writeFileSync(join(workspace, '.vscode', 'settings.json'), '{ "files.associations": { "*.prompt.md": "markdown" } }');
      },
    });
    await editor.open('kind.prompt.md');
    await expect.poll(editor.lenses).toContain('Not measured yet | Evaluate | Optimize');
    expect(await languageOf(editor)).toBe('markdown');
    await expect.poll(() => editor.hover('labels')).toMatch(/answers to choose from/);
    expect(await marks(editor)).toEqual([]);
  },
);

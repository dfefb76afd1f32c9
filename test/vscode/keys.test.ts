/** @file The keyboard in the editor: shortcuts on prompt files and in a review, and that they take none of the editor's own. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Editor } from '../support/editor.ts';
import { root } from '../support/paths.ts';
import { writeTinyProposal } from '../support/tinyProposal.ts';
import { versions, type Version } from '../support/versions.ts';
import { expect, test } from './fixtures.ts';

const file = 'kind.prompt.md';
const onDisk = ({ workspace }: Editor): string => readFileSync(join(workspace, file), 'utf8');

interface Keybinding {
  readonly key: string;
  readonly command: string;
}

async function press({ page }: Editor, letter: string): Promise<void> {
  await page.keyboard.press("Control+'");
  await page.keyboard.press(letter);
}

/** What was rejected of the only run. */
function rejectedIn({ workspace }: Editor): readonly string[] {
  const runs = join(workspace, '.tandem', 'runs');
  const decisions = join(runs, readdirSync(runs)[0], 'decisions.json');
  return existsSync(decisions) ? (JSON.parse(readFileSync(decisions, 'utf8')) as { rejected: string[] }).rejected : [];
}

test.for(Object.keys(versions) as Version[])(
  'no shortcut begins with a key that the editor has a use for, in the %s version',
  async (version, { openEditor }) => {
    const editor = await openEditor({ version });
    const text = await editor.run(async (vscode) => {
      const uri = vscode.Uri.parse('vscode://defaultsettings/keybindings.json');
      return (await vscode.workspace.openTextDocument(uri)).getText();
    });
    const all = JSON.parse(text.replaceAll(/^\s*\/\/.*$/gm, '')) as Keybinding[];
    const isOwn = ({ command }: Keybinding): boolean => command.startsWith('tandem.');
    const { contributes } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { contributes: { keybindings: Keybinding[] } };
    expect(
      all
        .filter(isOwn)
        .map(({ command }) => command)
        .sort(),
    ).toEqual(contributes.keybindings.map(({ command }) => command).sort());
    const firsts = new Set(all.filter(isOwn).map(({ key }) => key.split(' ')[0]));
    expect(all.filter((one) => !isOwn(one) && firsts.has(one.key.split(' ')[0]))).toEqual([]);
  },
);

test('a prompt is evaluated, and its changes are reviewed, without the mouse', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: (workspace) => void writeTinyProposal(workspace) });
  const before = onDisk(editor);
  await editor.open(file);
  await expect.poll(editor.lenses).toContain('Evaluate | Optimize | Review changes | Show run');
  await press(editor, 'e');
  await expect.poll(editor.lenses).toContainEqual(expect.stringMatching(/^\d+% ±\d+ \| Evaluate/));

  await editor.command('Tandem: Review Changes');
  await expect.poll(editor.lenses).toContainEqual(expect.stringContaining('Accept | Reject | all of phase 1'));
  const line = (): Promise<string> =>
    editor.run((vscode) => {
      const { document, selection } = vscode.window.activeTextEditor!;
      return document.lineAt(selection.active).text;
    });
  await press(editor, 'n');
  await expect.poll(line).toMatch(/^ {2}adapter: /);
  await press(editor, 'n');
  await expect.poll(line).toBe('Is it a colour or an animal?');
  await press(editor, 'a');
  await expect.poll(() => onDisk(editor)).toBe(before.replace('Say what it is.', 'Is it a colour or an animal?'));
  await press(editor, 'n');
  await expect.poll(line).toBe('Answer:');
  await press(editor, 'r');
  await expect.poll(() => rejectedIn(editor)).toEqual(['2']);
  await expect.poll(editor.lenses).toContain('Rejected | Accept | Revert');
  await editor.command('Tandem: Reject All');
  await expect.poll(() => rejectedIn(editor)).toEqual(['2', 'adapter']);
});

test("What's New shows the changelog", async ({ editor }) => {
  await editor.command("Tandem: What's New");
  await expect
    .poll(() => editor.page.getByRole('tab', { selected: true }).allInnerTexts())
    .toContainEqual(expect.stringMatching(/Preview changelog\.md/i));
});

/** @file Programs of several steps in the editor: measured, tuned and reviewed as one prompt is. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Editor } from '../support/editor.ts';
import { program, proposed, steps, writeTinyProgram, writeTinyProgramProposal } from '../support/tinyProgram.ts';
import { expect, test } from './fixtures.ts';

const onDisk = ({ workspace }: Editor, file: string): string => readFileSync(join(workspace, file), 'utf8');
const problemsOf = (editor: Editor, file: string): Promise<string[]> =>
  editor.run(
    (vscode, name) =>
      vscode.languages
        .getDiagnostics()
        .filter(([uri]) => uri.fsPath.endsWith(`/${name}`))
        .flatMap(([, found]) => found.map(({ message }) => message)),
    file,
  );

test('a program is measured where it stands, and each step leads to its prompt file and back', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: writeTinyProgram });
  await editor.open(program);
  await expect.poll(editor.lenses).toEqual(['Not measured yet | Evaluate | Optimize', `Open ${steps.first}`, `Open ${steps.last}`]);
  expect(await problemsOf(editor, program)).toEqual([]);
  await editor.pressLens('Evaluate');
  await expect
    .poll(editor.lenses)
    .toContainEqual(expect.stringMatching(/^\d+\.\d% ± ?\d+ · \d+ rows · .* just now \| Evaluate \| Optimize$/));
  await editor.screenshot('program');

  await editor.pressLens(`Open ${steps.first}`);
  await expect
    .poll(editor.lenses)
    .toEqual([expect.stringMatching(/^Step 1 of 2 in kinds\.program\.yaml · \d+\.\d% ± ?\d+ .* just now \| Evaluate \| Optimize$/)]);
  // It lacks nothing that its program says.
  expect(await problemsOf(editor, steps.first)).toEqual([]);
  await editor.screenshot('program-step');
  await editor.page.keyboard.type('x');
  await expect.poll(editor.lenses).toContainEqual(expect.stringContaining('before your edits'));
  await editor.run((vscode) => vscode.commands.executeCommand('undo'));
  await editor.pressLens('Step 1 of 2');
  await expect.poll(editor.lenses).toContain(`Open ${steps.last}`);
});

test('what a run proposes for a program is reviewed step by step, undone as a whole, and measured', async ({ openEditor }) => {
  const editor = await openEditor({ prepare: (workspace) => void writeTinyProgramProposal(workspace) });
  const before = { whole: onDisk(editor, program), first: onDisk(editor, steps.first), last: onDisk(editor, steps.last) };
  await editor.open(program);
  await expect
    .poll(editor.lenses)
    .toEqual([
      'Not measured yet | Evaluate | Optimize | Review changes | Show run',
      `Open ${steps.first} | Review 1 change`,
      `Open ${steps.last} | Review 3 changes`,
    ]);
  await editor.screenshot('program-proposed');
  await editor.pressLens('Review 3 changes');
  await expect.poll(editor.lenses).toContainEqual(expect.stringContaining('Accept | Reject | +12.0 points'));
  await editor.screenshot('program-review-step');
});

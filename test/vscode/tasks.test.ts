/** @file Tasks of type tandem: offered for each prompt, read from tasks.json, and run by the extension host's own Node. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeTinyTask } from '../support/tinyTask.ts';
import { expect, test } from './fixtures.ts';

test('tasks evaluate and optimize a prompt, fail below a minimum, and name the place of an error', async ({ openEditor }) => {
  const editor = await openEditor({
    prepare: (workspace) => {
      writeTinyTask(workspace);
      const own = { type: 'tandem', command: 'evaluate', prompt: 'kind.prompt.md' };
      const tasks = [
        { ...own, label: 'at least all right', min: 1 },
        { ...own, label: 'at least none', min: 0 },
        { type: 'tandem', command: 'optimize', prompt: 'kind.prompt.md', budget: '30000p', label: 'a short run' },
      ];
      mkdirSync(join(workspace, '.vscode'));
      writeFileSync(join(workspace, '.vscode', 'tasks.json'), JSON.stringify({ version: '2.0.0', tasks }));
    },
  });
  const names = (): Promise<string[]> =>
    editor.run(async (vscode) => (await vscode.tasks.fetchTasks({ type: 'tandem' })).map(({ name }) => name).sort());
  const offered = ['intent', 'kind'].flatMap((name) => [`Evaluate ${name}.prompt.md`, `Optimize ${name}.prompt.md`]);
  await expect.poll(names).toEqual([...offered, 'a short run', 'at least all right', 'at least none'].sort());
  const runTask = (name: string): Promise<number | undefined> =>
    editor.run(async (vscode, wanted) => {
      const task = (await vscode.tasks.fetchTasks({ type: 'tandem' })).find((each) => each.name === wanted)!;
      const code = new Promise<number | undefined>((resolve) => {
        const listener = vscode.tasks.onDidEndTaskProcess(({ execution, exitCode }) => {
          if (execution.task.name !== wanted) return;
          listener.dispose();
          resolve(exitCode);
        });
      });
      await vscode.tasks.executeTask(task);
      return code;
    }, name);
  expect(await runTask('at least none')).toBe(0);
  expect(await runTask('at least all right')).toBe(1);
  expect(await runTask('a short run')).toBe(0);
  await editor.screenshot('tasks');

  writeFileSync(join(editor.workspace, 'rows.jsonl'), '{"text": "red", "kind": "colour"}\nnot a row\n');
  expect(await runTask('Evaluate kind.prompt.md')).toBe(2);
  const problems = (): Promise<{ file: string; line: number }[]> =>
    editor.run((vscode) =>
      vscode.languages
        .getDiagnostics()
        .filter(([uri]) => uri.path.endsWith('rows.jsonl'))
        .flatMap(([uri, found]) => found.map(({ range }) => ({ file: vscode.workspace.asRelativePath(uri), line: range.start.line + 1 }))),
    );
  await expect.poll(problems).toEqual([{ file: 'rows.jsonl', line: 2 }]);
});

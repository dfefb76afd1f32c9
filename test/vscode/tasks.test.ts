/** @file Tasks of type tandem: offered for each prompt and program, read from tasks.json, and run by the extension host's own Node. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { program, steps, writeTinyProgram } from '../support/tinyProgram.ts';
import { expect, test } from './fixtures.ts';

test('tasks evaluate and optimize a prompt or a program, fail below a minimum, and report the place of an error', async ({
  openEditor,
}) => {
  const editor = await openEditor({
    prepare: (workspace) => {
      writeTinyProgram(workspace);
      const own = { type: 'tandem', command: 'evaluate', prompt: 'kind.prompt.md' };
      const tasks = [
        { ...own, label: 'at least all right', min: 1 },
        { ...own, label: 'at least none', min: 0 },
        { type: 'tandem', command: 'optimize', prompt: 'kind.prompt.md', budget: '30k', label: 'a short run' },
        { type: 'tandem', command: 'optimize', prompt: program, budget: '30k', label: 'a short run of two steps' },
      ];
      mkdirSync(join(workspace, '.vscode'));
      writeFileSync(join(workspace, '.vscode', 'tasks.json'), JSON.stringify({ version: '2.0.0', tasks }));
    },
  });
  const names = (): Promise<string[]> =>
    editor.run(async (vscode) => (await vscode.tasks.fetchTasks({ type: 'tandem' })).map(({ name }) => name).sort());
  // The steps have no data of their own.
  const offered = ['intent.prompt.md', 'kind.prompt.md', program].flatMap((name) => [`Evaluate ${name}`, `Optimize ${name}`]);
  const own = ['a short run', 'a short run of two steps', 'at least all right', 'at least none'];
  await expect.poll(names).toEqual([...offered, ...own].sort());
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
  expect(await runTask(`Evaluate ${program}`)).toBe(0);
  expect(await runTask('a short run of two steps')).toBe(0);
  await editor.screenshot('tasks');

  const problems = (name: string): Promise<{ file: string; line: number }[]> =>
    editor.run(
      (vscode, wanted) =>
        vscode.languages
          .getDiagnostics()
          .filter(([uri]) => uri.path.endsWith(wanted))
          .flatMap(([uri, found]) =>
            found
              // Those of the task; the extension's own are from `Tandem`.
              .filter(({ source }) => source === 'tandem')
              .map(({ range }) => ({ file: vscode.workspace.asRelativePath(uri), line: range.start.line + 1 })),
          ),
      name,
    );
  // For a program, the place may be in the prompt file of a step.
  const last = join(editor.workspace, steps.last);
  writeFileSync(last, readFileSync(last, 'utf8').replace('{{ text }}', '{{ txet }}'));
  expect(await runTask(`Evaluate ${program}`)).toBe(2);
  await expect.poll(() => problems(steps.last)).toEqual([{ file: steps.last, line: 11 }]);
  writeFileSync(join(editor.workspace, 'rows.jsonl'), '{"text": "red", "kind": "colour"}\nnot a row\n');
  expect(await runTask('Evaluate kind.prompt.md')).toBe(2);
  await expect.poll(() => problems('rows.jsonl')).toEqual([{ file: 'rows.jsonl', line: 2 }]);
});

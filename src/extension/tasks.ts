/** @file Tasks: each prompt of the workspace evaluated or optimized by the command line that comes with the extension. */
import { isAbsolute, join, relative, sep } from 'node:path';
import * as vscode from 'vscode';
import { describeError } from '../errors.ts';
import { readTask, taskLine, taskName, type TandemTask } from './core/taskLine.ts';
import { unmarked } from './core/unmarked.ts';
import { problemMatchers, taskType } from './ids.ts';
import type { Services } from './services.ts';

export function registerTasks({ extensionUri }: vscode.ExtensionContext, { library, log }: Services): vscode.Disposable {
  const cli = vscode.Uri.joinPath(extensionUri, 'dist', 'cli.js').fsPath;
  return vscode.tasks.registerTaskProvider(taskType, {
    async provideTasks() {
      // The command line trusts what it is given; the editor itself asks before it runs a task that tasks.json names.
      if (!vscode.workspace.isTrusted) return [];
      return (await library.list()).flatMap(({ file }) => {
        const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(file.path));
        if (!folder) return [];
        const prompt = relative(folder.uri.fsPath, file.path).split(sep).join('/');
        return (['evaluate', 'optimize'] as const).map((command) =>
          makeTask({ type: taskType, command, prompt }, { command, prompt }, folder, cli),
        );
      });
    },
    resolveTask({ definition, scope }) {
      const folder = scope !== undefined && typeof scope === 'object' ? scope : vscode.workspace.workspaceFolders?.[0];
      if (!folder || !vscode.workspace.isTrusted) return undefined;
      try {
        return makeTask(definition, readTask(definition), folder, cli);
      } catch (error) {
        log.error(describeError(error));
        throw error;
      }
    },
  });
}

/** @param definition as tasks.json has it: the editor tells tasks apart by it */
function makeTask(definition: vscode.TaskDefinition, asked: TandemTask, folder: vscode.WorkspaceFolder, cli: string): vscode.Task {
  const prompt = isAbsolute(asked.prompt) ? asked.prompt : join(folder.uri.fsPath, asked.prompt);
  const execution = new vscode.ProcessExecution(process.execPath, [cli, ...taskLine({ ...asked, prompt })], {
    cwd: folder.uri.fsPath,
    // In VS Code on a desktop the executable is Electron, which then acts as Node.
    env: { ELECTRON_RUN_AS_NODE: '1', TANDEM_EDITOR: '1' },
  });
  const task = new vscode.Task(definition, folder, unmarked(taskName(asked)), taskType, execution, [...problemMatchers]);
  task.group = asked.command === 'evaluate' ? vscode.TaskGroup.Test : undefined;
  task.detail = unmarked(`tandem ${taskLine(asked).join(' ')}`);
  return task;
}

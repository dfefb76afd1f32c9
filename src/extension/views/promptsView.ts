/** @file The view of the prompts: those of the workspace that have data, with what was measured of each. */
import * as vscode from 'vscode';
import { promptRow } from '../core/rows.ts';
import { viewIds } from '../ids.ts';
import { allowanceOf } from '../prompts.ts';
import type { Services } from '../services.ts';
import { registerRowsView } from './rowsView.ts';

export function registerPromptsView({ engine, library }: Services): vscode.Disposable {
  return registerRowsView<vscode.Uri>(viewIds.prompts, {
    async rows() {
      const [jobs, now] = [engine.jobs(), Date.now()];
      return (await library.list()).map((prompt) => {
        const { path } = prompt.file;
        const own = jobs.filter(({ task }) => task.prompt === path);
        const row = promptRow({
          name: vscode.workspace.asRelativePath(path),
          measured: prompt.results?.evaluation,
          stale: prompt.stale,
          job: own.find(({ status }) => status !== 'waiting') ?? own.at(0),
          allows: allowanceOf(prompt),
          now,
        });
        return [vscode.Uri.file(path), row] as const;
      });
    },
    changes: [engine.onDidChange, library.onDidChange, vscode.workspace.onDidGrantWorkspaceTrust],
  });
}

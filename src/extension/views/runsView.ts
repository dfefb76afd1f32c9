/** @file The view of the runs: newest first, active ones with their progress. */
import * as vscode from 'vscode';
import { isRun } from '../core/job.ts';
import { runRow, unreadableRow } from '../core/rows.ts';
import { viewIds } from '../ids.ts';
import type { Services } from '../services.ts';
import { registerRowsView } from './rowsView.ts';

export function registerRunsView({ engine, runs }: Services): vscode.Disposable {
  return registerRowsView<string>(viewIds.runs, {
    async rows() {
      const now = Date.now();
      const list = runs.list();
      const outlines = await Promise.all(list.slice(0, mostOutlines).map((run) => runs.outlineOf(run).catch(() => undefined)));
      const rows = list.map((run, place) => {
        const name = vscode.workspace.asRelativePath(run.prompt);
        const { run: id } = run.directory;
        return [id, runRow({ run, name, outline: outlines[place], job: runs.jobOf(id), now })] as const;
      });
      return [...rows, ...runs.unreadable().map((each) => [each.path, unreadableRow(each)] as const)];
    },
    badge() {
      const value = engine.jobs().filter(isRun).length;
      return value > 0 ? { value, tooltip: value === 1 ? '1 run in progress' : `${value} runs in progress` } : undefined;
    },
    changes: [engine.onDidChange, runs.onDidChange],
  });
}

/** How many runs are listed with what they gained. */
const mostOutlines = 50;

/** @file A candidate's prompt beside the one that its run began with; of a program the prompts of the steps that it changes. */
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import { readTextFile } from '../files.ts';
import { stepPaths } from '../prompt/programFile.ts';
import { isProgramPath } from '../prompt/kinds/table.ts';
import { parseProgramFile } from '../prompt/readPrompt.ts';
import { candidateFile } from '../run/record/candidateFile.ts';
import { readRecord, type RunDirectory } from '../run/record/runDirectory.ts';
import { runAt } from './runs.ts';

/** Addresses a prompt file as it was when a run began: its path is that of the run's directory and the candidate's file, its query its own. */
const scheme = 'tandem-run-start';

export function registerCandidateDiffs(): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(scheme, {
    provideTextDocumentContent: ({ fsPath, query }) => startOf(runAt(join(fsPath, '..')), query),
  });
}

export async function openCandidateDiff(directory: RunDirectory, candidate: string): Promise<void> {
  const { spec, source } = readRecord(directory);
  const program = isProgramPath(spec.prompt) ? parseProgramFile(spec.prompt, source) : undefined;
  const files = program
    ? stepPaths(program).map((path, step) => ({ path, name: candidateFile(candidate, path, program.steps[step].output) }))
    : [{ path: spec.prompt, name: candidateFile(candidate, spec.prompt) }];
  const diffs = files.map(({ path, name }) => ({
    path,
    before: vscode.Uri.file(join(directory.path, name)).with({ scheme, query: path }),
    after: vscode.Uri.file(join(directory.candidates, name)),
  }));
  const changed = diffs.filter(({ path, after }) => readTextFile(after.fsPath, { links: 'refused' }) !== startOf(directory, path));
  const [first, ...others] = changed.length > 0 ? changed : diffs;
  const title = `${directory.run}: start ↔ candidate ${candidate}`;
  if (others.length > 0) {
    const changes = [first, ...others].map(({ before, after }) => [after, before, after]);
    await vscode.commands.executeCommand('vscode.changes', title, changes);
    return;
  }
  const of = program ? ` in ${basename(first.path)}` : '';
  await vscode.commands.executeCommand('vscode.diff', first.before, first.after, `${title}${of}`);
}

function startOf(directory: RunDirectory, path: string): string {
  const { spec, source, sources } = readRecord(directory);
  return path === spec.prompt ? source : (sources?.[path] ?? '');
}

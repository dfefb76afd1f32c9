/** @file A candidate's prompt beside the one that its run began with. */
import { join } from 'node:path';
import * as vscode from 'vscode';
import { TandemError } from '../errors.ts';
import { isProgramPath } from '../prompt/programFile.ts';
import { isPrompty } from '../prompt/promptFile.ts';
import { readRecord, type RunDirectory } from '../run/runDirectory.ts';
import { runAt } from './runs.ts';

/** Addresses the prompt file as it was when a run began: its path is that of the run's directory and the file's name. */
const scheme = 'tandem-run-start';

export function registerCandidateDiffs(): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(scheme, {
    provideTextDocumentContent: ({ fsPath }) => readRecord(runAt(join(fsPath, '..'))).source,
  });
}

export async function openCandidateDiff(directory: RunDirectory, candidate: string): Promise<void> {
  const { spec } = readRecord(directory);
  if (isProgramPath(spec.prompt)) {
    throw new TandemError('not-for-programs', 'A candidate of a program is several files; they are not compared here yet.', {
      where: { file: directory.candidates },
      hint: `Open those in the run's folder whose names begin with ${candidate}.`,
    });
  }
  const name = `${candidate}${isPrompty(spec.prompt) ? '.prompty' : '.prompt.md'}`;
  const before = vscode.Uri.file(join(directory.path, name)).with({ scheme });
  const after = vscode.Uri.file(join(directory.candidates, name));
  await vscode.commands.executeCommand('vscode.diff', before, after, `${directory.run}: start ↔ candidate ${candidate}`);
}

/** @file What is wrong with the open prompt files and programs, as problems of the editor. */
import * as vscode from 'vscode';
import { describeError } from '../../errors.ts';
import type { Problem } from '../../prompt/promptFile.ts';
import { dataFilesOf, type DataFinding } from '../core/dataSample.ts';
import { hasData, type MeasuredFile } from '../core/measuredFile.ts';
import { problemsIn, problemsOf } from '../core/problems.ts';
import { dataPattern } from '../dataFiles.ts';
import { rangeIn } from '../edit.ts';
import type { OpenPrompt } from '../prompts.ts';
import { registerQuickFixes } from './quickFixes.ts';
import type { Services } from '../services.ts';
import { problem } from '../surfaces/inPlace.ts';

export function registerDiagnostics({ prompts, library, samples, log }: Services): vscode.Disposable {
  const collection = vscode.languages.createDiagnosticCollection('tandem');
  const problems = new Map<string, readonly Problem[]>();
  const findingsOf = async ({ file }: MeasuredFile): Promise<ReadonlyMap<string, DataFinding>> => {
    const paths = file.hasSettings ? dataFilesOf(file.settings, file.path).map((each) => each.file) : [];
    return new Map(await Promise.all(paths.map(async (path) => [path, await samples.find(path)] as const)));
  };
  const find = async (prompt: OpenPrompt): Promise<Problem[]> => {
    const { file, steps } = prompt;
    const programs = steps ? [prompt] : hasData(prompt) ? [] : await library.programsWith(file.path);
    if (programs.length === 0) return problemsOf(file, await findingsOf(prompt));
    const found = await Promise.all(programs.map(async (program) => problemsIn(file, program, await findingsOf(program))));
    // The same problem in two programs is shown once.
    return [...new Map(found.flat().map((problem) => [JSON.stringify(problem), problem])).values()];
  };
  const check = async (prompt: OpenPrompt): Promise<void> => {
    const { document } = prompt;
    const found = await find(prompt);
    // The text may be another one by now; its own check follows.
    if (prompts.of(document) !== prompt) return;
    problems.set(document.uri.toString(), found);
    collection.set(
      document.uri,
      found.map((each) => diagnosticOf(each, document)),
    );
  };
  const begin = (prompt: OpenPrompt): void => void check(prompt).catch((error: unknown) => log.error(describeError(error)));
  const beginAll = (): void => prompts.all().forEach(begin);
  const watcher = vscode.workspace.createFileSystemWatcher(dataPattern);
  beginAll();
  return vscode.Disposable.from(
    collection,
    // A prompt file may become a step of a program, or no longer be one.
    library.onDidChange(beginAll),
    prompts.onDidClose(({ uri }) => {
      problems.delete(uri.toString());
      collection.delete(uri);
    }),
    registerQuickFixes(({ uri }) => problems.get(uri.toString()) ?? []),
    watcher,
    watcher.onDidCreate(beginAll),
    watcher.onDidChange(beginAll),
    watcher.onDidDelete(beginAll),
  );
}

function diagnosticOf({ severity, message, hint, range }: Problem, document: vscode.TextDocument): vscode.Diagnostic {
  return problem(rangeIn(document, range), hint === undefined ? message : `${message} ${hint}`, severities[severity]);
}

const severities: Readonly<Record<Problem['severity'], vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
};

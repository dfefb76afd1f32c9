/** @file What is wrong with the open prompt files, as problems of the editor. */
import { stat } from 'node:fs/promises';
import * as vscode from 'vscode';
import { describeError, TandemError } from '../errors.ts';
import type { Problem } from '../prompt/promptFile.ts';
import { dataFilesOf, readSample } from './core/dataSample.ts';
import { problemsOf, type DataFinding } from './core/problems.ts';
import type { OpenPrompt } from './prompts.ts';
import type { Services } from './services.ts';

export function registerDiagnostics({ prompts, log }: Services): vscode.Disposable {
  const collection = vscode.languages.createDiagnosticCollection('tandem');
  const find = makeFinder();
  const check = async (prompt: OpenPrompt): Promise<void> => {
    const { document, file } = prompt;
    const paths = file.hasSettings ? dataFilesOf(file.settings, file.path).map((each) => each.file) : [];
    const findings = new Map(await Promise.all(paths.map(async (path) => [path, await find(path)] as const)));
    // The text may be another one by now; its own check follows.
    if (prompts.of(document) === prompt)
      collection.set(
        document.uri,
        problemsOf(file, findings).map((problem) => diagnosticOf(problem, document)),
      );
  };
  const begin = (prompt: OpenPrompt): void => void check(prompt).catch((error: unknown) => log.error(describeError(error)));
  const beginAll = (): void => prompts.all().forEach(begin);
  const watcher = vscode.workspace.createFileSystemWatcher('**/*.{jsonl,ndjson,csv,tsv}');
  beginAll();
  return vscode.Disposable.from(
    collection,
    prompts.onDidChange(begin),
    prompts.onDidClose(({ uri }) => collection.delete(uri)),
    watcher,
    watcher.onDidCreate(beginAll),
    watcher.onDidChange(beginAll),
    watcher.onDidDelete(beginAll),
  );
}

function diagnosticOf({ severity, message, hint, range }: Problem, document: vscode.TextDocument): vscode.Diagnostic {
  const place = new vscode.Range(document.positionAt(range.start), document.positionAt(range.end));
  const diagnostic = new vscode.Diagnostic(place, hint === undefined ? message : `${message} ${hint}`, severities[severity]);
  diagnostic.source = 'Tandem';
  return diagnostic;
}

const severities: Readonly<Record<Problem['severity'], vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
};

/** Reads the head of a data file, and again only when the file is another one. */
function makeFinder(): (path: string) => Promise<DataFinding> {
  const known = new Map<string, { readonly version: string; readonly finding: Promise<DataFinding> }>();
  return async (path) => {
    const { mtimeMs, size } = await stat(path).catch(() => ({ mtimeMs: 0, size: -1 }));
    const version = `${mtimeMs} ${size}`;
    const last = known.get(path);
    if (last?.version === version) return last.finding;
    const finding = readSample(path).catch((error: unknown) => {
      if (error instanceof TandemError) return error;
      throw error;
    });
    known.set(path, { version, finding });
    return finding;
  };
}

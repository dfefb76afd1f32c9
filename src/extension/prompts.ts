/** @file The prompt files that are open: each as it reads now, with what was measured of it. The surfaces in the editor listen here. */
import * as vscode from 'vscode';
import { describeError } from '../errors.ts';
import { parsePromptFile, type PromptFile } from '../prompt/promptFile.ts';
import { hashPrompt, readResults, type Results } from '../run/results.ts';

export interface OpenPrompt {
  readonly document: vscode.TextDocument;
  /** The document's text, saved or not. */
  readonly file: PromptFile;
  readonly results?: Results;
  /** The results are of another text. */
  readonly stale: boolean;
}

export interface Prompts extends vscode.Disposable {
  all(): readonly OpenPrompt[];
  of(document: vscode.TextDocument): OpenPrompt | undefined;
  /** Its text, its results, or both. */
  readonly onDidChange: vscode.Event<OpenPrompt>;
  readonly onDidClose: vscode.Event<vscode.TextDocument>;
  /** Reads the results again. */
  refresh(): void;
}

export const isPrompt = ({ uri }: vscode.TextDocument): boolean => uri.scheme === 'file' && uri.path.endsWith('.prompt.md');

/** Milliseconds that typing may pause before a text is looked at: short enough to grey out at once. */
const pause = 40;

export function watchPrompts(log: vscode.LogOutputChannel): Prompts {
  const known = new Map<string, OpenPrompt>();
  const waiting = new Map<string, NodeJS.Timeout>();
  const changed = new vscode.EventEmitter<OpenPrompt>();
  const closed = new vscode.EventEmitter<vscode.TextDocument>();

  const look = (document: vscode.TextDocument, results: Results | undefined): void => {
    const text = document.getText();
    const stale = results !== undefined && results.textHash !== hashPrompt(text);
    const prompt = { document, file: parsePromptFile(document.uri.fsPath, text), ...(results && { results }), stale };
    known.set(document.uri.toString(), prompt);
    changed.fire(prompt);
  };
  const open = (document: vscode.TextDocument): void => {
    if (isPrompt(document)) look(document, resultsOf(document.uri, log));
  };
  const later = (document: vscode.TextDocument): void => {
    const key = document.uri.toString();
    if (!known.has(key)) return;
    clearTimeout(waiting.get(key));
    waiting.set(
      key,
      setTimeout(() => !document.isClosed && look(document, known.get(key)?.results), pause),
    );
  };
  const close = (document: vscode.TextDocument): void => {
    const key = document.uri.toString();
    clearTimeout(waiting.get(key));
    waiting.delete(key);
    if (known.delete(key)) closed.fire(document);
  };
  const refresh = (): void => {
    for (const { document } of known.values()) open(document);
  };

  const watcher = vscode.workspace.createFileSystemWatcher('**/.tandem/results/**/*.json');
  const listeners = [
    vscode.workspace.onDidOpenTextDocument(open),
    vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => contentChanges.length > 0 && later(document)),
    vscode.workspace.onDidCloseTextDocument(close),
    watcher,
    watcher.onDidCreate(refresh),
    watcher.onDidChange(refresh),
    watcher.onDidDelete(refresh),
    changed,
    closed,
  ];
  for (const document of vscode.workspace.textDocuments) open(document);
  return {
    all: () => [...known.values()],
    of: ({ uri }) => known.get(uri.toString()),
    onDidChange: changed.event,
    onDidClose: closed.event,
    refresh,
    dispose: () => {
      for (const timer of waiting.values()) clearTimeout(timer);
      vscode.Disposable.from(...listeners).dispose();
    },
  };
}

function resultsOf(uri: vscode.Uri, log: vscode.LogOutputChannel): Results | undefined {
  try {
    return readResults(uri.fsPath);
  } catch (error) {
    log.warn(describeError(error));
    return undefined;
  }
}

/** @file The prompt files that are open: each as it reads now, with what was measured of it. The surfaces in the editor listen here. */
import * as vscode from 'vscode';
import { describeError } from '../errors.ts';
import { readResults, type Results } from '../run/results.ts';
import { foreignSetting } from '../run/trust.ts';
import type { Allowance } from './core/lenses.ts';
import { measuredFile, type MeasuredFile } from './core/measuredFile.ts';
import { isPromptPath } from '../prompt/promptFile.ts';
import { promptPattern } from './ids.ts';

/** Its file has the document's text, saved or not. */
export interface OpenPrompt extends MeasuredFile {
  readonly document: vscode.TextDocument;
}

export interface Prompts extends vscode.Disposable {
  all(): readonly OpenPrompt[];
  of(document: vscode.TextDocument): OpenPrompt | undefined;
  /** Its text, its results, or both. */
  readonly onDidChange: vscode.Event<OpenPrompt>;
  readonly onDidClose: vscode.Event<vscode.TextDocument>;
  /** Reads the results again. */
  refresh(): void;
  /** Results were written, of whichever prompt. */
  readonly onDidRefresh: vscode.Event<void>;
}

/** The prompt files of the workspace; those that runs have tried are not among them. */
export async function findPrompts(): Promise<vscode.Uri[]> {
  // A search before the editor has opened the folders of a workspace file is never answered.
  if (!vscode.workspace.workspaceFolders?.length) return [];
  return vscode.workspace.findFiles(promptPattern, '**/{node_modules,.tandem}/**', mostPrompts);
}
const mostPrompts = 200;

export const isPrompt = ({ uri }: vscode.TextDocument): boolean => uri.scheme === 'file' && isPromptPath(uri.path);

/** What may be done with a prompt file in this workspace. */
export function allowanceOf({ file }: MeasuredFile): Allowance {
  if (vscode.workspace.isTrusted) return 'everything';
  return foreignSetting(file) ? 'nothing' : 'measuring';
}

/** Milliseconds that typing may pause before a text is looked at: short enough to grey out at once. */
const pause = 40;

export function watchPrompts(log: vscode.LogOutputChannel): Prompts {
  const known = new Map<string, OpenPrompt>();
  const waiting = new Map<string, NodeJS.Timeout>();
  const changed = new vscode.EventEmitter<OpenPrompt>();
  const closed = new vscode.EventEmitter<vscode.TextDocument>();
  const refreshed = new vscode.EventEmitter<void>();

  const look = (document: vscode.TextDocument, results: Results | undefined): void => {
    const prompt = { document, ...measuredFile(document.uri.fsPath, document.getText(), results) };
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
    refreshed.fire();
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
    refreshed,
  ];
  for (const document of vscode.workspace.textDocuments) open(document);
  return {
    all: () => [...known.values()],
    of: ({ uri }) => known.get(uri.toString()),
    onDidChange: changed.event,
    onDidClose: closed.event,
    refresh,
    onDidRefresh: refreshed.event,
    dispose: () => {
      for (const timer of waiting.values()) clearTimeout(timer);
      vscode.Disposable.from(...listeners).dispose();
    },
  };
}

/** What was measured of a prompt file; nothing where that cannot be read. */
export function resultsOf(uri: vscode.Uri, log: vscode.LogOutputChannel): Results | undefined {
  try {
    return readResults(uri.fsPath);
  } catch (error) {
    log.warn(describeError(error));
    return undefined;
  }
}

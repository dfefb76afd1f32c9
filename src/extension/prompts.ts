/** @file The prompt files and programs that are open: each as it reads now, with what was measured of it. The surfaces in the editor listen here. */
import * as vscode from 'vscode';
import { describeError } from '../errors.ts';
import { readResults, type Results } from '../run/record/results.ts';
import { foreignSetting } from '../run/trust.ts';
import type { Allowance } from './core/lenses.ts';
import { measuredFile, stepIn, type MeasuredFile } from './core/measuredFile.ts';
import { kindOf, patternOf } from '../prompt/kinds/table.ts';
import { readSource } from '../run/record/runDirectory.ts';

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

/** The prompt files and programs of the workspace; those that runs have tried are not among them. */
export async function findPrompts(): Promise<vscode.Uri[]> {
  // A search before the editor has opened the folders of a workspace file is never answered.
  if (!vscode.workspace.workspaceFolders?.length) return [];
  return vscode.workspace.findFiles(patternOf(), '**/{node_modules,.tandem}/**', mostPrompts);
}
const mostPrompts = 1000;

export const isTunable = ({ scheme, path }: vscode.Uri): boolean => scheme === 'file' && kindOf(path) !== undefined;

export const isPrompt = ({ uri }: vscode.TextDocument): boolean => isTunable(uri);

/** The text of a prompt file as it is now: in an editor, saved or not, else on the disk. @throws TandemError reason 'no-prompt' */
export const textNow = (path: string): string =>
  vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'file' && uri.fsPath === path)?.getText() ?? readSource(path);

/** The same prompt file or program with its text, and that of its steps, as they are now. @throws TandemError reason 'no-prompt' */
export const asNow = ({ file: { path }, results }: MeasuredFile): MeasuredFile => measuredFile(path, textNow(path), results, textNow);

/** The texts of open prompt files, saved or not; `source` is that of the one that is named. */
export function textsNow(path: string): { readonly source?: string; readonly sources: Readonly<Record<string, string>> } {
  const open = vscode.workspace.textDocuments.filter(({ uri }) => isTunable(uri));
  const sources = Object.fromEntries(open.map((document) => [document.uri.fsPath, document.getText()]));
  return { ...(Object.hasOwn(sources, path) && { source: sources[path] }), sources };
}

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
    const prompt = { document, ...measuredFile(document.uri.fsPath, document.getText(), results, textNow) };
    known.set(document.uri.toString(), prompt);
    changed.fire(prompt);
  };
  /** A program is as its steps are. */
  const lookAtProgramsOf = ({ fsPath }: vscode.Uri): void => {
    for (const program of known.values()) if (stepIn(program, fsPath) >= 0) look(program.document, program.results);
  };
  const open = (document: vscode.TextDocument): void => {
    if (!isPrompt(document)) return;
    look(document, resultsOf(document.uri, log));
    lookAtProgramsOf(document.uri);
  };
  const later = (document: vscode.TextDocument): void => {
    const key = document.uri.toString();
    if (!known.has(key)) return;
    clearTimeout(waiting.get(key));
    const begin = (): void => {
      if (document.isClosed) return;
      look(document, known.get(key)?.results);
      lookAtProgramsOf(document.uri);
    };
    waiting.set(key, setTimeout(begin, pause));
  };
  const close = (document: vscode.TextDocument): void => {
    const key = document.uri.toString();
    clearTimeout(waiting.get(key));
    waiting.delete(key);
    if (known.delete(key)) closed.fire(document);
    lookAtProgramsOf(document.uri);
  };
  const refresh = (): void => {
    for (const { document } of known.values()) look(document, resultsOf(document.uri, log));
    refreshed.fire();
  };

  const watcher = vscode.workspace.createFileSystemWatcher('**/.tandem/results/**/*.json');
  const files = vscode.workspace.createFileSystemWatcher(patternOf('prompt'));
  const listeners = [
    vscode.workspace.onDidOpenTextDocument(open),
    vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => contentChanges.length > 0 && later(document)),
    vscode.workspace.onDidCloseTextDocument(close),
    watcher,
    watcher.onDidCreate(refresh),
    watcher.onDidChange(refresh),
    watcher.onDidDelete(refresh),
    files,
    files.onDidCreate(lookAtProgramsOf),
    files.onDidChange(lookAtProgramsOf),
    files.onDidDelete(lookAtProgramsOf),
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

/** @file All prompt files and programs of the workspace, open or not, each with what was measured of it. */
import { sep } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import * as vscode from 'vscode';
import { describeError } from '../errors.ts';
import { readTextFileLater } from '../files.ts';
import { patternOf } from '../prompt/kinds/table.ts';
import { hasData, measuredFile, stepIn, withResults, type MeasuredFile } from './core/measuredFile.ts';
import { asNow, findPrompts, resultsOf, textNow, type Prompts } from './prompts.ts';

export interface Library extends vscode.Disposable {
  /** By their path; those that are open as they read now. One that has not changed since the last call has the same `file`. */
  all(): Promise<readonly MeasuredFile[]>;
  /** Those of them that have data. */
  list(): Promise<readonly MeasuredFile[]>;
  /** The programs that a prompt file is a step of. */
  programsWith(path: string): Promise<readonly MeasuredFile[]>;
  readonly onDidChange: vscode.Event<void>;
}

export function watchLibrary(prompts: Prompts, log: vscode.LogOutputChannel): Library {
  let onDisk: Promise<readonly MeasuredFile[]> | undefined;
  let last: Promise<readonly MeasuredFile[]> = Promise.resolve([]);
  const changed = new vscode.EventEmitter<void>();
  const forget = (): void => {
    onDisk = undefined;
    changed.fire();
  };
  const heed = ({ path }: vscode.Uri): void => {
    if (!path.includes('/.tandem/')) forget();
  };
  const watcher = vscode.workspace.createFileSystemWatcher(patternOf(), false, false, true);
  // A folder that is removed is reported without its files.
  const losses = vscode.workspace.createFileSystemWatcher('**', true, true, false);
  const heedLoss = async ({ fsPath }: vscode.Uri): Promise<void> => {
    const lost = (await onDisk)?.some(({ file }) => file.path === fsPath || file.path.startsWith(fsPath + sep));
    if (lost) forget();
  };
  const listeners = [
    watcher,
    losses,
    watcher.onDidCreate(heed),
    watcher.onDidChange(heed),
    losses.onDidDelete(heedLoss),
    vscode.workspace.onDidChangeWorkspaceFolders(forget),
    prompts.onDidRefresh(forget),
    prompts.onDidChange(() => changed.fire()),
    // What was read may have been of the text that was closed unsaved.
    prompts.onDidClose(forget),
    changed,
  ];
  const all = async (): Promise<readonly MeasuredFile[]> => {
    if (!onDisk) last = onDisk = last.then((known) => readAll(known, log));
    const found = await onDisk;
    const open = new Map(prompts.all().map((prompt) => [prompt.file.path, prompt]));
    /** A program that is not open itself is as its open steps are. */
    const current = (prompt: MeasuredFile): MeasuredFile => (prompt.steps?.some(({ path }) => open.has(path)) ? asNow(prompt) : prompt);
    return found.map((prompt) => open.get(prompt.file.path) ?? current(prompt));
  };
  const list = async (): Promise<readonly MeasuredFile[]> => (await all()).filter(hasData);
  return {
    all,
    list,
    programsWith: async (path) => (await list()).filter((each) => stepIn(each, path) >= 0),
    onDidChange: changed.event,
    dispose: () => {
      vscode.Disposable.from(...listeners).dispose();
    },
  };
}

/** How many files are read at once: with many, the editor gets its turn between them. */
const atOnce = 16;

/** @param known what was read before */
async function readAll(known: readonly MeasuredFile[], log: vscode.LogOutputChannel): Promise<MeasuredFile[]> {
  const all = await findPrompts().catch((error: unknown) => {
    log.warn(describeError(error));
    return [];
  });
  const found = all.filter(({ scheme }) => scheme === 'file');
  const before = new Map(known.map((each) => [each.file.path, each]));
  const read = async (uri: vscode.Uri): Promise<MeasuredFile[]> => {
    const text = await readTextFileLater(uri.fsPath, { most: 2 ** 24 }).catch(() => undefined);
    // It may be gone again by now.
    if (text === undefined) return [];
    const results = resultsOf(uri, log);
    const last = before.get(uri.fsPath);
    // A program also depends on its prompt files.
    return [last?.file.text === text && !last.steps ? withResults(last, results) : measuredFile(uri.fsPath, text, results, textNow)];
  };
  const measured: MeasuredFile[] = [];
  for (let from = 0; from < found.length; from += atOnce) {
    measured.push(...(await Promise.all(found.slice(from, from + atOnce).map(read))).flat());
    await turn();
  }
  return measured.sort((a, b) => (a.file.path < b.file.path ? -1 : 1));
}

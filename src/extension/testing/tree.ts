/** @file The tests in the Test Explorer: each prompt file with settings and each program, and under it the rows that it is measured on. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { describeError } from '../../errors.ts';
import { dataEndings } from '../../data/dataEndings.ts';
import { readTextFileLater } from '../../files.ts';
import { patternOf } from '../../prompt/kinds/table.ts';
import type { RowList } from '../../run/measuredRows.ts';
import { readSource } from '../../run/record/runDirectory.ts';
import type { Split } from '../../run/spec.ts';
import { dataFilesOf } from '../core/dataSample.ts';
import { hasData, measuredFile } from '../core/measuredFile.ts';
import { listNote, mostListed, rowTestsOf } from '../core/rowTests.ts';
import { settingIds } from '../ids.ts';
import { isPrompt, isTunable } from '../prompts.ts';
import type { Services } from '../services.ts';
import { sessionSpec } from '../settings.ts';
import { relabel, setTestError, testItem } from '../surfaces/inPlace.ts';

/** Tells the rows of the splits apart; a prompt has both. */
export const splitTags: Readonly<Record<Split, vscode.TestTag>> = {
  val: new vscode.TestTag('validation'),
  test: new vscode.TestTag('held-out'),
};

export interface TestTree extends vscode.Disposable {
  /** Finds the prompt files of the workspace. */
  find(): Promise<void>;
  /** Lists the rows of a prompt, unless that is done. */
  list(prompt: vscode.TestItem): Promise<void>;
  /** Shows what a prompt's rows came to. */
  showScore(prompt: vscode.TestItem, score: string): void;
  /** The prompt file, or data that it names, is another one on the disk. */
  readonly onDidChange: vscode.Event<vscode.TestItem>;
}

/** Milliseconds to wait for files that are saved together. */
const pause = 200;

export function watchTests(controller: vscode.TestController, { prompts, library, rowLister, log }: Services): TestTree {
  const changed = new vscode.EventEmitter<vscode.TestItem>();
  /** By the id of a prompt's item: the data and the prompt files of steps that it is made of, its list of rows, what is to be said of the list. */
  const files = new Map<string, ReadonlySet<string>>();
  const listed = new Map<string, Promise<void>>();
  const notes = new Map<string, string | undefined>();
  const waiting = new Map<string, NodeJS.Timeout>();

  /** Makes, keeps or deletes the item of a prompt file, as the file on the disk says. */
  const look = async (uri: vscode.Uri): Promise<vscode.TestItem | undefined> => {
    const id = uri.toString();
    const text = await readTextFileLater(uri.fsPath, { most: 2 ** 24 }).catch(() => undefined);
    const known = text === undefined ? undefined : measuredFile(uri.fsPath, text, undefined, readSource);
    const isStep = known && !hasData(known) && (await library.programsWith(uri.fsPath)).length > 0;
    if (!known?.file.hasSettings || isStep) {
      controller.items.delete(id);
      for (const facts of [files, listed, notes]) facts.delete(id);
      return undefined;
    }
    const data = dataFilesOf(known.file.settings, known.file.path).map((each) => each.file);
    files.set(id, new Set([...data, ...(known.steps ?? []).map(({ path }) => path)]));
    const there = controller.items.get(id);
    if (there) return there;
    const item = makeItem(controller, id, uri);
    controller.items.add(item);
    return item;
  };
  /** Screen readers read a description instead of the label. */
  const labelOf = ({ id, uri }: vscode.TestItem, score?: string): string =>
    [basename(uri!.fsPath), score, notes.get(id)].filter((part) => part !== undefined).join(' · ');
  const readRows = async (prompt: vscode.TestItem): Promise<void> => {
    prompt.busy = true;
    try {
      const lists = await rowLister.list(sessionSpec(prompt.uri!), { most: mostListed });
      prompt.children.replace(lists.flatMap((list) => rowItems(controller, list)));
      setTestError(prompt, undefined);
      notes.set(prompt.id, listNote(lists));
      relabel(prompt, labelOf(prompt));
    } catch (error) {
      listed.delete(prompt.id);
      prompt.children.replace([]);
      setTestError(prompt, describeError(error));
    } finally {
      prompt.busy = false;
    }
  };
  const list = (prompt: vscode.TestItem): Promise<void> => {
    const listing = listed.get(prompt.id) ?? readRows(prompt);
    listed.set(prompt.id, listing);
    return listing;
  };
  const renew = async (id: string): Promise<void> => {
    const shown = listed.delete(id) || controller.items.get(id)?.error !== undefined;
    const item = await look(vscode.Uri.parse(id, true));
    if (!item) return;
    controller.invalidateTestResults(item);
    if (shown) await list(item);
    changed.fire(item);
  };
  const later = (id: string): void => {
    clearTimeout(waiting.get(id));
    const begin = (): void => void renew(id).catch((error: unknown) => log.error(describeError(error)));
    waiting.set(id, setTimeout(begin, pause));
  };
  const notice = (uri: vscode.Uri): void => {
    if (isTunable(uri)) later(uri.toString());
    for (const [id, own] of files) if (own.has(uri.fsPath)) later(id);
  };

  const watcher = vscode.workspace.createFileSystemWatcher(patternOf(undefined, dataEndings));
  for (const { document } of prompts.all()) void look(document.uri);
  const listeners = vscode.Disposable.from(
    changed,
    watcher,
    watcher.onDidCreate(notice),
    watcher.onDidChange(notice),
    watcher.onDidDelete(notice),
    // So that its editor can run it before the Test Explorer was ever opened.
    vscode.workspace.onDidOpenTextDocument((document) => isPrompt(document) && void look(document.uri)),
    vscode.workspace.onDidChangeConfiguration(
      (change) => change.affectsConfiguration(settingIds.rows) && [...listed.keys()].forEach(later),
    ),
  );
  return {
    async find() {
      const found = await vscode.workspace.findFiles(patternOf(), '**/node_modules/**');
      await Promise.all(found.map(look));
    },
    list,
    showScore(prompt, score) {
      relabel(prompt, labelOf(prompt, score));
    },
    onDidChange: changed.event,
    dispose: () => {
      for (const timer of waiting.values()) clearTimeout(timer);
      listeners.dispose();
    },
  };
}

function makeItem(controller: vscode.TestController, id: string, uri: vscode.Uri): vscode.TestItem {
  const item = testItem(controller, id, basename(uri.fsPath), uri);
  item.canResolveChildren = true;
  item.range = new vscode.Range(0, 0, 0, 0);
  item.tags = Object.values(splitTags);
  return item;
}

function rowItems(controller: vscode.TestController, list: RowList): vscode.TestItem[] {
  const uri = vscode.Uri.file(list.file);
  return rowTestsOf(list).map(({ id, label, line, sortText }) => {
    const item = testItem(controller, id, label, uri);
    item.range = new vscode.Range(line - 1, 0, line - 1, 0);
    item.sortText = sortText;
    item.tags = [splitTags[list.split]];
    return item;
  });
}

/** @file The runs on disk and those under way, as the surfaces list and read them. */
import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { describeError, TandemError } from '../errors.ts';
import { priceText } from '../run/words/format.ts';
import { headline } from '../run/words/words.ts';
import { findRun, type RunDirectory } from '../run/record/runDirectory.ts';
import { workspaceOf } from '../run/record/tandemFolder.ts';
import { readRun, readRunList, unreadableText, type ListedRun, type UnreadableRun } from '../run/record/runList.ts';
import { foundBetter, type RunState } from '../run/record/state.ts';
import type { Engine } from './core/engine.ts';
import { isOver, isRun, type Job } from './core/job.ts';
import type { Prompts } from './prompts.ts';

export interface Runs extends vscode.Disposable {
  /** Newest first, as they were when they last changed. */
  readonly list: () => readonly ListedRun[];
  /** Where there are runs, or may be. */
  workspaces(): Promise<readonly string[]>;
  /** Those that the list leaves out, because they cannot be read. */
  readonly unreadable: () => readonly UnreadableRun[];
  /** Reads the list from the disk. */
  refresh(): Promise<readonly ListedRun[]>;
  /** The run of this name or path, even if it is newer than the list. @throws TandemError reason 'no-run' */
  find(run: string): Promise<ListedRun>;
  newestOf(promptPath: string): ListedRun | undefined;
  /** Killed or failed, and nobody works on them. */
  readonly resumable: () => readonly ListedRun[];
  /** The job that works on the run. */
  jobOf(run: string): Job | undefined;
  /** The state of a run, active or on disk, and how many lines of its journal that is. */
  read(directory: RunDirectory): Promise<{ readonly state: RunState; readonly lines: number }>;
  /** What became of the run; the first time it costs the reading of a journal. @throws TandemError those of readRun */
  outlineOf(run: ListedRun): Promise<RunOutline>;
  /** A run came, went, ended or stopped being worked on. */
  readonly onDidChange: vscode.Event<void>;
}

export interface RunOutline {
  /** The run in half a sentence. */
  readonly headline: string;
  /** It found something better than it began with. */
  readonly proposes: boolean;
}

export function watchRuns(engine: Engine, prompts: Prompts, log: vscode.LogOutputChannel): Runs {
  let known: readonly ListedRun[] = [];
  let unreadable: readonly UnreadableRun[] = [];
  let timer: NodeJS.Timeout | undefined;
  const changed = new vscode.EventEmitter<void>();
  /** By the run's path, until the list is read again; of ended runs for good. */
  const outlines = new Map<string, RunOutline>();

  const jobOf = (run: string): Job | undefined =>
    engine.jobs().find(({ directory }) => directory !== undefined && basename(directory) === run);
  const named = (name: string): ListedRun | undefined => known.find(({ directory }) => directory.run === name || directory.path === name);
  const refresh = async (): Promise<readonly ListedRun[]> => {
    clearTimeout(timer);
    timer = undefined;
    const left: UnreadableRun[] = [];
    const read = (workspace: string): Promise<readonly ListedRun[]> =>
      readRunList(workspace, (each) => left.push(each)).catch((error: unknown) => {
        log.warn(describeError(error));
        return [];
      });
    const lists = await Promise.all((await workspacesWithRuns(prompts)).map(read));
    for (const each of left) if (!unreadable.some(({ path }) => path === each.path)) log.warn(unreadableText(each));
    unreadable = left;
    // What was read of a run before it ended says too little.
    for (const { directory, standing } of known) if (standing !== 'ended') outlines.delete(directory.path);
    known = lists.flat().sort((a, b) => (a.created < b.created ? 1 : -1));
    changed.fire();
    return known;
  };
  const read: Runs['read'] = async (directory) => {
    const { run: state, lines } = jobOf(directory.run) ?? {};
    return state && lines !== undefined ? { state, lines } : readRun(directory);
  };
  const later = (): void => {
    timer ??= setTimeout(() => void refresh().catch((error: unknown) => log.error(describeError(error))), 200);
  };

  const watchers = ['**/.tandem/runs/*/run.json', '**/.tandem/runs/*/report.md'].map((glob) =>
    vscode.workspace.createFileSystemWatcher(glob),
  );
  const standings = new Map<number, string>();
  const listeners = [
    ...watchers,
    ...watchers.flatMap((watcher) => [watcher.onDidCreate(later), watcher.onDidChange(later), watcher.onDidDelete(later)]),
    engine.onDidChange((job) => {
      if (!isRun(job)) return;
      const standing = `${job.directory} ${job.status}`;
      if (standings.get(job.id) !== standing) later();
      if (isOver(job)) standings.delete(job.id);
      else standings.set(job.id, standing);
    }),
    changed,
  ];
  later();
  return {
    list: () => known,
    workspaces: () => workspacesWithRuns(prompts),
    unreadable: () => unreadable,
    refresh,
    async find(name) {
      const found = named(name) ?? (await refresh(), named(name));
      if (found) return found;
      throw new TandemError('no-run', `The run '${name}' no longer exists.`);
    },
    newestOf: (path) => known.find(({ prompt }) => prompt === path),
    resumable: () =>
      known.filter(({ standing, worker, directory }) => standing !== 'ended' && typeof worker !== 'number' && !jobOf(directory.run)),
    jobOf,
    read,
    async outlineOf({ directory }) {
      const live = jobOf(directory.run) !== undefined;
      const remembered = live ? undefined : outlines.get(directory.path);
      if (remembered !== undefined) return remembered;
      const { state } = await read(directory);
      const price = state.price ? ` · price per answer ${priceText(state.price)}` : '';
      const outline = { headline: `${headline(state)}${price}`, proposes: foundBetter(state) };
      if (!live) outlines.set(directory.path, outline);
      return outline;
    },
    onDidChange: changed.event,
    dispose: () => {
      clearTimeout(timer);
      vscode.Disposable.from(...listeners).dispose();
    },
  };
}

/** Where `.tandem/runs` may be: in the workspace folders and below, and above the open prompts. */
async function workspacesWithRuns(prompts: Prompts): Promise<string[]> {
  const records = await vscode.workspace.findFiles('**/.tandem/runs/*/run.json', '**/node_modules/**');
  const found = records.map(({ fsPath }) => dirname(dirname(dirname(dirname(fsPath)))));
  return [...new Set([...found, ...prompts.all().map(({ file }) => workspaceOf(file.path))])];
}

/** The directory of a run by its path. */
export const runAt = (path: string): RunDirectory => findRun(join(path, '..'), path);

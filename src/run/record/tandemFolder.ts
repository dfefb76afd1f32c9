/** @file `.tandem/` in a workspace: where it is, and that it and all folders in it are real ones. */
import { existsSync, lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { TandemError } from '../../errors.ts';
import { sweepTemporaries } from '../../temporary.ts';

/** The nearest folder above the file that has a `.tandem`, else the nearest that is a git repository, else the file's own. */
export function workspaceOf(file: string): string {
  return ancestorWith(dirname(resolve(file)), '.tandem') ?? ancestorWith(dirname(resolve(file)), '.git') ?? dirname(resolve(file));
}

/**
 * Keeps what is recorded of a file in the folder that is opened in an editor: if its workspace would be a folder above, the opened folder
 * gets a `.tandem` of its own, which is then the nearest one for everybody.
 * @param file below `opened`
 * @throws as `makeFolder`
 */
export function stayWithin(opened: string, file: string): void {
  if (relative(resolve(opened), workspaceOf(file)).split(sep)[0] === '..') makeTandemFolder(opened);
}

/**
 * Makes `.tandem/` with the `.gitignore` that keeps runs, cache and answers out of git, and accepted adapters and results in. What killed
 * commands left half written in it is removed, once in a process.
 * @throws as `makeFolder`
 */
export function makeTandemFolder(workspace: string): string {
  const folder = join(workspace, '.tandem');
  makeRealFolder(folder);
  if (!swept.has(workspace)) sweepTemporaries(folder, { deep: true });
  swept.add(workspace);
  try {
    // Never into what a link of this name leads to.
    writeFileSync(join(folder, '.gitignore'), '/runs/\n/cache/\n/results/**/*.answers.jsonl\n', { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return folder;
}

/** Workspaces whose leftovers this process has looked for. */
const swept = new Set<string>();

/**
 * Makes a folder in `.tandem/`, with those above it.
 * @param names one below the other, e.g. 'runs'
 * @throws TandemError reason 'not-a-folder' where one of them is a link, which may lead out of the workspace, or a file
 */
export function makeFolder(workspace: string, ...names: readonly string[]): string {
  let folder = makeTandemFolder(workspace);
  for (const name of names) {
    folder = join(folder, name);
    makeRealFolder(folder);
  }
  return folder;
}

/** @throws TandemError reason 'not-a-folder' */
export function requireRealFolder(folder: string): void {
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  if (stats?.isDirectory()) return;
  const what = stats === undefined ? 'There is nothing' : stats.isSymbolicLink() ? 'There is a link' : 'There is a file';
  throw new TandemError('not-a-folder', `${what} where Tandem needs a folder of its own.`, {
    where: { file: folder },
    hint: stats === undefined ? 'Start the run again.' : 'Tandem only writes to real folders. Remove it, or move it away.',
  });
}

/** Whether it is a folder and no link to one. */
export const isRealFolder = (folder: string): boolean => lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;

/** Makes it where there is nothing; the one above it is there. @throws TandemError reason 'not-a-folder' */
export function makeRealFolder(folder: string): void {
  if (!isRealFolder(folder)) {
    try {
      mkdirSync(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  requireRealFolder(folder);
}

function ancestorWith(from: string, name: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, name))) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}

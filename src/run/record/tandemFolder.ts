/** @file `.tandem/` in a workspace: its place, and checks that it and all folders in it are real ones. */
import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { TandemError } from '../../errors.ts';
import { sweepTemporaries } from '../../temporary.ts';
import { writeFileAtomically } from './jsonFile.ts';

/** The nearest folder above the file that has a `.tandem`, else the nearest that is a git repository, else the file's own folder. */
export function workspaceOf(file: string): string {
  return ancestorWith(dirname(resolve(file)), '.tandem') ?? ancestorWith(dirname(resolve(file)), '.git') ?? dirname(resolve(file));
}

/**
 * Keeps the records of a file in the folder that is open in an editor. If its workspace would be a folder above, the open folder
 * gets its own `.tandem`, which is then the nearest one for every surface.
 * @param file below `opened`
 * @throws as `makeFolder`
 */
export function stayWithin(opened: string, file: string): void {
  if (relative(resolve(opened), workspaceOf(file)).split(sep)[0] === '..') makeTandemFolder(opened);
}

/**
 * Creates `.tandem/` with a `.gitignore` that excludes runs, cache and answers from git, and includes accepted adapters and results.
 * Half-written files of killed commands in it are removed, once per process.
 * @throws as `makeFolder`
 */
export function makeTandemFolder(workspace: string): string {
  const folder = join(workspace, '.tandem');
  makeRealFolder(folder);
  if (!swept.has(workspace)) sweepTemporaries(folder, { deep: true });
  swept.add(workspace);
  excludeFromGit(join(folder, '.gitignore'));
  return folder;
}

const excluded = '/runs/\n/cache/\n/results/**/*.answers.jsonl\n';
/** What Tandem 0.1 wrote. It has no answers. */
const excludedBefore = '/runs/\n/cache/\n';

/** Writes the file, or brings it up to date. One that somebody has changed stays as it is. */
function excludeFromGit(file: string): void {
  try {
    // Never into the target of a link with this name.
    writeFileSync(file, excluded, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (lstatSync(file).isFile() && readFileSync(file, 'utf8') === excludedBefore) writeFileAtomically(file, excluded);
  }
}

/** Workspaces in which this process has already searched for leftovers. */
const swept = new Set<string>();

/**
 * Creates a folder in `.tandem/`, with its parents.
 * @param names one below the other, e.g. 'runs'
 * @throws TandemError reason 'not-a-folder' if one of them is a file, or a link, which may lead out of the workspace
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

/** Whether it is a folder and not a link to one. */
export const isRealFolder = (folder: string): boolean => lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;

/** Creates it if there is nothing. Its parent exists. @throws TandemError reason 'not-a-folder' */
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

/** @file Reads only regular files, and only up to a size limit, so that a pipe cannot block the program and a device cannot fill its memory. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { TandemError } from './errors.ts';

export interface ReadLimits {
  /** In bytes. Default: 256 MiB. */
  readonly most?: number;
  /** 'refused' for files that Tandem wrote itself: it never writes links, so a link leads to a foreign file. Default: 'followed'. */
  readonly links?: 'followed' | 'refused';
}

const mostByDefault = 2 ** 28;

/**
 * The bytes of a regular file.
 * @throws TandemError reasons 'not-a-file' for a folder, a pipe, a device or (if asked) a link, 'too-large'; the system's own error for the
 * rest, e.g. a file that is not there
 */
export function readFileBytes(file: string, limits: ReadLimits = {}): Buffer {
  if (limits.links === 'refused') requireNoLink(file, lstatSync(file));
  const handle = openSync(file, readFlags(limits));
  try {
    const most = limits.most ?? mostByDefault;
    requireReadable(file, fstatSync(handle), most);
    return gather(file, most, (chunk) => readSync(handle, chunk));
  } finally {
    closeSync(handle);
  }
}

/** The same as text. @throws as `readFileBytes` */
export const readTextFile = (file: string, limits?: ReadLimits): string => readFileBytes(file, limits).toString('utf8');

/** The same without blocking the event loop. @throws as `readFileBytes` */
export async function readFileBytesLater(file: string, limits: ReadLimits = {}): Promise<Buffer> {
  if (limits.links === 'refused') requireNoLink(file, lstatSync(file));
  const handle = await open(file, readFlags(limits));
  try {
    const most = limits.most ?? mostByDefault;
    requireReadable(file, await handle.stat(), most);
    const bytes = await handle.readFile();
    if (bytes.length > most) throw tooLarge(file, most);
    return bytes;
  } finally {
    await handle.close();
  }
}

/** The same as text. @throws as `readFileBytes` */
export const readTextFileLater = async (file: string, limits?: ReadLimits): Promise<string> =>
  (await readFileBytesLater(file, limits)).toString('utf8');

/** Opens a regular file of any size for reading; the caller closes it. @throws as `readFileBytes` */
export async function openFile(file: string): Promise<FileHandle> {
  const handle = await open(file, readFlags({}));
  try {
    requireReadable(file, await handle.stat(), Infinity);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Up to `bytes` bytes from the end of the file, as text. @throws as `readFileBytes` */
export async function readTextTail(file: string, bytes: number, limits: ReadLimits = {}): Promise<string> {
  if (limits.links === 'refused') requireNoLink(file, lstatSync(file));
  const handle = await open(file, readFlags(limits));
  try {
    const stats = await handle.stat();
    requireReadable(file, stats, Infinity);
    const tail = Buffer.alloc(Math.min(stats.size, bytes));
    await handle.read(tail, 0, tail.length, stats.size - tail.length);
    return tail.toString('utf8');
  } finally {
    await handle.close();
  }
}

/** Checks that a path can be written to: it is a regular file, or does not exist. @throws TandemError reason 'not-a-file' */
export function requireOwnFile(file: string): void {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  if (!stats) return;
  requireNoLink(file, stats);
  requireReadable(file, stats, Infinity);
}

/** Whether the error says that the path does not exist: no such file, or a file where a folder is expected. */
export const isMissing = (error: unknown): boolean => {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
};

/** Without O_NONBLOCK, opening a pipe waits for its other end. Windows has neither flag. */
function readFlags({ links }: ReadLimits): number {
  const { O_RDONLY, O_NONBLOCK = 0, O_NOFOLLOW = 0 } = constants as Partial<typeof constants> & Pick<typeof constants, 'O_RDONLY'>;
  return O_RDONLY | O_NONBLOCK | (links === 'refused' ? O_NOFOLLOW : 0);
}

function requireNoLink(file: string, stats: Stats): void {
  if (!stats.isSymbolicLink()) return;
  throw new TandemError('not-a-file', 'This is a symbolic link. Tandem reads its own files only from regular files.', {
    where: { file },
    hint: 'Replace the link with the file itself, or remove the link.',
  });
}

function requireReadable(file: string, stats: Stats, most: number): void {
  if (!stats.isFile()) {
    throw new TandemError('not-a-file', `This is ${kindOf(stats)}, not a file.`, { where: { file }, hint: 'Name a regular file.' });
  }
  if (stats.size > most) throw tooLarge(file, most);
}

/** Files in /proc report size 0 but are not empty. */
function gather(file: string, most: number, read: (chunk: Buffer) => number): Buffer {
  const chunks: Buffer[] = [];
  for (let total = 0; ;) {
    const chunk = Buffer.allocUnsafe(2 ** 16);
    const length = read(chunk);
    if (length === 0) return Buffer.concat(chunks);
    total += length;
    if (total > most) throw tooLarge(file, most);
    chunks.push(chunk.subarray(0, length));
  }
}

const kindOf = (stats: Stats): string =>
  stats.isDirectory() ? 'a folder' : stats.isFIFO() ? 'a pipe' : stats.isSocket() ? 'a socket' : 'a device';

const tooLarge = (file: string, most: number): TandemError =>
  new TandemError('too-large', `This file is larger than ${Math.round(most / 2 ** 20)} MiB, the limit for files of its kind.`, {
    where: { file },
    hint: 'Check that this is the right file.',
  });

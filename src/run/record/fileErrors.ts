/** @file File system errors that the user can fix, in words. */
import { TandemError } from '../../errors.ts';

interface Explanation {
  readonly reason: 'disk-full' | 'not-writable' | 'too-many-files' | 'missing-file' | 'not-a-file' | 'unreadable';
  readonly message: string;
  readonly hint: string;
}

const full: Explanation = {
  reason: 'disk-full',
  message: 'The disk is full.',
  hint: 'Free some space. Everything written so far is kept. Continue a run with: tandem resume',
};
const closed: Explanation = {
  reason: 'not-writable',
  message: 'Tandem has no permission to read or write here.',
  hint: 'Change the permissions, or work on a copy elsewhere.',
};

/** By the system's error code. */
const explanations: Readonly<Partial<Record<string, Explanation>>> = {
  ENOSPC: full,
  EDQUOT: { ...full, message: 'Your disk quota is used up.' },
  EFBIG: { ...full, message: 'The file has reached the maximum size here.' },
  EROFS: { ...closed, message: 'The disk is read-only.' },
  EACCES: closed,
  EPERM: closed,
  ENOENT: {
    reason: 'missing-file',
    message: 'This file or folder does not exist.',
    hint: 'Check the path. If it existed a moment ago, something removed it.',
  },
  ENOTDIR: { reason: 'not-a-file', message: 'A part of this path is a file, not a folder.', hint: 'Check the path.' },
  EISDIR: { reason: 'not-a-file', message: 'This is a folder, not a file.', hint: 'Check the path.' },
  ENXIO: { reason: 'not-a-file', message: 'This is a socket or a device, not a file.', hint: 'Check the path.' },
  ELOOP: { reason: 'not-a-file', message: 'The links here form a circle, or a link is not allowed here.', hint: 'Remove the link.' },
  ENAMETOOLONG: { reason: 'not-a-file', message: 'The path is too long for the system.', hint: 'Use shorter names.' },
  EIO: { reason: 'unreadable', message: 'The disk reported an error.', hint: 'Check the disk, or work on a copy elsewhere.' },
  EBUSY: { reason: 'unreadable', message: 'Another program is using this.', hint: 'Close that program and try again.' },
  ETXTBSY: { reason: 'unreadable', message: 'Another program is using this.', hint: 'Close that program and try again.' },
  EMFILE: { reason: 'too-many-files', message: 'Too many files are open.', hint: 'Close other programs, or raise the limit (ulimit -n).' },
};

/** The same error, or its meaning if it is a file system error that the user can fix. */
export function explainedError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof TandemError) return error;
  const { code, path } = error as NodeJS.ErrnoException;
  const explanation = code === undefined ? undefined : explanations[code];
  if (!explanation) return error;
  const { reason, message, hint } = explanation;
  return new TandemError(reason, message, { ...(path !== undefined && { where: { file: path } }), hint, cause: error });
}

/** Whether something cannot be written because the operating system forbids it, or because a link is in place of one of our files. */
export const isUnwritable = (error: unknown): boolean =>
  error instanceof TandemError ? error.reason === 'not-a-file' || error.reason === 'not-a-folder' : isSystemError(error);

const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string' && 'syscall' in error;

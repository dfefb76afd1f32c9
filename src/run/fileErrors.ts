/** @file Errors of the file system that the user can do something about, in words. */
import { TandemError } from '../errors.ts';

interface Explanation {
  readonly reason: 'disk-full' | 'not-writable' | 'too-many-files' | 'missing-file' | 'not-a-file' | 'unreadable';
  readonly message: string;
  readonly hint: string;
}

const full: Explanation = {
  reason: 'disk-full',
  message: 'The disk is full.',
  hint: 'Make room; what was written before stands, and a run goes on with: tandem resume',
};
const closed: Explanation = {
  reason: 'not-writable',
  message: 'Tandem may not read or write here.',
  hint: 'Give yourself the right to, or work on a copy elsewhere.',
};

/** By the code that the system gives. */
const explanations: Readonly<Partial<Record<string, Explanation>>> = {
  ENOSPC: full,
  EDQUOT: { ...full, message: 'Your share of the disk is used up.' },
  EFBIG: { ...full, message: 'A file may not grow any further here.' },
  EROFS: { ...closed, message: 'The disk can only be read.' },
  EACCES: closed,
  EPERM: closed,
  ENOENT: {
    reason: 'missing-file',
    message: 'There is no such file or folder.',
    hint: 'Check the path; if it was there a moment ago, something removed it.',
  },
  ENOTDIR: { reason: 'not-a-file', message: 'A file stands where a folder would have to be.', hint: 'Check the path.' },
  EISDIR: { reason: 'not-a-file', message: 'This is a folder, not a file.', hint: 'Check the path.' },
  ENXIO: { reason: 'not-a-file', message: 'This is a socket or a device, not a file.', hint: 'Check the path.' },
  ELOOP: { reason: 'not-a-file', message: 'The links here lead in a circle, or one stands where none may.', hint: 'Remove the link.' },
  ENAMETOOLONG: { reason: 'not-a-file', message: 'The path is longer than the system allows.', hint: 'Use shorter names.' },
  EIO: { reason: 'unreadable', message: 'The disk gave an error.', hint: 'Check the disk, or work on a copy elsewhere.' },
  EBUSY: { reason: 'unreadable', message: 'Another program holds this.', hint: 'Close that program, and try again.' },
  ETXTBSY: { reason: 'unreadable', message: 'Another program holds this.', hint: 'Close that program, and try again.' },
  EMFILE: { reason: 'too-many-files', message: 'Too many files are open.', hint: 'Close other programs, or raise the limit (ulimit -n).' },
};

/** The same error, or what it means where it is one of the file system that the user can do something about. */
export function explainedError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof TandemError) return error;
  const { code, path } = error as NodeJS.ErrnoException;
  const explanation = code === undefined ? undefined : explanations[code];
  if (!explanation) return error;
  const { reason, message, hint } = explanation;
  return new TandemError(reason, message, { ...(path !== undefined && { where: { file: path } }), hint, cause: error });
}

/** Whether something cannot be written because of what the operating system, or a link in the place of a file of ours, does not allow. */
export const isUnwritable = (error: unknown): boolean =>
  error instanceof TandemError ? error.reason === 'not-a-file' || error.reason === 'not-a-folder' : isSystemError(error);

const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string' && 'syscall' in error;

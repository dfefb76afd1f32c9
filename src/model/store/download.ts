/** @file Downloads one file: streams it to `<file>.part`, continues after an interruption, and checks its hash. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { TandemError } from '../../errors.ts';
import { pulse } from '../../pulse.ts';

export interface DownloadProgress {
  /** What is fetched, for people. */
  readonly what: string;
  /** Bytes. */
  readonly received: number;
  /** Total bytes, if known. */
  readonly total?: number;
}

/** `git` is the sha1 of git's blob: the contents behind a `blob <size>\0` header. */
export type ContentHash = { readonly kind: 'sha256' | 'git'; readonly hex: string };

export interface DownloadOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes of the whole file. */
  readonly size: number;
  readonly hash: ContentHash;
  readonly onProgress?: (received: number) => void;
  readonly signal?: AbortSignal;
  /** How many consecutive tries may receive nothing new. Each continues where the last one ended. */
  readonly retries?: number;
}

/**
 * Fetches a URL into a file. A `<path>.part` from an earlier call is kept and continued with a Range request.
 * @throws TandemError 'download-failed' if the server does not answer or refuses, 'download-damaged' if size or hash differ (the part is
 *   then removed); an AbortError if the signal is aborted (the part is kept)
 */
export async function downloadFile(url: string, path: string, options: DownloadOptions): Promise<void> {
  const part = `${path}.part`;
  for (let failures = 0, had = await sizeOf(part); ; failures++) {
    try {
      await continuePart(url, part, options);
      break;
    } catch (error) {
      options.signal?.throwIfAborted();
      if (error instanceof TandemError) throw error;
      const has = await sizeOf(part);
      if (has !== had) failures = 0;
      had = has;
      if (failures >= (options.retries ?? 5)) throw failed(url, error);
      await sleep(Math.min(200 * 2 ** failures, 5000), undefined, { signal: options.signal });
    }
  }
  if (!(await hasContent(part, options.size, options.hash))) {
    await rm(part);
    throw new TandemError('download-damaged', `The download of ${url} does not match its announced size or hash.`, {
      where: { file: path },
      hint: 'Try again. If it fails again, the file was changed in transit or at its source.',
    });
  }
  await rename(part, path);
}

/** Whether a file exists with this size and hash. */
export async function hasContent(path: string, size: number, hash: ContentHash): Promise<boolean> {
  if ((await sizeOf(path)) !== size) return false;
  const digest = hash.kind === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) {
    digest.update(chunk as Buffer);
    pulse();
  }
  return digest.digest('hex') === hash.hex;
}

/** `fetch` that gives up if no answer has begun after `milliseconds`. The body may take as long as it needs. */
export function impatientFetch(milliseconds: number, signal?: AbortSignal): typeof fetch {
  return async (input, init) => {
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(new Error(`no answer after ${milliseconds / 1000} s`)), milliseconds);
    const signals = [silence.signal, signal, init?.signal].filter((entry) => entry !== undefined && entry !== null);
    try {
      return await fetch(input, { ...init, signal: AbortSignal.any(signals) });
    } finally {
      clearTimeout(timer);
    }
  };
}

const answerTime = 8_000;
/** A stream that is silent for this long counts as broken off. */
const silenceTime = 30_000;

async function continuePart(url: string, part: string, { headers, size, onProgress, signal }: DownloadOptions): Promise<void> {
  let position = (await sizeOf(part)) ?? 0;
  if (position === size && size > 0) return;
  if (position > size) position = 0;
  const stop = new AbortController();
  const linked = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const response = await impatientFetch(answerTime, linked)(url, {
    headers: { ...headers, ...(position > 0 ? { Range: `bytes=${position}-` } : {}) },
  });
  if (response.status === 416) {
    await rm(part, { force: true });
    throw new Error('the server does not have the rest of the file');
  }
  if (!response.ok) await refuse(url, response);
  // A server that ignores Range sends the file from the start.
  if (response.status !== 206) position = 0;
  const file = await open(part, position > 0 ? 'r+' : 'w');
  const watchdog = setTimeout(() => stop.abort(new Error('the connection went silent')), silenceTime);
  try {
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      watchdog.refresh();
      pulse();
      await file.write(chunk, 0, chunk.length, position);
      position += chunk.length;
      onProgress?.(position);
    }
  } finally {
    clearTimeout(watchdog);
    await file.close();
  }
  if (position < size) throw new Error(`the connection closed at ${position} of ${size} bytes`);
}

/** Refusals are final, unless the server says that it is busy. */
async function refuse(url: string, response: Response): Promise<never> {
  await response.body?.cancel();
  const message = `the server answered ${response.status}`;
  if (response.status >= 500 || response.status === 429) throw new Error(message);
  throw failed(url, message);
}

function failed(url: string, cause: unknown): TandemError {
  return new TandemError('download-failed', `${url} could not be downloaded: ${describeCause(cause)}.`, {
    hint: 'Try again. The download continues where it stopped.',
    cause,
  });
}

/** The innermost message: Node's fetch says only "fetch failed". */
export function describeCause(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? describeCause(error.cause) : error.message || error.name;
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size;
}

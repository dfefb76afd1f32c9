/** @file The journal: one event per line, appended as it happens. */
import { closeSync, fstatSync, fsyncSync, ftruncateSync, lstatSync, openSync, writeSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { TandemError } from '../../errors.ts';
import { readTextFile, readTextFileLater, readTextTail, requireOwnFile, type ReadLimits } from '../../files.ts';
import { parseJson } from '../../json.ts';
import { shaped } from '../../shape.ts';
import { pulse } from '../../pulse.ts';
import { journalVersion, type JournalLine, type RunEvent } from './events.ts';
import { journalLine } from './eventShapes.ts';
import { requireVersion, type Versioned } from './jsonFile.ts';
import { lineOfVersionOne } from './versionOne.ts';

export interface Journal {
  /** Writes the event and returns it as a reader of the file will get it. */
  append(event: RunEvent): JournalLine;
  /** The number of lines in the file. */
  count(): number;
  /** Waits until everything is on disk. */
  flush(): void;
  close(): void;
}

/**
 * Opens the journal for appending after its existing lines.
 * @param kept the lines in the file, whose count the new ones continue
 * @param elapsed milliseconds of running time; by default it continues from the last line
 */
export function openJournal(file: string, kept: readonly JournalLine[], elapsed = clockFrom(kept.at(-1)?.at)): Journal {
  requireOwnFile(file);
  const handle = openSync(file, 'a');
  const last = kept.at(-1);
  let seq = last ? last.seq + 1 : 0;
  return {
    append: (event) => {
      pulse();
      const text = JSON.stringify({ version: journalVersion, seq, at: Math.round(elapsed()), ...event });
      // A line that could not be read again is not written either.
      const line = parseLine(text, file, seq);
      appendWhole(handle, Buffer.from(text + '\n'));
      seq++;
      return line;
    },
    count: () => seq,
    flush: () => fsyncSync(handle),
    close: () => closeSync(handle),
  };
}

/** Milliseconds of running time, of which this many have passed. */
export function clockFrom(before = 0, now: () => number = () => performance.now()): () => number {
  const begun = now() - before;
  return () => now() - begun;
}

/** A line that does not fit on the disk is removed completely: once there is room again, later lines must not be appended to a fragment. */
function appendWhole(handle: number, bytes: Uint8Array): void {
  const { size } = fstatSync(handle);
  try {
    for (let written = 0; written < bytes.length;) written += writeSync(handle, bytes, written);
  } catch (error) {
    ftruncateSync(handle, size);
    throw error;
  }
}

/**
 * The lines of a journal, empty if there is no file. A last line without its newline was torn by a kill and does not count.
 * @throws TandemError reasons 'bad-journal', 'newer-version'
 */
export function readJournal(file: string): JournalLine[] {
  if (!isThere(file)) return [];
  return splitLines(readTextFile(file, limits)).map((text, place) => parseLine(text, file, place));
}

/**
 * The same lines in chunks, for a process whose event loop must not be blocked.
 * @throws TandemError reasons 'bad-journal', 'newer-version'
 */
export async function* readJournalInStretches(file: string, stretch = 200): AsyncGenerator<JournalLine[]> {
  if (!isThere(file)) return;
  const texts = splitLines(await readTextFileLater(file, limits));
  for (let from = 0; from < texts.length; from += stretch) {
    yield texts.slice(from, from + stretch).map((text, place) => parseLine(text, file, from + place));
    await turn();
  }
}

/** The last complete line, found without reading the rest. Undefined if there is none or it cannot be read. */
export async function readLastLine(file: string): Promise<JournalLine | undefined> {
  try {
    return asWrittenNow(JSON.parse(splitLines(await readTextTail(file, 65_536, limits)).at(-1) ?? '') as Versioned) as JournalLine;
  } catch {
    return undefined;
  }
}

/** Drops the lines after the first `count`, and a half-written line from a kill. @returns the kept lines */
export function truncateJournal(file: string, count: number): JournalLine[] {
  if (!isThere(file)) return [];
  requireOwnFile(file);
  const kept = splitLines(readTextFile(file, limits)).slice(0, count);
  const lines = kept.map((text, place) => parseLine(text, file, place));
  const handle = openSync(file, 'r+');
  try {
    ftruncateSync(handle, Buffer.byteLength(kept.map((line) => line + '\n').join('')));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  return lines;
}

/** Hours of training steps take about 50 MB. */
const limits: ReadLimits = { most: 2 ** 28, links: 'refused' };

/** A link that leads nowhere counts as existing, and is refused when it is read. */
const isThere = (file: string): boolean => lstatSync(file, { throwIfNoEntry: false }) !== undefined;

const splitLines = (text: string): string[] => text.split('\n').slice(0, -1);

/** The line as this version would have written it. */
const asWrittenNow = (value: Versioned): unknown => (value.version < journalVersion ? lineOfVersionOne(value) : value);

function parseLine(text: string, file: string, place: number): JournalLine {
  const where = { file, line: place + 1 };
  const value = requireVersion(parseJson(text, where, 'bad-journal') as Versioned & { seq?: unknown }, journalVersion, file, where.line);
  if (value.seq !== place) throw new TandemError('bad-journal', `This line of the journal should have the number ${place}.`, { where });
  return shaped(journalLine, asWrittenNow(value), where, 'bad-journal');
}

/**
 * @file What a run's writer answered, in a separate file beside the journal. A resume cuts the journal back to the last checkpoint. This file
 * keeps what was answered after it, so that the same request gets the same answer again.
 */
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, ftruncateSync, lstatSync, openSync, writeSync } from 'node:fs';
import { readTextFile, requireOwnFile } from '../files.ts';
import { parseJson } from '../json.ts';
import type { WriteOptions, WriterMessage } from '../model/writer.ts';
import { either, exactly, object, shaped, text, whole, type Shape } from '../shape.ts';
import { requireVersion, type Versioned } from './record/jsonFile.ts';

/** The result of a request: an answer and its cost, or a failure. */
export type Answered =
  | { readonly request: string; readonly text: string; readonly tokens: number; readonly requests: number }
  | { readonly request: string; readonly reason: string; readonly message: string };

export interface Answers {
  readonly get: (request: string) => Answered | undefined;
  /** The line is on disk when this returns. */
  readonly add: (answered: Answered) => void;
}

/** SHA-256 of everything that the answer depends on. */
export function requestKey(writer: string, messages: readonly WriterMessage[], options: Omit<WriteOptions, 'signal'>): string {
  const { maxTokens, temperature, seed } = options;
  const asked = messages.map(({ role, content }) => [role, content]);
  return createHash('sha256')
    .update(JSON.stringify([writer, asked, maxTokens, temperature, seed]))
    .digest('hex');
}

/**
 * The answers in the file, which is created with the first answer. A last line that a kill tore was never used, and is cut off.
 * @throws TandemError reasons 'bad-file', 'newer-version', 'not-a-file', 'too-large'
 */
export function openAnswers(file: string): Answers {
  const known = new Map(readAnswers(file).map((each) => [each.request, each]));
  return {
    get: (request) => known.get(request),
    add: (answered) => {
      append(file, JSON.stringify({ version: 1, ...answered } satisfies Line) + '\n');
      known.set(answered.request, answered);
    },
  };
}

type Line = Versioned & Answered;

const line: Shape<Line> = either<Line>(
  'an answer or a trouble of a writer',
  object({ version: exactly(1), request: text, text, tokens: whole, requests: whole }),
  object({ version: exactly(1), request: text, reason: text, message: text }),
);

function readAnswers(file: string): Answered[] {
  if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return [];
  requireOwnFile(file);
  const source = readTextFile(file, { most: 2 ** 28, links: 'refused' });
  const whole = source.slice(0, source.lastIndexOf('\n') + 1);
  if (whole.length < source.length) truncate(file, Buffer.byteLength(whole));
  return whole
    .split('\n')
    .slice(0, -1)
    .map((each, place) => {
      const where = { file, line: place + 1 };
      const value = requireVersion(parseJson(each, where, 'bad-file') as Versioned, 1, file, where.line);
      return shaped(line, value, where, 'bad-file');
    });
}

function truncate(file: string, length: number): void {
  const handle = openSync(file, 'r+');
  try {
    ftruncateSync(handle, length);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function append(file: string, text: string): void {
  requireOwnFile(file);
  const handle = openSync(file, 'a');
  try {
    const bytes = Buffer.from(text);
    for (let written = 0; written < bytes.length;) written += writeSync(handle, bytes, written);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** @file On a terminal, progress redraws one line. In a log, it is one plain line for each phase and decision. */
/* eslint-disable no-control-regex -- these tests check what a terminal gets */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Vitality } from '../run/worker/beat.ts';
import type { JournalLine } from '../run/record/events.ts';
import { executeRun } from '../run/execute.ts';
import { fakeExecution, fakeSpec } from '../run/fakeRun.fixture.ts';
import { createRun } from '../run/record/runDirectory.ts';
import { makeProgress } from './progress.ts';
import { outputOf, type Stream } from './terminal.ts';

const temporary = mkdtempSync(join(tmpdir(), 'tandem-progress-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const lines: JournalLine[] = [];
beforeAll(async () => {
  writeFileSync(join(temporary, 'intent.prompt.md'), '');
  const directory = createRun(
    {
      prompt: join(temporary, 'intent.prompt.md'),
      ...fakeSpec,
    },
    { source: '', data: {} },
    new Date(0),
  );
  await executeRun(fakeExecution(directory, (line) => lines.push({ ...line, at: line.seq * 1000 }), 2));
});

const show = (stream: Partial<Stream>, options: Parameters<typeof makeProgress>[1] = { env: {} }, replayed = 0): string => {
  let written = '';
  const progress = makeProgress(outputOf({ ...stream, write: (text) => (written += text) }), options);
  progress.busy('Loading the model');
  for (const line of lines) progress.event(line, line.seq < replayed);
  progress.close();
  return written;
};

/** The lines on a terminal after these writes. */
const screen = (written: string): string[] => {
  const rows = [''];
  for (const piece of written.split(/(\r|\n|\u001b\[K)/)) {
    if (piece === '\n') rows.push('');
    else if (piece === '\r' || piece === '\u001b[K') rows[rows.length - 1] = piece === '\r' ? '' : rows[rows.length - 1];
    else rows[rows.length - 1] += piece;
  }
  return rows;
};

test('a log has a plain line for each phase and decision', () => {
  const log = show({});
  expect(log).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  expect(log.split('\n')).toEqual([
    'Loading the model …',
    'Run 1970-01-01-000000-intent: fake, 200 training and 100 validation rows, 300 held-out test rows, seed 7',
    'Notice: 2 rows stand almost alike in train and val.',
    'Budget: about 1 min 00 s, 60.0k tokens at 1.0k per second',
    'Start: accuracy 40.0% [34.0, 46.0] on 100 validation rows; J -1.630',
    'Phase 1, weights: it gained most so far',
    expect.stringMatching(
      /^ {2}1\.0 (not )?kept: .*\. On the validation rows: [+-]\d\.\d points \[.*\], P\(better\) \d+%, log-likelihood /,
    ),
    expect.stringMatching(/^ {2}4 training steps, not kept; best after phase 1: /),
    'Phase 2, prompt: it gained most so far',
    expect.stringMatching(/^ {2}2\.2 (not )?kept: /),
    expect.stringMatching(/^ {2}tried 4 wordings: none was clearly better; best after phase 2: /),
    'Test: measuring on 300 held-out rows',
    expect.stringMatching(/^Test: .* points .*; prompt alone .*, weights alone .*, extra from both together /),
    'Ended after 24 s: the budget is spent',
    '',
  ]);
});

test('a terminal ends with the same lines; its status line never wraps and never stays behind', () => {
  const written = show({ isTTY: true, columns: 40 });
  expect(written).toContain('\r\u001b[K');
  for (const status of written.matchAll(/\r([^\r\n\u001b]+)\u001b\[K/g)) expect(status[1].length).toBeLessThan(40);
  expect(screen(written).filter((row) => row !== '')).toEqual(show({}).split('\n').slice(1, -1));
});

test('a dumb terminal gets the log, and nothing is printed if the events themselves are printed', () => {
  expect(show({ isTTY: true }, { env: { TERM: 'dumb' } })).toBe(show({}));
  expect(show({ isTTY: true }, { quiet: true })).toBe('');
});

test('the work of an earlier process is shown in outline', () => {
  const log = show({}, { env: {} }, 16);
  expect(log).toContain('continuing where it stopped\n  phase 1, weights, was ');
  expect(log).not.toContain('Start:');
  expect(log).toContain('best after phase 2');
});

test('a terminal shows how much is done, a log only that it began', () => {
  const measuring = (stream: Partial<Stream>): string => {
    let written = '';
    const progress = makeProgress(outputOf({ ...stream, write: (text) => (written += text) }), { env: {} });
    for (const share of [undefined, 0.25, 0.996, 1]) progress.busy('Measuring', share);
    progress.close();
    return written;
  };
  expect(measuring({})).toBe('Measuring …\n');
  expect(measuring({ isTTY: true }).match(/Measuring[^\r\u001b]*/g)).toEqual([
    'Measuring …',
    'Measuring … 25%',
    'Measuring … 99%',
    'Measuring … 100%',
  ]);
});

describe('the state of the worker process', () => {
  afterEach(() => void vi.useRealTimers());
  /** What is written in the first two seconds of loading the model. */
  const written = (stream: Partial<Stream>, vitality: Vitality): string => {
    vi.useFakeTimers({ now: 60_000 });
    let text = '';
    const progress = makeProgress(outputOf({ ...stream, write: (more) => (text += more) }), { env: {} });
    progress.busy('Loading the model');
    progress.watch(() => vitality);
    vi.advanceTimersByTime(2000);
    progress.close();
    return text;
  };

  test('a terminal shows in its status line that the worker is busy and for how long; a log does not', () => {
    const busy: Vitality = { kind: 'busy', since: 22_000 };
    expect(written({ isTTY: true, columns: 80 }, busy)).toContain('\rbusy, last progress 40 s ago · Loading the model … 2 s\u001b[K');
    expect(written({}, busy)).toBe('Loading the model …\n');
  });

  test('a log also reports once that the worker does not respond', () => {
    const silent: Vitality = { kind: 'silent', since: 50_000 };
    expect(written({}, silent)).toBe(
      'Loading the model …\nNotice: the process has not responded for 11 s. Press Ctrl-C twice to end it.\n',
    );
    expect(written({ isTTY: true }, silent)).toContain('the process has not responded for 12 s · Loading the model');
  });
});

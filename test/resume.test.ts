/**
 * @file A real run on the tiny model, interrupted at random places. At each place its workspace is copied as a kill would leave it, and the
 * copy is resumed. cli.test.ts and src/run/execute.test.ts kill living processes.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomStream } from '../src/random.ts';
import type { JournalLine } from '../src/run/record/events.ts';
import { readJournal } from '../src/run/record/journal.ts';
import { findRun, type RunDirectory } from '../src/run/record/runDirectory.ts';
import { runDefaults, type RunSpec } from '../src/run/spec.ts';
import { resumeRun, startRun } from '../src/run/startRun.ts';
import { writeTinyTask } from './support/tinyTask.ts';

const temporary = mkdtempSync(join(tmpdir(), 'tandem-resume-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const killPoints = 24;

interface Copy {
  readonly workspace: string;
  readonly lines: number;
  readonly type: string;
}

let whole: RunDirectory;
const copies: Copy[] = [];

/** The journal without what depends on the clock. */
const timeless = ({ journal }: RunDirectory): unknown[] =>
  readJournal(journal).map((line) => ({
    ...line,
    at: 0,
    ...(line.type === 'rateMeasured' && { tokensPerSecond: 0 }),
    ...(line.type === 'priceMeasured' && { time: undefined }),
    ...startless(line),
  }));
const startless = (line: JournalLine): object => (line.type === 'runStarted' ? { config: { ...line.config, startedAt: '' } } : {});

beforeAll(async () => {
  const workspace = join(temporary, 'whole');
  mkdirSync(join(workspace, '.tandem'), { recursive: true });
  writeTinyTask(workspace);
  const spec: RunSpec = { ...runDefaults, prompt: join(workspace, 'kind.prompt.md'), threads: 1, budget: { tokens: 40_000 } };
  let lines = 0;
  // Copies the workspace after every line; the test chooses among the copies.
  const onLine = (line: JournalLine): void => {
    lines++;
    if (line.type === 'runEnded') return;
    const copy = join(temporary, `killed ${copies.length}`);
    cpSync(workspace, copy, { recursive: true });
    copies.push({ workspace: copy, lines, type: line.type });
  };
  whole = (await startRun(spec, { onLine })).directory;
}, 120_000);

/** Adds what else a kill may leave: a line cut short, half-written files, locks of dead processes. */
function litter({ workspace }: Copy, directory: RunDirectory, random: () => number): void {
  if (random() < 0.5) appendFileSync(directory.journal, '{"version":1,"seq":99'.slice(0, 1 + Math.floor(random() * 20)));
  if (random() < 0.5) writeFileSync(join(directory.path, 'checkpoint.json.4242.tmp'), '{"version":1,"lin');
  if (random() < 0.5) mkdirSync(join(directory.adapters, '0123456789abcdef.4242.tmp'), { recursive: true });
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  for (const lock of [directory.lock, join(workspace, '.tandem', 'runs', 'lock')]) writeFileSync(lock, JSON.stringify({ pid }));
}

test(`from each of at least 20 random places a resumed run reaches the same end with the same files`, async () => {
  const random = randomStream('kill points of a real run');
  const chosen = random.shuffle(copies).slice(0, killPoints);
  expect(chosen.length).toBeGreaterThanOrEqual(20);
  // The places include the beginning, phases of both targets, and the end.
  expect(new Set(chosen.map(({ type }) => type)).size).toBeGreaterThan(3);
  const expected = timeless(whole);
  const files = (directory: RunDirectory): string[][] =>
    [directory.adapters, directory.candidates].map((folder) =>
      readdirSync(folder)
        .filter((name) => !name.endsWith('.tmp'))
        .sort(),
    );
  for (const copy of chosen) {
    const [name] = readdirSync(join(copy.workspace, '.tandem', 'runs')).filter((each) => each.endsWith('-kind'));
    const directory = findRun(copy.workspace, name);
    litter(copy, directory, () => random.uniform());
    await resumeRun(directory);
    expect(timeless(directory), `killed after line ${copy.lines}, a ${copy.type}`).toEqual(expected);
    expect(files(directory)).toEqual(files(whole));
    expect(readFileSync(directory.report, 'utf8').split('\n')[0]).toBe(readFileSync(whole.report, 'utf8').split('\n')[0]);
  }
}, 400_000);

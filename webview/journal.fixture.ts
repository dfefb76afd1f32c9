/** @file A real run for the tests of the page: SmolLM2-135M on examples/support, 400,000 token passes, seed 1. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunSummary, Snapshot } from '../src/extension/panelMessages.ts';
import type { JournalLine } from '../src/run/events.ts';
import { apply, initialState, type RunState } from '../src/run/state.ts';

export const journal: readonly JournalLine[] = readFileSync(join(import.meta.dirname, 'fixtures', 'run.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as JournalLine);

export const run = '2026-11-24-105630-intent';

/** Newest first. */
export const summaries: readonly RunSummary[] = [
  { run, prompt: 'intent.prompt.md', startedAt: '2026-11-24T10:56:31.000Z', headline: '34.9% → 88.4% on 86 test rows' },
  { run: '2026-11-23-161502-triage', prompt: 'prompts/triage.prompt.md', startedAt: '2026-11-23T16:15:02.000Z' },
];

/** How many lines the journal has up to and with this one. */
export const linesUntil = (matches: (line: JournalLine) => boolean): number => journal.findIndex(matches) + 1;

/** In the midst of a weight phase. */
export const midway = linesUntil((line) => line.type === 'weightStep' && line.phase === 4 && line.step === 40);

export const stateAfter = (lines: number): RunState => journal.slice(0, lines).reduce(apply, initialState);

export const snapshotAfter = (lines: number, rest: Partial<Snapshot> = {}): Snapshot => ({
  state: stateAfter(lines),
  lines,
  live: false,
  ...rest,
});

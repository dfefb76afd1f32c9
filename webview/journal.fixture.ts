/** @file A real run for the tests of the page: SmolLM2-135M on examples/support, 400,000 tokens, seed 1. */
import { join } from 'node:path';
import type { RunSummary, Snapshot } from '../src/extension/panelMessages.ts';
import type { OptimizationEvent } from '../src/optimize/events.ts';
import type { JournalLine } from '../src/run/record/events.ts';
import { apply } from '../src/run/record/fold.ts';
import { readJournal } from '../src/run/record/journal.ts';
import { initialState, type RunState } from '../src/run/record/state.ts';

export const journal: readonly JournalLine[] = readJournal(join(import.meta.dirname, 'fixtures', 'run.jsonl'));

export const run = '2026-11-24-105630-intent';

/** Newest first. */
export const summaries: readonly RunSummary[] = [
  { run, prompt: 'intent.prompt.md', startedAt: '2026-11-24T10:56:31.000Z', headline: '34.9% → 88.4% on 86 test rows' },
  { run: '2026-11-23-161502-triage', prompt: 'prompts/triage.prompt.md', startedAt: '2026-11-23T16:15:02.000Z' },
];

/** How many lines the journal has up to the first match, including it. */
export const linesUntil = (matches: (line: JournalLine) => boolean): number => journal.findIndex(matches) + 1;

/** In the middle of a weight phase. */
export const midway = linesUntil((line) => line.type === 'weightStep' && line.phase === 4 && line.step === 40);

export const stateAfter = (lines: number): RunState => journal.slice(0, lines).reduce(apply, initialState);

export const snapshotAfter = (lines: number, rest: Partial<Snapshot> = {}): Snapshot => ({
  state: stateAfter(lines),
  lines,
  live: false,
  ...rest,
});

/** The same state as if the run had had a curriculum. */
export const withCurriculum = (state: RunState): RunState =>
  [1, 2, 3].flatMap(grownIn).reduce((before, event) => apply(before, { version: 2, seq: 0, at: 0, ...event }), state);

const stages = [
  { name: 'wording', prompt: 'a few edits within lines', rank: [2, 8], layers: [10, 30], penalty: 100, because: 'the run begins' },
  { name: 'lines', prompt: 'whole lines', rank: [4, 8], layers: [20, 30], penalty: 10, because: '22% of the budget is spent' },
  {
    name: 'demonstrations',
    prompt: 'lines and demonstrations',
    rank: [8, 8],
    layers: [30, 30],
    penalty: 1,
    because: '51% of the budget is spent',
  },
] as const;

function grownIn(phase: number): readonly OptimizationEvent[] {
  const measured = { rows: 64, known: 239, success: 0.171, passRate: 0.152, logLikelihood: -1.6, inPlay: 1, tokensUsed: 4000 };
  return [
    { type: 'difficultyMeasured', phase, ...measured, roles: { weights: 181, prompt: 35, guard: 23 } },
    { type: 'freedomGrown', phase, stage: phase, stages: stages.length, ...stages[phase - 1] },
  ];
}

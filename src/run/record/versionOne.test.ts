/** @file Files of version 1: two journals that Tandem 0.1 recorded still fold to the same run, and its other files can be read. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readCheckpoint } from './checkpoint.ts';
import { apply } from './fold.ts';
import { readJournal } from './journal.ts';
import { initialState } from './state.ts';
import { lineOfVersionOne, resultsOfVersionOne, runOfVersionOne, warmStartOfVersionOne } from './versionOne.ts';

interface OldLine {
  readonly type: string;
  readonly phase?: number;
  readonly lever?: string;
  readonly passes?: number;
  readonly config?: { readonly lever: string; readonly budget: { readonly passes: number } };
  readonly flips?: { readonly gained: number; readonly lost: number };
}

const recorded = [
  ['weights alone', join(import.meta.dirname, 'versionOne.jsonl')],
  ['prompt and weights by turns', join(import.meta.dirname, '..', '..', '..', 'webview', 'fixtures', 'run.jsonl')],
] as const;

test.each(recorded)('a recorded run of version 1, %s, folds to the content of its lines', (_, file) => {
  const old = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as OldLine);
  const state = readJournal(file).reduce(apply, initialState);
  const ofType = (type: string): OldLine[] => old.filter((line) => line.type === type);
  const [{ config }] = ofType('runStarted');
  expect(state.config).toMatchObject({ tune: config!.lever, budget: { tokens: config!.budget.passes } });
  expect(state.phases.map(({ phase, target }) => [phase, target])).toEqual(
    ofType('phaseStarted').map(({ phase, lever }) => [phase, lever]),
  );
  expect(state.tokensUsed).toBe(Math.max(...old.map(({ passes = 0 }) => passes)));
  const decisions = state.phases.flatMap(({ candidates }) => candidates.flatMap(({ decision }) => decision ?? []));
  expect(decisions.map(({ changedPredictions }) => [changedPredictions?.fixes, changedPredictions?.regressions])).toEqual(
    ofType('gateDecided').map(({ flips }) => [flips?.gained, flips?.lost]),
  );
  expect(state.status).toBe('ended');
});

test('names of controls and of proposers are converted too', () => {
  expect(lineOfVersionOne({ version: 1, type: 'controlStarted', control: 'best single lever' })).toEqual({
    ...{ version: 2, type: 'controlStarted', control: 'best alone' },
  });
  expect(lineOfVersionOne({ version: 1, type: 'candidateProposed', proposer: 'reading' })).toMatchObject({ proposer: 'label scoring' });
});

test('a column of the data keeps its name, whatever it is', () => {
  const demonstrations = [{ inputs: { lever: 'a', passes: '3' }, output: 'reading' }];
  const line = { version: 1, type: 'candidateProposed', proposer: 'edits', prompt: { body: '', demonstrations } };
  expect(lineOfVersionOne(line)).toEqual({ ...line, version: 2 });
});

test('the options of a run, the measurements of lines, and a learned start are converted', () => {
  expect(runOfVersionOne({ version: 1, spec: { lever: 'both', budget: { passes: 100 } }, source: 'x' })).toEqual({
    ...{ version: 2, spec: { tune: 'both', budget: { tokens: 100 } }, source: 'x' },
  });
  expect(resultsOfVersionOne({ version: 1, lines: { at: 'x', lines: [{ line: 1, flips: [] }] } })).toEqual({
    ...{ version: 2, lines: { at: 'x', lines: [{ line: 1, changedPredictions: [] }] } },
  });
  expect(warmStartOfVersionOne({ version: 1, rounds: 2, passes: 7 })).toEqual({ version: 2, rounds: 2, tokensUsed: 7 });
});

test.each([null, 3, 'x', [], { version: 1, lines: 3 }])('anything else is left for its shape to refuse: %j', (value) => {
  for (const read of [lineOfVersionOne, resultsOfVersionOne, runOfVersionOne, warmStartOfVersionOne])
    expect(() => read(value)).not.toThrow();
});

test("a checkpoint is refused, because a coordinator's memory differs between versions", () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-version-'));
  writeFileSync(join(folder, 'checkpoint.json'), JSON.stringify({ version: 1, lines: 2, state: {} }));
  expect(() => readCheckpoint(folder)).toThrow(expect.objectContaining({ reason: 'older-version', hint: 'Start the run again.' }) as Error);
  rmSync(folder, { recursive: true });
});

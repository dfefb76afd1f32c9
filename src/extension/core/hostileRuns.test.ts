/**
 * @file Files of runs may be damaged, cut off, or made to harm: 22,500 mutants of records, journals, checkpoints, decisions and results are
 * listed, told, reviewed and accepted (one in eight), or refused by name. None crashes anything, none hides the other run, and none writes outside.
 * @module-tag long
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { TandemError } from '../../errors.ts';
import { mutatedBytes, mutatedJson } from '../../mutants.fixture.ts';
import type { MeasuredState } from '../../optimize/events.ts';
import { randomStream, type Random } from '../../random.ts';
import { accept, proposalsOf } from '../../run/accept.ts';
import { chartOf } from '../../run/words/chart.ts';
import { readCheckpoint } from '../../run/record/checkpoint.ts';
import { compareRuns } from '../../run/compareRuns.ts';
import { comparisonText } from '../../run/words/comparisonText.ts';
import { readRejected, writeRejected } from '../../run/record/decisions.ts';
import type { RunEvent } from '../../run/record/events.ts';
import { eventText, statusText } from '../../run/words/eventText.ts';
import { groundsOf } from '../../run/words/evidence.ts';
import { executeRun } from '../../run/execute.ts';
import { fakeExecution, fakeSpec, withFakeControls } from '../../run/fakeRun.fixture.ts';
import { readJournal } from '../../run/record/journal.ts';
import { reportOf } from '../../run/words/report.ts';
import { readResults, writeResults, type MeasuredWith } from '../../run/record/results.ts';
import { createRun, findRun, readRecord, readSource, type RunDirectory } from '../../run/record/runDirectory.ts';
import { readRun, readRunList } from '../../run/record/runList.ts';
import { apply } from '../../run/record/fold.ts';
import { initialState } from '../../run/record/state.ts';
import { annotateLines } from './lineWorth.ts';
import { headlineDetail } from './headline.ts';
import { changeText, itemsOf, panelReview, reviewLenses } from './review.ts';
import { runRow, unreadableRow } from './rows.ts';

vi.setConfig({ testTimeout: 240_000 });

const root = mkdtempSync(join(tmpdir(), 'tandem-hostile-runs-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const workspace = join(root, 'ws');
const path = join(workspace, 'intent.prompt.md');
const other = join(workspace, 'other.prompt.md');
const program = join(workspace, 'both.program.yaml');
const source = '---\ntandem:\n  data: d.jsonl\n  output: y\n  labels: [a, b]\n---\nRead it:\n${input:x}\n';
const programSource = 'steps:\n  - prompt: other.prompt.md\n    output: hint\n  - prompt: intent.prompt.md\n    output: y\n';
const outside = join(root, 'outside.prompt.md');

let directory: RunDirectory;
let ofProgram: RunDirectory;

beforeAll(async () => {
  mkdirSync(join(workspace, '.tandem'), { recursive: true });
  writeFileSync(outside, source);
  restore();
  directory = createRun(
    { ...fakeSpec, prompt: path, model: 'nano', lora: { rank: 4 }, soft: { tokens: 4 } },
    { source, data: { 'd.jsonl': 'ab' } },
    new Date(Date.UTC(2026, 0, 1)),
  );
  await executeRun(withFakeControls(fakeExecution(directory, () => {})));
  enrich(directory);
  ofProgram = createRun(
    { ...fakeSpec, prompt: program },
    { source: programSource, sources: { [path]: source, [other]: source }, data: {} },
    new Date(0),
  );
  await executeRun(fakeExecution(ofProgram, () => {}, 2));
  writeFileSync(
    ofProgram.journal,
    lines(ofProgram.journal)
      .map((each) => each.replace(/"at":\d+/, '"at":1'))
      .map((line) =>
        line.replaceAll(/"body":"([^"]*)"/g, (_, body: string) => `"body":"${body}","earlier":[{"body":"Read","demonstrations":[]}]`),
      )
      .join(''),
  );
  writeRejected(directory, ['1', 'adapter']);
});

function restore(): void {
  for (const file of [path, other]) writeFileSync(file, source);
  writeFileSync(program, programSource);
}

const lines = (file: string): string[] => readFileSync(file, 'utf8').split(/(?<=\n)/);

/** Gives the journal what the fake run has none of: an adapter on the disk, demonstrations, and every event that there is. */
function enrich({ journal, adapters }: RunDirectory): void {
  const known = lines(journal).map((line) => JSON.parse(line) as RunEvent);
  const states = known.filter((event) => event.type === 'phaseEnded').map(({ best }) => best);
  const best: MeasuredState = {
    ...states.at(-1)!,
    prompt: {
      body: '{{demos}}\nRead this:\n${input:x}\n',
      demonstrations: [{ inputs: { x: 'one', more: [1, { a: null, b: true }] }, output: 'a' }],
      decoding: { normalize: 'sum', stop: ['\n'] },
    },
  };
  const id = 'abcdef0123456789';
  mkdirSync(join(adapters, id));
  for (const name of ['adapter_config.json', 'adapter_model.safetensors']) writeFileSync(join(adapters, id, name), '{}');
  const difference = { mean: 0.1, low: 0, high: 0.2, rows: 9, probabilityBetter: 0.97 };
  const changedPredictions = {
    fixes: 1,
    regressions: 0,
    examples: [{ line: 3, inputs: { x: 'c' }, gold: 'a', before: 'b', after: 'a', better: true }],
  };
  const judged = { prediction: 'a', score: 1, logLikelihood: -0.1 };
  const more: RunEvent[] = [
    {
      type: 'warmStartProbed',
      from: 'start',
      helped: true,
      because: 'it is better',
      score: difference,
      logLikelihood: difference,
      steps: 4,
      tokensUsed: 9,
    },
    {
      type: 'difficultyMeasured',
      phase: 1,
      rows: 4,
      known: 4,
      success: 0.4,
      passRate: 0.5,
      logLikelihood: -1,
      roles: { weights: 1, prompt: 2, guard: 1 },
      inPlay: 0.5,
      tokensUsed: 9,
    },
    {
      type: 'freedomGrown',
      phase: 1,
      stage: 1,
      stages: 3,
      name: 'words',
      prompt: 'words',
      rank: [2, 8],
      layers: [1, 6],
      penalty: 10,
      because: 'it is the first',
    },
    {
      type: 'softPromptJudged',
      phase: 1,
      tokens: 4,
      drift: 1,
      kept: true,
      text: best,
      without: { score: difference, logLikelihood: difference },
    },
  ];
  const enriched = known.flatMap((event): RunEvent[] => {
    if (event.type === 'rateMeasured') return [{ ...event, rows: { val: 9, test: 9 } }];
    if (event.type === 'phaseStarted' && event.phase === 1) return [event, ...more];
    if (event.type === 'phaseEnded' && event.best.candidate === best.candidate) return [{ ...event, best: { ...best, adapter: id } }];
    if (event.type === 'gateDecided') return [{ ...event, objective: best.objective, changedPredictions }];
    if (event.type !== 'attributed') return [event];
    const reported = [{ metric: 'macro-f1', before: difference, after: difference, difference }];
    return [{ ...event, reported, answers: [{ row: 'r', line: 2, gold: 'a', before: judged, after: judged }] }];
  });
  writeFileSync(journal, enriched.map((event, seq) => JSON.stringify({ ...event, version: 2, seq, at: seq }) + '\n').join(''));
}

/** Mutants that nothing was wrong with. */
let sound = 0;

/** All that terminal and editor do with a run, but for what asks nothing of its files. */
async function show(run: RunDirectory): Promise<void> {
  const unreadable: string[] = [];
  const list = await readRunList(workspace, (each) => unreadable.push(unreadableRow(each).tooltip));
  expect(list.length + unreadable.length).toBe(2);
  for (const each of list) runRow({ run: each, name: each.directory.run, now: 0 });
  const untouched = run === directory ? ofProgram : directory;
  expect(list.some((each) => each.directory.run === untouched.run)).toBe(true);

  const found = findRun(workspace, run.run);
  readRecord(found);
  readCheckpoint(found.path);
  let state = initialState;
  for (const line of readJournal(found.journal)) {
    state = apply(state, line);
    eventText(line, state);
    statusText(state);
  }
  JSON.stringify(state);
  reportOf(state);
  chartOf(state);
  const proposals = proposalsOf(found, state);
  const review = { file: path, proposals, grounds: groundsOf(proposals, state), rejected: readRejected(found) };
  const textOf = (file: string): string | undefined => (existsSync(file) ? readSource(file) : undefined);
  panelReview(review, textOf, workspace);
  for (const { item } of itemsOf(review, textOf)) {
    const grounds = review.grounds.get(item.id) ?? { evidence: [] };
    changeText(item, grounds, 'folder');
    reviewLenses(item, grounds);
  }
  // These take longer than all of the above: resampling, comparing, flushing to the disk.
  if (++sound % 8 > 0) return;
  ours(() => comparisonText('a', 'b', compareRuns(state, state)));
  expect((await readRun(found)).state).toEqual(state);
  if (accept(proposals, review.rejected).written.length > 0) {
    restore();
    rmSync(join(workspace, '.tandem', 'adapters'), { recursive: true, force: true });
  }
}

const isNamed = (error: unknown): error is TandemError => error instanceof TandemError && error.message.length < 2000;

/** What one surface refuses, the next may show. */
function ours(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!isNamed(error)) throw error;
  }
}

const elsewhere = (): string[] =>
  readdirSync(root).flatMap((name) => (name === 'ws' ? [] : [`${name} ${readFileSync(join(root, name), 'utf8')}`]));

async function read(
  mutants: number,
  file: string,
  mutant: (random: Random, text: string) => string | Buffer,
  act: () => Promise<void> | void,
) {
  const whole = readFileSync(file, 'utf8');
  const before = elsewhere();
  const outcome = { refused: 0, accepted: 0, reasons: new Set<string>() };
  for (let i = 0; i < mutants; i++) {
    writeFileSync(file, mutant(randomStream('hostile runs', file.slice(root.length), i), whole));
    try {
      await act();
      outcome.accepted++;
    } catch (error) {
      if (!isNamed(error))
        throw new Error(`mutant ${i} of ${file} ended in no error of ours: ${String((error as Error).stack)}`, { cause: error });
      outcome.refused++;
      outcome.reasons.add(error.reason);
    }
  }
  writeFileSync(file, whole);
  expect(elsewhere()).toEqual(before);
  expect(readFileSync(path, 'utf8')).toBe(source);
  return outcome;
}

/** Mostly other values; some bytes, some ends, and keys that stand twice. */
function mutated(random: Random, text: string): string | Buffer {
  const kind = random.uniform();
  if (kind < 0.08) return mutatedBytes(Buffer.from(text), text.length, random);
  if (kind < 0.12) return text.slice(0, random.integer(text.length));
  if (kind < 0.14) return text.replace('{', `{"version":1,"more":${'['.repeat(6000)}${']'.repeat(6000)},`);
  if (kind < 0.18) return text.replaceAll(/[\w.]+\.(prompt\.md|program\.yaml)/g, '../outside.prompt.md');
  return mutatedJson(text, random);
}

/** One line of a journal, another order of lines, or an end. */
function mutatedJournal(random: Random, text: string): string | Buffer {
  const all = text.split(/(?<=\n)/).filter((line) => line !== '');
  const place = random.integer(all.length);
  const kind = random.uniform();
  if (kind < 0.05) return mutatedBytes(Buffer.from(text), text.length, random);
  if (kind < 0.1) all.splice(place, 1 + random.integer(3));
  else if (kind < 0.15) all.splice(place, 0, all[random.integer(all.length)]);
  else if (kind < 0.2) all[place] = mutated(random, all[place]).toString().replaceAll('\n', '') + '\n';
  else all[place] = mutatedJson(all[place], random) + '\n';
  // The number of a line is checked first: most mutants must come past it.
  if (kind >= 0.02 && kind < 0.15) return all.map((line, seq) => line.replace(/"seq":\d+/, `"seq":${seq}`)).join('');
  return all.join('');
}

test('6,000 mutants of a journal', async () => {
  const { refused, accepted, reasons } = await read(6000, directory.journal, mutatedJournal, () => show(directory));
  expect(refused).toBeGreaterThan(2000);
  expect(accepted).toBeGreaterThan(500);
  expect(reasons).toContain('bad-journal');
});

test("2,000 mutants of a program's journal", async () => {
  const { refused, accepted } = await read(2000, ofProgram.journal, mutatedJournal, () => show(ofProgram));
  expect(refused).toBeGreaterThan(500);
  expect(accepted).toBeGreaterThan(100);
});

test.each([
  ['a prompt', () => directory],
  ['a program', () => ofProgram],
])('2,000 mutants of a record of %s', async (_, run) => {
  const { refused, accepted, reasons } = await read(2000, join(run().path, 'run.json'), mutated, () => show(run()));
  expect(refused).toBeGreaterThan(1000);
  expect(accepted).toBeGreaterThan(100);
  for (const reason of ['bad-file', 'outside-workspace']) expect(reasons).toContain(reason);
});

test('5,000 mutants of a checkpoint', async () => {
  const act = (): void => void readCheckpoint(directory.path);
  const { refused } = await read(5000, join(directory.path, 'checkpoint.json'), mutated, act);
  expect(refused).toBeGreaterThan(1000);
});

test('500 mutants of the decisions', async () => {
  const { refused, accepted } = await read(500, directory.decisions, mutated, () => show(directory));
  expect(refused).toBeGreaterThan(150);
  expect(accepted).toBeGreaterThan(50);
});

test('5,000 mutants of results', async () => {
  const about: MeasuredWith = { at: '2026-01-01T00:00:00.000Z', model: 'nano', metric: 'accuracy', split: 'val' };
  const estimate = { mean: 0.5, low: 0.4, high: 0.6, rows: 9 };
  const difference = { ...estimate, probabilityBetter: 0.9 };
  const change = { line: 2, inputs: { x: 'c' }, gold: 'a', withLine: 'a', withoutLine: 'b' };
  const worth = {
    line: 7,
    text: 'Read it:',
    score: difference,
    logLikelihood: difference,
    kind: 'line',
    tokensSaved: 3,
    changedPredictions: [change],
  } as const;
  writeResults(path, source, {
    evaluation: { ...about, score: estimate, logLikelihood: estimate, reported: [{ metric: 'macro-f1', score: estimate }] },
    lines: { ...about, lines: [worth, { ...worth, kind: 'demonstrations', file: 'intent.prompt.md' }] },
  });
  const { refused, accepted } = await read(5000, join(workspace, '.tandem', 'results', 'intent.json'), mutated, () => {
    const { evaluation, lines: measured } = readResults(path) ?? {};
    if (evaluation) headlineDetail(evaluation);
    const places = source.split('\n').length;
    const annotations = measured ? annotateLines(measured, source, { stale: false, now: 0 }) : [];
    for (const { line } of annotations) expect(line >= 0 && line < places).toBe(true);
  });
  expect(refused).toBeGreaterThan(1000);
  expect(accepted).toBeGreaterThan(200);
});

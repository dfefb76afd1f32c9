/**
 * @file From a folder of prompts to a warm start, and from there to a run that says whether it uses it. Uses the tiny model.
 * @module-tag long
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { JournalLine } from './record/events.ts';
import { learnDefaults, learnStart, promptFilesIn, type LearnedStart } from './learnStart.ts';
import { openSession } from './session.ts';
import { runDefaults, sessionDefaults, type RunSpec } from './spec.ts';
import { startRun } from './startRun.ts';
import { learnedStarts, readWarmStart, warmStartFor } from './warmStarts.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const tinyModel = join(import.meta.dirname, '..', '..', 'test', 'fixtures', 'tiny-tied');
const workspace = mkdtempSync(join(tmpdir(), 'tandem-learn-'));
afterAll(() => rmSync(workspace, { recursive: true, force: true }));

const words = [
  ['red', 'cat'],
  ['green', 'dog'],
  ['blue', 'cow'],
];
const spec: RunSpec = {
  ...runDefaults,
  prompt: join(workspace, 'tasks', '0', 'kind.prompt.md'),
  threads: 1,
  budget: { tokens: 80_000 },
  seed: 1,
  rows: { val: 8 },
};
const learn = { ...sessionDefaults, ...learnDefaults, threads: 1, rank: 2, budget: { tokens: 60_000 } };

let learned: LearnedStart;
const notes: string[] = [];
beforeAll(async () => {
  mkdirSync(join(workspace, '.tandem'));
  words.forEach(([colour, animal], place) => {
    const folder = join(workspace, 'tasks', String(place));
    mkdirSync(folder, { recursive: true });
    const rows = Array.from(
      { length: 60 },
      (_, i) => `{"text":"${i % 2 ? colour : animal} ${i}","kind":"${i % 2 ? 'colour' : 'animal'}"}\n`,
    );
    writeFileSync(join(folder, 'rows.jsonl'), rows.join(''));
    const front = ['data: rows.jsonl', 'output: kind', 'labels: from-data', `model: ${tinyModel}`].map((line) => `  ${line}\n`).join('');
    writeFileSync(join(folder, 'kind.prompt.md'), `---\ntandem:\n${front}---\nName the kind.\n\nText: \${input:text}\nKind:\n`);
  });
  writeFileSync(join(workspace, 'tasks', 'other.prompt.md'), 'A prompt of another tool.\n');
  learned = await learnStart({ ...learn, folders: [join(workspace, 'tasks')] }, { onNote: (note) => notes.push(note) });
});

describe('learning', () => {
  test('takes prompts that have data, at any depth, and names those it leaves out', () => {
    expect(promptFilesIn(join(workspace, 'tasks'))).toHaveLength(4);
    expect(learned.record.tasks).toEqual([0, 1, 2].map((place) => `tasks/${place}/kind.prompt.md`));
    expect(notes.join()).toContain('other.prompt.md');
  });

  test('writes a PEFT adapter, its record and a card to the folder that later runs search', async () => {
    expect(learned.folder.startsWith(join(workspace, '.tandem', 'warm-start'))).toBe(true);
    const { warm, record } = await readWarmStart(learned.folder);
    expect(warm.adapter.config).toMatchObject({ rank: 2, alpha: 4 });
    expect(warm.adapter.pairs.some(({ b }) => b.some((value) => value !== 0))).toBe(true);
    expect(record).toEqual(learned.record);
    expect(readFileSync(join(learned.folder, 'README.md'), 'utf8')).toContain('Reptile');
    expect(existsSync(join(learned.folder, 'adapter_config.json'))).toBe(true);
    expect(existsSync(join(learned.folder, 'soft_prompt', 'adapter_config.json'))).toBe(true);
    expect(warm.adapter.soft).toMatchObject({ tokens: learnDefaults.softTokens, text: '' });
    expect(record.softTokens).toBe(learnDefaults.softTokens);
  });

  test('counts which proposals won, and stays within its budget', () => {
    const { proposers } = learned.record.prior;
    expect(Object.values(proposers).reduce((sum, { tried }) => sum + tried, 0)).toBeGreaterThan(3);
    expect(learned.record.tokensUsed).toBeLessThan(1.2 * learn.budget.tokens);
    expect(learned.record.rounds).toBeGreaterThan(3);
    expect(learned.losses.last).toBeLessThan(learned.losses.first);
  });

  test('needs two tasks', async () => {
    await expect(learnStart({ ...learn, folders: [join(workspace, 'tasks', '0')] })).rejects.toMatchObject({ reason: 'too-few-tasks' });
    await expect(learnStart({ ...learn, folders: [join(workspace, 'nowhere')] })).rejects.toMatchObject({ reason: 'no-folder' });
  });
});

describe('a run', () => {
  test("tries its workspace's learned start, and its journal and report say so", async () => {
    const lines: JournalLine[] = [];
    const { state, directory } = await startRun(spec, { onLine: (line) => lines.push(line) });
    const probe = lines.find((line) => line.type === 'warmStartProbed')!;
    expect(probe).toMatchObject({ from: expect.stringMatching(/^\.tandem\/warm-start\//) as string });
    expect(probe.steps).toBeGreaterThan(0);
    expect(state.warmStart!.helped).toBe(probe.helped);
    expect(readFileSync(directory.report, 'utf8')).toMatch(/(Warm|No warm) start from \.tandem\/warm-start\//);
  });

  test('with a soft prompt also tries the learned one, and its journal and report say so', async () => {
    const lines: JournalLine[] = [];
    const { state, directory } = await startRun({ ...spec, coordinator: 'simultaneous' }, { onLine: (line) => lines.push(line) });
    const probes = lines.filter((line) => line.type === 'warmStartProbed');
    expect(probes.map(({ part }) => part)).toEqual([undefined, 'soft prompt']);
    expect([state.warmStart!.steps, state.warmSoft!.steps]).toEqual(probes.map(({ steps }) => steps));
    expect(state.warmSoft!.steps).toBeGreaterThan(0);
    expect(readFileSync(directory.report, 'utf8')).toMatch(/(Warm|No warm) start of the soft prompt from \.tandem\/warm-start\//);
  });

  test('prefers the first of the learned starts for its model', async () => {
    const session = await openSession(spec);
    const [{ folder, record }] = learnedStarts(session.workspace, session.modelSource);
    expect(folder).toBe(learned.folder);
    expect(record).toEqual(learned.record);
    expect(learnedStarts(join(workspace, 'tasks', '0'), session.modelSource)).toEqual([]);
    await session.dispose();
  });

  test('uses none if told so, if only the prompt may change, and if the workspace is not trusted', async () => {
    const session = await openSession(spec);
    expect((await warmStartFor(session, spec))?.from).toMatch(/warm-start/);
    for (const asked of [
      { warmStart: 'none' },
      { tune: 'prompt' },
      { untrusted: true },
      { untrusted: true, warmStart: learned.folder },
    ] as const)
      expect(await warmStartFor(session, { ...spec, ...asked })).toBeUndefined();
    await session.dispose();
  });

  test('skips a start for another model, and refuses it if it was named', async () => {
    const other = join(workspace, 'other');
    cpSync(learned.folder, other, { recursive: true });
    const file = join(other, 'warm-start.json');
    const record = JSON.parse(readFileSync(file, 'utf8')) as typeof learned.record;
    writeFileSync(file, JSON.stringify({ ...record, model: { name: 'another', fingerprint: 'f00d' } }));
    const session = await openSession(spec);
    await expect(warmStartFor(session, { ...spec, warmStart: other })).rejects.toMatchObject({ reason: 'other-model' });
    await expect(warmStartFor(session, { ...spec, warmStart: join(workspace, 'nowhere') })).rejects.toMatchObject({
      reason: 'no-warm-start',
    });
    await session.dispose();
  });
});

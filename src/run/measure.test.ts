/** @file What a measurement leaves in `.tandem/results/`, and with which model it is made. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { measureLines, measurePrompt } from './measure.ts';
import { keepOneModel } from './worker/modelKeeper.ts';
import { openModel } from './worker/openModel.ts';
import { readAnswers } from './record/answers.ts';
import { hashPrompt, readResults } from './record/results.ts';
import { openSession } from './session.ts';
import { sessionDefaults, type SessionSpec } from './spec.ts';

const tinyModel = join(import.meta.dirname, '..', '..', 'test', 'fixtures', 'tiny-tied');
const temporary = mkdtempSync(join(tmpdir(), 'tandem-measure-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

let workspace: string;
let prompt: string;
let spec: SessionSpec;
const models = keepOneModel(openModel);
afterAll(() => models.dispose());

const writePrompt = (model: string, more = ''): void =>
  writeFileSync(
    prompt,
    `---\ntandem:\n  data: rows.jsonl\n  output: kind\n  labels: [odd, even]\n  model: ${model}\n${more}---\nIs it odd?\n\nText: \${input:text}\nKind:\n`,
  );
beforeEach(() => {
  workspace = mkdtempSync(join(temporary, 'workspace-'));
  prompt = join(workspace, 'kind.prompt.md');
  mkdirSync(join(workspace, '.tandem'));
  const rows = Array.from({ length: 60 }, (_, i) => `{"text": "thing ${i}", "kind": "${i % 2 ? 'odd' : 'even'}"}\n`);
  writeFileSync(join(workspace, 'rows.jsonl'), rows.join(''));
  writePrompt(tinyModel);
  spec = { ...sessionDefaults, prompt, threads: 1 };
});

describe('a prompt', () => {
  test('is kept with its numbers, which belong to its text', async () => {
    const session = await openSession(spec, { models });
    const reports: unknown[][] = [];
    const measured = await measurePrompt(session, 'val', { onBusy: (...words) => reports.push(words) });
    await session.dispose();
    const { textHash, evaluation } = readResults(prompt)!;
    expect(textHash).toBe(hashPrompt(readFileSync(prompt, 'utf8')));
    expect(measured).toMatchObject({ ...evaluation, rows: { length: session.valset.length } });
    expect(evaluation).toMatchObject({ model: 'tiny-tied', metric: 'accuracy', split: 'val', score: { rows: session.valset.length } });
    const what = `Measuring on ${session.valset.length} validation rows`;
    expect(reports).toEqual([[what], [what, 1]]);
  });

  test("has its answers kept row by row, with the prompt's inputs for each row", async () => {
    const session = await openSession(spec, { models });
    const measured = await measurePrompt(session, 'val');
    const { valset } = session;
    await session.dispose();
    const { evaluation, labels, rows, total, textHash } = (await readAnswers(prompt))!;
    expect(readResults(prompt)).toMatchObject({ evaluation, textHash });
    expect([labels, total]).toEqual([['odd', 'even'], valset.length]);
    const inOrder = [...measured.rows].sort((a, b) => a.line - b.line);
    expect(rows).toEqual(
      inOrder.map(({ line, gold, prediction, score, logLikelihood }) => {
        return { line, inputs: { text: `thing ${line - 1}` }, gold, prediction, right: gold === prediction, score, logLikelihood };
      }),
    );
    expect(measured.rows[0].inputs).toEqual({ text: `thing ${measured.rows[0].line - 1}` });
  });

  test('can be measured on some rows without changing the number for all of them, and each result gives the place of its row', async () => {
    const session = await openSession(spec, { models });
    const lines = session.valset.slice(2, 4).map(({ line }) => line);
    const { rows, score } = await measurePrompt(session, 'val', { lines });
    await session.dispose();
    expect(readResults(prompt)).toBeUndefined();
    expect(await readAnswers(prompt)).toBeUndefined();
    expect(score.rows).toBe(2);
    expect(rows.map(({ line, gold }) => [line, gold])).toEqual(lines.map((line) => [line, (line - 1) % 2 ? 'odd' : 'even']));
  });

  test('keeps its old numbers if a measurement is cancelled', async () => {
    const session = await openSession(spec, { models });
    await expect(measurePrompt(session, 'val', { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
    await session.dispose();
    expect(readResults(prompt)).toBeUndefined();
  });
});

test('has its lines kept with their place in the file, the tokens that they cost, and the rows that they change', async () => {
  const session = await openSession(spec, { models });
  const shares: number[] = [];
  const { items } = await measureLines(session, 'val', { onBusy: (_, share) => share !== undefined && shares.push(share) });
  await session.dispose();
  const { evaluation, lines } = readResults(prompt)!;
  expect(evaluation!.at).toBe(lines!.at);
  expect(lines!.lines.map(({ line, text, kind }) => [line, text, kind])).toEqual([
    [8, 'Is it odd?', 'line'],
    [11, 'Kind:', 'line'],
  ]);
  expect(shares).toEqual([0.5, 1]);
  for (const [place, { tokensSaved, changedPredictions }] of lines!.lines.entries()) {
    expect(tokensSaved).toBeGreaterThan(0);
    expect(changedPredictions).toHaveLength(items[place].changedPredictions.length);
    for (const { line, inputs, gold, withLine, withoutLine } of changedPredictions!) {
      expect(inputs).toEqual({ text: `thing ${line - 1}` });
      expect(gold).toBe((line - 1) % 2 ? 'odd' : 'even');
      expect([withLine, withoutLine].sort()).toEqual(['even', 'odd']);
    }
  }
});

test('a text has the same hash with and without BOM and with either line ending, and another hash if a letter differs', () => {
  const hash = hashPrompt('one\ntwo\n');
  expect([hashPrompt('\uFEFFone\ntwo\n'), hashPrompt('one\r\ntwo\r\n')]).toEqual([hash, hash]);
  expect(hashPrompt('one\nTwo\n')).not.toBe(hash);
});

describe('the kept model', () => {
  test('is the same for the same path, and is reloaded after it was replaced', async () => {
    const copy = join(workspace, 'model');
    cpSync(tinyModel, copy, { recursive: true });
    const first = await models.open(copy, 'onnxruntime', 1);
    expect(await models.open(copy, 'onnxruntime', 1)).toBe(first);
    utimesSync(copy, new Date(), new Date(Date.now() + 5000));
    expect(await models.open(copy, 'onnxruntime', 1)).not.toBe(first);
  });

  test('outlives the sessions that use it', async () => {
    for (const _ of [1, 2]) {
      const session = await openSession(spec, { models });
      expect(session.model).toBe(await models.open(tinyModel, 'onnxruntime', 1, spec.weights));
      await session.dispose();
    }
    const session = await openSession(spec, { models });
    await expect(session.evaluator.predict({ prompt: session.file.prompt }, { text: 'thing 1' })).resolves.toHaveProperty('text');
    await session.dispose();
  });
});

describe('in a workspace that is not trusted', () => {
  test('no model and no adapter that the prompt file names is loaded', async () => {
    const untrusted = { ...spec, untrusted: true } as const;
    await expect(openSession(untrusted)).rejects.toMatchObject({ reason: 'untrusted-workspace', where: { line: 6 } });
    writePrompt('nano', '  adapter: adapter\n');
    await expect(openSession(untrusted)).rejects.toMatchObject({ reason: 'untrusted-workspace', where: { line: 7 } });
  });

  test("a folder with the embedded model's name is not mistaken for it", { tags: 'long' }, async () => {
    cpSync(tinyModel, join(workspace, 'nano'), { recursive: true });
    writePrompt('nano');
    const source = async (untrusted?: true): Promise<string> => {
      const session = await openSession({ ...spec, ...(untrusted && { untrusted }) }, { models });
      await session.dispose();
      return session.modelSource;
    };
    const embedded = join(import.meta.dirname, '..', '..', 'models', 'nano', 'nano.gguf');
    expect([await source(), await source(true)]).toEqual([embedded, embedded]);
    writePrompt('./nano');
    expect(await source()).toBe(join(workspace, 'nano'));
  });
});

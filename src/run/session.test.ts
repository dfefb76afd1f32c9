/** @file What a run's LoRA options lead to, for new adapters and for one that the prompt file already has. */
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LoraConfig } from '../model/adapter.ts';
import { loadModelFiles } from '../model/files/modelFiles.ts';
import { metricNamed } from '../evaluate/metrics/table.ts';
import { textIn } from '../prompt/values.ts';
import { defaultLora } from '../optimize/loraTrainer.ts';
import { measurePrompt } from './measure.ts';
import { readResults } from './record/results.ts';
import { createRun, listRuns, noteResumed, readRecord } from './record/runDirectory.ts';
import { openOptimizer, type Optimizer } from './optimizer.ts';
import { openSession, type Session } from './session.ts';
import { runDefaults, type RunSpec } from './spec.ts';
import { startRun } from './startRun.ts';

const tinyModel = join(import.meta.dirname, '..', '..', 'test', 'fixtures', 'tiny-tied');
/** Of rank 4 with alpha 8, on all linears. */
const tinyAdapter = join(tinyModel, 'adapter');
const temporary = mkdtempSync(join(tmpdir(), 'tandem-session-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

let spec: RunSpec;
const sessions: Session[] = [];
beforeEach(() => {
  const workspace = mkdtempSync(join(temporary, 'workspace-'));
  mkdirSync(join(workspace, '.tandem'));
  const rows = Array.from({ length: 40 }, (_, i) => `{"text": "thing ${i}", "kind": "${i % 2 ? 'odd' : 'even'}"}\n`);
  writeFileSync(join(workspace, 'rows.jsonl'), rows.join(''));
  const front = ['data: rows.jsonl', 'output: kind', 'labels: from-data', `model: ${tinyModel}`].map((line) => `  ${line}\n`).join('');
  writeFileSync(join(workspace, 'kind.prompt.md'), `---\ntandem:\n${front}---\nText: \${input:text}\nKind:\n`);
  spec = { ...runDefaults, prompt: join(workspace, 'kind.prompt.md'), threads: 1 };
});
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.dispose();
});

const open = async (lora?: Partial<LoraConfig>, more: Partial<RunSpec> = {}): Promise<{ session: Session; optimizer: Optimizer }> => {
  const asked = { ...spec, ...more, ...(lora && { lora }) };
  const session = await openSession(asked);
  sessions.push(session);
  return { session, optimizer: openOptimizer(session, asked) };
};

describe('a new adapter', () => {
  test('is the default if nothing is requested, otherwise as requested', async () => {
    const { optimizer } = await open();
    expect(optimizer.trainer.fresh(0).config).toEqual(defaultLora);
    const asked = await open({ rank: 3, targets: ['q_proj', 'v_proj'] });
    expect(asked.optimizer.trainer.fresh(0).config).toEqual({ ...defaultLora, rank: 3, targets: ['q_proj', 'v_proj'] });
    expect(asked.optimizer.notices).toEqual([]);
  });

  test('next to an existing one has the same shape, except for what is requested', async () => {
    const { session, optimizer } = await open(undefined, { adapter: tinyAdapter });
    expect(optimizer.trainer.fresh(0).config).toEqual(session.adapter!.config);
    const asked = await open({ rank: 2 }, { adapter: tinyAdapter });
    expect(asked.optimizer.trainer.fresh(0).config).toEqual({ ...session.adapter!.config, rank: 2 });
  });
});

describe('an existing adapter', () => {
  test('keeps its shape when training continues, with a notice if another was requested', async () => {
    const { session, optimizer } = await open({ rank: 2, dropout: 0.1 }, { adapter: tinyAdapter });
    const { trainer, notices } = optimizer;
    const training = trainer.start(session.adapter!, { seed: 0, weightPenalty: 0 });
    await training.step([trainer.example(session.file.prompt, session.trainset[0])], 1e-3);
    expect(training.adapter().config).toEqual({ ...session.adapter!.config, dropout: 0.1 });
    expect(notices).toEqual([
      expect.stringMatching(
        /continues from the adapter \w+ with its own settings \(rank 4, alpha 8, .*Your LoRA options \(rank 2, dropout 0\.1\)/,
      ),
    ]);
  });

  test('brings no notice if it already is as requested, or only dropout differs', async () => {
    expect((await open({ rank: 4, alpha: 8 }, { adapter: tinyAdapter })).optimizer.notices).toEqual([]);
    expect((await open({ dropout: 0.2 }, { adapter: tinyAdapter })).optimizer.notices).toEqual([]);
  });
});

test('brings a notice that LoRA options have no effect if only the prompt may change', async () => {
  const { optimizer } = await open({ rank: 2 }, { tune: 'prompt' });
  expect(optimizer.notices).toEqual([expect.stringContaining('(rank 2) have no effect')]);
});

test('the request is in run.json, so that a resumed run makes the same one. Without a request there is no entry', () => {
  const facts = { source: '', data: {} };
  const directory = createRun({ ...spec, lora: { rank: 2, targets: ['q_proj'] } }, facts);
  noteResumed(directory);
  expect(readRecord(directory).spec.lora).toEqual({ rank: 2, targets: ['q_proj'] });
  expect(readRecord(createRun(spec, facts)).spec).not.toHaveProperty('lora');
});

test('a run has the requested options in its config and its report. Impossible options are refused before a run is created', async () => {
  const asked = { ...spec, budget: { tokens: 1000 }, lora: { rank: 2 } };
  await expect(startRun({ ...asked, lora: { rank: 0 } })).rejects.toMatchObject({ reason: 'bad-lora' });
  expect(listRuns(join(spec.prompt, '..'))).toEqual([]);
  const { state, directory } = await startRun(asked);
  expect(state.config).toMatchObject({ lora: { rank: 2 } });
  expect(readFileSync(directory.report, 'utf8')).toContain('| requested LoRA | rank 2 |');
  expect((await startRun({ ...spec, budget: { tokens: 1000 } })).state.config).not.toHaveProperty('lora');
});

describe('metrics that are modules', () => {
  const withMetric = (metric: string): void => {
    const text = readFileSync(spec.prompt, 'utf8')
      .replace(/ {2}metric: .*\n/, '')
      .replace('  labels: from-data\n', `  labels: from-data\n  metric: ${metric}\n`);
    writeFileSync(spec.prompt, text);
    writeFileSync(
      join(spec.prompt, '..', 'own.mjs'),
      'export default (row, output) => (row.text.length > 0 && output === row.kind ? 1 : 0.5);',
    );
  };

  test('are not run unless that is allowed, and never in a workspace that is not trusted', async () => {
    withMetric('[accuracy, ./own.mjs]');
    const where = { file: spec.prompt, line: 6, column: 11 };
    await expect(openSession(spec)).rejects.toMatchObject({ reason: 'module-not-allowed', where });
    writeFileSync(spec.prompt, readFileSync(spec.prompt, 'utf8').replace(/ {2}model: .*\n/, ''));
    await expect(openSession({ ...spec, allowModules: true, untrusted: true })).rejects.toMatchObject({ reason: 'module-not-allowed' });
  });

  test('decide or are reported like any metric, and the permission to run them is not stored with a run', async () => {
    withMetric('[accuracy, ./own.mjs]');
    const asked = { ...spec, allowModules: true, budget: { tokens: 1000 } } as const;
    const { directory, state } = await startRun(asked);
    const [reported] = state.attribution!.reported!;
    const [before] = state.attribution!.cells;
    expect(reported.metric).toBe('./own.mjs');
    expect(reported.before.mean).toBeCloseTo(0.5 + before.score.mean / 2, 12);
    expect(readRecord(directory)).toMatchObject({ data: { 'own.mjs': expect.any(String) as string } });
    expect(readRecord(directory).spec).not.toHaveProperty('allowModules');
    expect(readFileSync(directory.report, 'utf8')).toMatch(/\| test, \.\/own\.mjs +\| /);
    withMetric('./own.mjs');
    const session = await openSession(asked);
    sessions.push(session);
    expect(session.evaluator.task.metric.name).toBe('./own.mjs');
  });
});

test('labels that disagree with the data bring a notice that names file, line and column', async () => {
  const text = readFileSync(spec.prompt, 'utf8').replace('labels: from-data', 'labels: [odd, evn]');
  writeFileSync(spec.prompt, text);
  const { session } = await open();
  expect(session.notices).toEqual([
    expect.stringMatching(
      /^kind\.prompt\.md:5:17: None of the \d+ training and validation rows has the answer "evn"\. Did you mean "even"\?$/,
    ),
    expect.stringMatching(
      /^kind\.prompt\.md:5:11: \d+ of \d+ training and validation rows have answers that `labels` does not list: "even" \(/,
    ),
    expect.stringMatching(/^\d+ test rows have answers that are not among the labels and can never be right\.$/),
  ]);
});

describe('free text', () => {
  const asText = (decoding = ''): void =>
    writeFileSync(spec.prompt, readFileSync(spec.prompt, 'utf8').replace('  labels: from-data\n', `  metric: token-f1\n${decoding}`));
  const withBody = (paragraphs: string): void =>
    writeFileSync(
      join(dirname(spec.prompt), 'rows.jsonl'),
      Array.from({ length: 40 }, (_, i) => `${JSON.stringify({ text: `thing ${i}`, kind: `fix: ${i}\n\n${paragraphs}` })}\n`).join(''),
    );

  test('ends where the training answers do not', async () => {
    asText();
    expect((await open()).session.answerEnds).toEqual([{ maxTokens: 64, stop: ['\n\n'] }]);
    withBody('Why: asked for. '.repeat(6));
    const { session } = await open();
    const [ends] = session.answerEnds;
    const tokens = Math.max(...session.trainset.map(({ values }) => session.model.texts.countAnswer(` ${textIn(values, 'kind')}`)));
    expect(ends!.stop).toEqual(['\n\n\n']);
    expect(ends!.maxTokens).toBeGreaterThan(Math.max(64, 1.25 * tokens));
    expect(session.evaluator.task.decoding).toMatchObject(ends!);
    expect(session.notices).toEqual([]);
  });

  test('that the prompt file cuts brings a notice with the place, and an evaluation counts the cut answers', async () => {
    asText('  decoding: {maxTokens: 5, stop: "\\n\\n"}\n');
    withBody('Why: asked for.');
    const { session } = await open();
    expect(session.notices).toEqual([
      expect.stringMatching(/^kind\.prompt\.md:6:34: (\d+) of \1 training answers contain "\\n\\n"\. `decoding\.stop` ends/),
      expect.stringMatching(
        /^kind\.prompt\.md:6:25: (\d+) of \1 training answers are longer than 5 tokens, the limit in `decoding\.maxTokens`\. .* Without it the limit is 64\.$/,
      ),
    ]);
    const measured = await measurePrompt(session, 'val');
    const { length } = session.valset;
    expect(measured.cuts).toEqual([{ by: 'length', answers: length, of: length, tokens: 5, outOfReach: length }]);
    expect(readResults(spec.prompt)!.evaluation!.cuts).toEqual(measured.cuts);
  });

  test('a trained answer ends with the end of a generated one, and contains no stop text', async () => {
    asText();
    withBody('Why: asked for.');
    const { session, optimizer } = await open();
    const { tokenizer } = await loadModelFiles(tinyModel);
    for (const row of session.trainset) {
      const { answer } = optimizer.trainer.example(session.file.prompt, row);
      expect(tokenizer.endTokens).toContain(answer.at(-1));
      const text = tokenizer.decode(answer, { skipSpecial: true });
      expect(text.trim()).toBe(textIn(row.values, 'kind'));
      expect(session.evaluator.task.decoding.stop.filter((stop) => text.includes(stop))).toEqual([]);
    }
  });

  test('a run stores how it ends, and continues with that', { tags: 'long' }, async () => {
    asText();
    withBody('Why: asked for.');
    const { state, directory } = await startRun({ ...spec, budget: { tokens: 4000 }, tune: 'prompt', rows: { val: 4, test: 4 } });
    const ends = [{ maxTokens: 64, stop: ['\n\n\n'] }];
    expect(state.config!.answerEnds).toEqual(ends);
    expect(readFileSync(directory.report, 'utf8')).toContain('| answers | up to 64 tokens, ended by ');
    const former = await openSession(spec, { answerEnds: [{ maxTokens: 7, stop: ['x'] }] });
    const before = await openSession(spec, { answerEnds: 'as-ever' });
    sessions.push(former, before);
    expect([former.answerEnds, before.answerEnds]).toEqual([[{ maxTokens: 7, stop: ['x'] }], [{ maxTokens: 64, stop: ['\n\n'] }]]);
  });
});

test('sealed rows that no label fits are counted without being opened', async () => {
  const folder = dirname(spec.prompt);
  writeFileSync(join(folder, 'test.jsonl'), '{"text": "a", "kind": "odd"}\n{"text": "b", "kind": "none"}\n');
  writeFileSync(spec.prompt, readFileSync(spec.prompt, 'utf8').replace('data: rows.jsonl', 'data: {train: rows.jsonl, test: test.jsonl}'));
  const { session } = await open();
  expect(session.notices).toEqual(['1 test row has an answer that is not among the labels and can never be right.']);
});

test('on request, bad rows are left out, with a notice that names them', async () => {
  writeFileSync(join(spec.prompt, '..', 'rows.jsonl'), '{"text": \n', { flag: 'a' });
  await expect(openSession(spec)).rejects.toMatchObject({ reason: 'bad-row', where: { line: 41 } });
  const session = await openSession({ ...spec, skipBadRows: true });
  sessions.push(session);
  expect(session.notices).toEqual([expect.stringMatching(/^Skipped 1 bad row: rows\.jsonl:41: Not valid JSON/)]);
});

test(
  'with hundreds of rows, a run measures as many as its budget pays for, from its start to its sealed test',
  { tags: 'long' },
  async () => {
    const rows = Array.from({ length: 1300 }, (_, i) => `{"text": "thing ${i}", "kind": "${i % 2 ? 'odd' : 'even'}"}\n`);
    writeFileSync(join(dirname(spec.prompt), 'rows.jsonl'), rows.join(''));
    const { state } = await startRun({ ...spec, budget: { tokens: 8000 }, tune: 'weights' });
    expect(state.notices).toEqual([expect.stringMatching(/^The run measures 80 of 2\d\d validation rows and 200 of 2\d\d test rows, /)]);
    expect(state.config!.splits).toMatchObject({ val: 80, test: 200 });
    expect([state.start!.score.rows, state.testRows, state.attribution!.answers!.length]).toEqual([80, 200, 200]);
    const asked = await startRun({ ...spec, budget: { tokens: 25_000 }, tune: 'weights', rows: { val: 210, test: 0 } });
    expect([asked.state.notices, asked.state.start!.score.rows, asked.state.attribution]).toEqual([[], 210, undefined]);
  },
);

describe("a row that is longer than the model's context", () => {
  /** Tokens of a few bytes each. The tiny model reads 256. */
  const words = (count: number): string => Array.from({ length: count }, (_, i) => `word${i % 10}`).join(' ');
  const data = (): string => join(dirname(spec.prompt), 'rows.jsonl');
  const add = (...texts: string[]): void => {
    for (const text of texts) appendFileSync(data(), `{"text": "${text}", "kind": "odd"}\n`);
  };

  test('is named by its line before anything is computed, as are others like it in every split', async () => {
    add(words(300), 'short enough', words(301), words(302));
    await expect(open()).rejects.toMatchObject({
      reason: 'too-long',
      message: expect.stringMatching(/^With this row, prompt and answer have \d{3,} tokens, but tiny-tied reads at most 256\.$/) as string,
      where: { file: data(), line: expect.toSatisfy((line: number) => [41, 43, 44].includes(line)) as number },
      hint: expect.stringMatching(
        /^Shorten or remove the row.* Also bad: lines 4\d, 4\d\. To skip bad rows, use --skip-bad-rows/,
      ) as string,
    });
  });

  test('is left out on request, in the sealed split too, and all others stay in their splits', async () => {
    const sizes = ({ trainset, valset, testSize }: Session): number[] => [trainset.length, valset.length, testSize];
    const { session: before } = await open();
    add(...Array.from({ length: 12 }, (_, i) => words(300 + i)));
    const { session } = await open(undefined, { skipBadRows: true });
    expect(sizes(session)).toEqual(sizes(before));
    expect(session.openTest('a test')).toEqual(before.openTest('a test'));
    expect(session.notices).toEqual([
      expect.stringMatching(/^Skipped 12 bad rows: rows\.jsonl:\d+: With this row, prompt and answer have .*; and 9 more\.$/),
    ]);
  });

  test('is also reported if a sample value that is the same in every row makes it long', async () => {
    const front = ['data: rows.jsonl', 'output: kind', 'labels: from-data', `model: ${tinyModel}`].map((line) => `  ${line}\n`).join('');
    spec = { ...spec, prompt: join(dirname(spec.prompt), 'kind.prompty') };
    const withTone = (tone: string): void =>
      writeFileSync(spec.prompt, `---\ntandem:\n${front}sample: {tone: ${tone}}\n---\nuser:\nBe {{ tone }}.\nText: {{ text }}\nKind:\n`);
    withTone('short');
    expect((await open()).session.trainset[0].values.tone).toBe('short');
    withTone(words(300));
    await expect(open()).rejects.toMatchObject({ reason: 'too-long', where: { file: data() } });
  });

  test('stays if it just fits. If a prompt is too long by itself, no row is to blame', async () => {
    add('x '.repeat(60));
    expect((await open()).session.notices).toEqual([]);
    writeFileSync(spec.prompt, readFileSync(spec.prompt, 'utf8').replace('Text:', `${words(300)}\nText:`));
    const { session } = await open();
    await expect(session.evaluator.evaluate({ prompt: session.file.prompt }, session.valset)).rejects.toMatchObject({
      reason: 'too-long',
      message: expect.not.stringContaining('row') as string,
    });
  });
});

test('macro-f1 is measured, and its test answers are in the journal', { tags: 'long' }, async () => {
  writeFileSync(
    spec.prompt,
    readFileSync(spec.prompt, 'utf8').replace('  labels: from-data\n', '  labels: from-data\n  metric: macro-f1\n'),
  );
  const { state } = await startRun({ ...spec, budget: { tokens: 20_000 } });
  const { answers, cells, total } = state.attribution!;
  expect(answers).toHaveLength(cells[0].score.rows);
  const measured = (which: 'before' | 'after'): number => {
    const rows = answers!.map((answer) => ({ prediction: answer[which].prediction, gold: answer.gold }));
    return metricNamed('macro-f1').corpus!(rows)(new Float64Array(rows.length).fill(1));
  };
  expect(measured('before')).toBeCloseTo(cells[0].score.mean, 12);
  expect(measured('after')).toBeCloseTo(cells[3].score.mean, 12);
  expect(total.mean).toBeCloseTo(measured('after') - measured('before'), 12);
});

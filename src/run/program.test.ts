/**
 * @file A program from the file to the accepted result: measured, optimized as a whole, written into each file that changed.
 * @module-tag long
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { stepsOf, type Prompt } from '../prompt/prompt.ts';
import type { MeasuredState } from '../optimize/events.ts';
import { accept, proposalsOf } from './accept.ts';
import { measureLines, measurePrompt } from './measure.ts';
import { listRows } from './measuredRows.ts';
import { loadAdapter, saveAdapter } from '../model/files/peft.ts';
import { stepAdapters } from '../model/stepAdapters.ts';
import { coordinatorNotices } from './coordinators.ts';
import { exportAdapter } from './exportAdapter.ts';
import { sessionPreflight } from './preflight.ts';
import { hashPrompt, programText, readResults } from './record/results.ts';
import { reviewItems } from './review.ts';
import { createRun, readRecord } from './record/runDirectory.ts';
import { openOptimizer } from './optimizer.ts';
import { openSession } from './session.ts';
import { runDefaults, type RunSpec } from './spec.ts';
import { startRun } from './startRun.ts';
import type { RunState } from './record/state.ts';

vi.setConfig({ testTimeout: 60_000 });

const tinyModel = join(import.meta.dirname, '..', '..', 'test', 'fixtures', 'tiny-tied');
const temporary = mkdtempSync(join(tmpdir(), 'tandem-program-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const files = {
  'tandem.program.yaml': `# mine\r\ndata: rows.jsonl\r\nmodel: ${tinyModel}\r\nsteps:\r\n  - {prompt: hint.prompty, output: hint}   # first\r\n  - {prompt: kind.prompt.md, output: kind}\r\n`,
  'hint.prompty':
    '---\nname: Hint\ntandem:\n  labels: [one, two]\nsample: {tone: short}\n---\nsystem:\nBe {{ tone }}.\n\nuser:\nText: {{ text }}\nHint:\n',
  'kind.prompt.md': '\uFEFF---\ntandem:\n  labels: from-data\n---\nSay what it is.\n\nHint: ${input:hint}\nText: ${input:text}\nKind:\n',
};
type Name = keyof typeof files;

let workspace: string;
let spec: RunSpec;
const at = (name: string): string => join(workspace, name);
const read = (name: string): string => readFileSync(at(name), 'utf8');
beforeEach(() => {
  workspace = mkdtempSync(join(temporary, 'workspace-'));
  mkdirSync(at('.tandem'));
  const words = ['red', 'cat', 'green', 'dog'];
  const rows = Array.from({ length: 80 }, (_, i) =>
    JSON.stringify({ text: `${words[i % 4]} number ${i}`, kind: i % 2 ? 'animal' : 'colour' }),
  );
  writeFileSync(at('rows.jsonl'), rows.join('\n'));
  for (const [name, text] of Object.entries(files)) writeFileSync(at(name), text);
  spec = { ...runDefaults, prompt: at('tandem.program.yaml'), threads: 1, budget: { tokens: 30_000 } };
});

describe('measuring', () => {
  test('counts all steps, and samples fill columns that the data lacks', async () => {
    const session = await openSession(spec);
    try {
      expect(session.valset[0].values.tone).toBe('short');
      const measured = await measurePrompt(session, 'val');
      expect(measured.rows).toHaveLength(session.valset.length);
      for (const { prediction } of measured.rows) expect(['animal', 'colour']).toContain(prediction);
      const kept = readResults(spec.prompt)!.textHash;
      expect(kept).toBe(hashPrompt(programText(session.program!)));
      const { file, steps } = session.program!;
      expect(kept).not.toBe(hashPrompt(programText({ file, steps: [{ ...steps[0], text: 'another' }, steps[1]] })));
      const { lines, evaluation } = await measureLines(session, 'val');
      expect(lines.map(({ file, line, text }) => [file, line, text])).toEqual([
        ['hint.prompty', 12, 'Hint:'],
        ['kind.prompt.md', 5, 'Say what it is.'],
        ['kind.prompt.md', 9, 'Kind:'],
      ]);
      expect(evaluation.score).toEqual(measured.score);
      expect(readResults(spec.prompt)!.lines!.lines).toEqual(lines);
      expect(() => openOptimizer(session, { ...spec, coordinator: 'alternating' })).toThrow(
        expect.objectContaining({ reason: 'not-for-programs' }),
      );
      expect(openOptimizer(session, spec).coordinatorName).toBe('coordinate');
    } finally {
      await session.dispose();
    }
  });

  test('its preflight covers all steps together', async () => {
    const session = await openSession(spec);
    try {
      const { now, targets } = await sessionPreflight(session, spec);
      expect(now.score.rows).toBe(Math.min(24, session.valset.length));
      expect(targets.map(({ target, tried }) => [target, tried > 0])).toEqual([
        ['weights', true],
        ['prompt', true],
      ]);
    } finally {
      await session.dispose();
    }
  });

  test('its rows are listed by the inputs of its steps', async () => {
    const [val] = await listRows(spec, { most: 3 });
    expect(val.rows[0].text).toMatch(/number \d+/);
  });

  test.each([
    ['hint.prompty', '{{ text }}', '{{ txt }}', { file: 'hint.prompty', line: 11 }, 'bad-prompt-file'],
    ['hint.prompty', 'labels: [one, two]', 'labels: from-data', { file: 'hint.prompty', line: 4 }, 'no-output'],
    ['kind.prompt.md', '${input:hint}', '${input:hind}', { file: 'kind.prompt.md', line: 7 }, 'bad-prompt-file'],
    ['tandem.program.yaml', 'output: kind', 'output: kinds', { file: 'tandem.program.yaml', line: 6 }, 'bad-prompt-file'],
  ] as const)('%s: %s -> %s is named with its place', async (name, from, to, where, reason) => {
    writeFileSync(at(name), files[name].replace(from, to));
    const thrown = await openSession(spec).catch((error: unknown) => error);
    const expected = reason === 'bad-prompt-file' && name === 'tandem.program.yaml' ? ['bad-prompt-file', 'missing-output'] : [reason];
    expect(expected).toContain((thrown as { reason: string }).reason);
    if ((thrown as { reason: string }).reason === reason) expect(thrown).toMatchObject({ where: { ...where, file: at(where.file) } });
  });
});

test('a run names its blocks, keeps its original texts, and writes candidates step by step', async () => {
  const blocks: string[] = [];
  const { directory, state } = await startRun(spec, {
    onLine: (line) => line.type === 'phaseStarted' && line.block !== undefined && blocks.push(line.block),
  });
  expect(blocks.slice(0, 2)).toEqual(['decoding', 'adapter']);
  expect(state.phases[0].block).toBe('decoding');
  expect(state.config?.coordinator).toBe('coordinate');
  expect(state.attribution?.cells).toHaveLength(4);
  const record = readRecord(directory);
  expect(record.sources).toEqual({ [at('hint.prompty')]: files['hint.prompty'], [at('kind.prompt.md')]: files['kind.prompt.md'] });
  expect(readFileSync(join(directory.path, 'run.json'), 'utf8')).not.toContain(`${workspace}/hint`);
  const names = readdirSync(directory.candidates);
  expect(names).toEqual(expect.arrayContaining(['1.1.hint.prompty', '1.1.kind.prompt.md']));
  expect(readFileSync(directory.report, 'utf8')).toContain('| 1 | decoding |');
});

describe('with an adapter for each step', () => {
  const perStep = (): RunSpec => ({ ...spec, tune: 'weights', adapters: 'per-step', lora: { rank: 4 }, budget: { tokens: 300_000 } });

  test('a run keeps them, and they are accepted, measured with the same result, and exported', async () => {
    const { directory, state } = await startRun(perStep());
    expect(state.phases.slice(0, 2).map(({ block }) => block)).toEqual(['adapter of kind', 'adapter of hint']);
    const id = state.best!.adapter!;
    expect(id).toBeDefined();
    expect(existsSync(join(directory.adapters, id, 'step-2', 'adapter_model.safetensors'))).toBe(true);
    expect(readFileSync(directory.report, 'utf8')).toContain('| adapters | one per step |');
    accept(proposalsOf(directory, state));
    const pointer = /adapter: "(.+)"/.exec(read('tandem.program.yaml'))![1];
    expect(existsSync(at(`${pointer}/tandem_steps.json`))).toBe(true);
    const session = await openSession(spec);
    try {
      expect(session.adapter!.id).toBe(id);
      const { logLikelihood } = await session.evaluator.evaluate({ prompt: session.file.prompt, adapter: session.adapter }, session.valset);
      expect(logLikelihood!.mean).toBeCloseTo(state.best!.logLikelihood!.mean, 4);
      const { now, targets } = await sessionPreflight(session, spec);
      expect([now.score.rows, ...targets.map(({ target }) => target)]).toEqual([session.valset.length, 'weights', 'prompt']);
      // A later run keeps them, whatever its options.
      const { notices, coordinatorName } = openOptimizer(session, { ...spec, adapters: 'shared' });
      expect([coordinatorName, notices.join()]).toEqual(['coordinate', `The adapter ${id} has one part per step. All of them are kept.`]);
    } finally {
      await session.dispose();
    }
    const peft = await exportAdapter({ source: directory.run, format: 'peft', cwd: workspace });
    expect((await loadAdapter(peft.path)).id).toBe(id);
    expect(peft.steps).toContain(join(peft.path, 'step-2'));
    const gguf = await exportAdapter({ source: at('tandem.program.yaml'), format: 'gguf-lora', cwd: workspace });
    expect(gguf.steps!.every((file) => existsSync(file))).toBe(true);
    expect(readdirSync(gguf.path)).toContain('step-2.gguf');
    const ollama = await exportAdapter({ source: peft.path, format: 'ollama', model: tinyModel, cwd: workspace });
    expect(readFileSync(join(ollama.path, 'step-2', 'Modelfile'), 'utf8')).toContain('FROM ./model');
  });

  test('they cannot be used for a single prompt', async () => {
    await saveAdapter(at('apart'), stepAdapters([undefined, undefined, undefined]), { baseModel: tinyModel });
    await expect(openSession({ ...spec, adapter: at('apart') })).rejects.toMatchObject({
      reason: 'adapter-mismatch',
      message: 'The adapter belongs to a program with 3 steps, but this one has 2 steps.',
      where: { file: at('apart') },
    });
  });

  test('a prompt has one adapter, and its run says so', () => {
    expect(coordinatorNotices('coordinate', { ...spec, adapters: 'per-step' }, 1).join()).toMatch(/This run has one adapter/);
    expect(coordinatorNotices('coordinate', { ...spec, adapters: 'per-step' }, 2)).toEqual([]);
  });
});

/** A run that ended with this prompt and adapter. */
function ended(change: (steps: Prompt[]) => Prompt[], adapter?: string): { directory: ReturnType<typeof createRun>; state: RunState } {
  const sources = Object.fromEntries((['hint.prompty', 'kind.prompt.md'] as const).map((name) => [at(name), read(name)]));
  const directory = createRun(spec, { source: read('tandem.program.yaml'), sources, data: {} });
  if (adapter) {
    mkdirSync(join(directory.adapters, adapter));
    writeFileSync(join(directory.adapters, adapter, 'adapter_config.json'), '{}');
  }
  const body = (name: Name): string => files[name].slice(files[name].lastIndexOf('---\n') + 4);
  const steps: Prompt[] = [
    { body: body('hint.prompty'), demonstrations: [], syntax: 'jinja' },
    { body: body('kind.prompt.md'), demonstrations: [] },
  ];
  const asPrompt = ([first, last]: Prompt[]): Prompt => ({ ...last, earlier: [first] });
  const start = { candidate: '0.0', prompt: asPrompt(steps) } as MeasuredState;
  const best = { candidate: '2.1', prompt: asPrompt(change(steps)), ...(adapter && { adapter }) } as MeasuredState;
  expect(stepsOf(best.prompt)).toHaveLength(2);
  return { directory, state: { start, best } as unknown as RunState };
}

describe('accepting', () => {
  const demonstrations = [{ inputs: { text: 'a' }, output: 'one' }];

  test('writes each file that changed, and changes nothing else in it', () => {
    const { directory, state } = ended(
      ([first, last]) => [
        { ...first, demonstrations },
        { ...last, body: last.body.replace('Say what', 'Tell what'), decoding: { normalize: 'sum' } },
      ],
      'abcdef0123456789',
    );
    const proposals = proposalsOf(directory, state);
    const { written } = accept(proposals);
    expect(written).toEqual([
      at('tandem.program.yaml'),
      at('hint.prompty'),
      at('kind.prompt.md'),
      at('.tandem/adapters/tandem.program-abcdef01'),
    ]);
    expect(read('tandem.program.yaml')).toBe(`${files['tandem.program.yaml']}adapter: ".tandem/adapters/tandem.program-abcdef01"\r\n`);
    expect(read('hint.prompty')).toBe(
      files['hint.prompty'].replace('[one, two]\n', '[one, two]\n  output: hint\n  demos:\n    - text: a\n      hint: one\n'),
    );
    expect(read('kind.prompt.md')).toBe(
      files['kind.prompt.md'].replace('from-data\n', 'from-data\n  decoding:\n    normalize: sum\n').replace('Say what', 'Tell what'),
    );
    expect(accept(proposals)).toEqual({ written: [], leftOut: 0 });
  });

  test('leaves out what was rejected, step by step', () => {
    const { directory, state } = ended(([first, last]) => [
      { ...first, demonstrations },
      { ...last, body: last.body.replace('Say what', 'Tell what').replace('Kind:', 'Its kind:') },
    ]);
    const proposals = proposalsOf(directory, state);
    expect(proposals.flatMap((proposal) => reviewItems(proposal, read(basename(proposal.file))).map(({ id }) => id))).toEqual([
      '1.1',
      '2.1',
      '2.2',
    ]);
    expect(accept(proposals, ['1.1', '2.2'])).toEqual({ written: [at('kind.prompt.md')], leftOut: 2 });
    expect(read('kind.prompt.md')).toBe(files['kind.prompt.md'].replace('Say what', 'Tell what'));
  });

  test('changes a file that two steps share for both or not at all', () => {
    writeFileSync(at('tandem.program.yaml'), files['tandem.program.yaml'].replace('kind.prompt.md', 'hint.prompty'));
    const { directory, state } = ended(([first]) => [{ ...first, demonstrations }, first]);
    expect(() => proposalsOf(directory, state)).toThrow(expect.objectContaining({ reason: 'cannot-rewrite' }));
  });

  test('leaves unchanged files alone', () => {
    const { directory, state } = ended(([first, last]) => [first, { ...last, body: 'New ${input:text}\n' }]);
    expect(accept(proposalsOf(directory, state)).written).toEqual([at('kind.prompt.md')]);
  });

  test('writes nothing at all if one file was changed on the same lines', () => {
    const { directory, state } = ended(([first, last]) => [
      { ...first, demonstrations },
      { ...last, body: last.body.replace('Say', 'Tell') },
    ]);
    const proposals = proposalsOf(directory, state);
    writeFileSync(at('kind.prompt.md'), files['kind.prompt.md'].replace('Say', 'Mumble'));
    expect(() => accept(proposals)).toThrow(
      expect.objectContaining({ reason: 'file-changed', where: { file: at('kind.prompt.md'), line: 5 } }),
    );
    expect(read('hint.prompty')).toBe(files['hint.prompty']);
  });
});

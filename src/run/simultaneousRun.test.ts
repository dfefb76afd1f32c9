/**
 * @file A simultaneous run on disk: killed and resumed, stopped while it uses its soft prompt, accepted, and reported.
 * @module-tag long
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { accept, proposalOf } from './accept.ts';
import { eventText } from './words/eventText.ts';
import { readJournal } from './record/journal.ts';
import { readState, type RunDirectory } from './record/runDirectory.ts';
import { openOptimizer } from './optimizer.ts';
import { openSession } from './session.ts';
import { runDefaults, type RunSpec } from './spec.ts';
import { resumeRun, startRun } from './startRun.ts';
import { apply } from './record/fold.ts';
import { initialState } from './record/state.ts';

vi.setConfig({ testTimeout: 60_000 });

const tinyModel = join(import.meta.dirname, '..', '..', 'test', 'fixtures', 'tiny-tied');
const temporary = mkdtempSync(join(tmpdir(), 'tandem-simultaneous-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const words = ['red', 'green', 'blue', 'cat', 'dog', 'cow'];
function specIn(name: string): RunSpec {
  const workspace = join(temporary, name);
  mkdirSync(join(workspace, '.tandem'), { recursive: true });
  const rows = Array.from({ length: 60 }, (_, i) => ({ text: `${words[i % 6]} ${i}`, kind: i % 6 < 3 ? 'colour' : 'animal' }));
  writeFileSync(join(workspace, 'rows.jsonl'), rows.map((row) => JSON.stringify(row) + '\n').join(''));
  const front = ['data: rows.jsonl', 'output: kind', 'labels: from-data', `model: ${tinyModel}`].map((line) => `  ${line}\n`).join('');
  writeFileSync(join(workspace, 'kind.prompt.md'), `---\ntandem:\n${front}---\nSay what it is.\n\nText: \${input:text}\nKind:\n`);
  const prompt = join(workspace, 'kind.prompt.md');
  return { ...runDefaults, prompt, threads: 1, coordinator: 'simultaneous', budget: { tokens: 12_000 }, lora: { rank: 4 } };
}

/** The journal without its name and its times. */
const timeless = (directory: RunDirectory): unknown[] =>
  readJournal(directory.journal).map(({ at, ...line }) => {
    expect(at).toBeGreaterThanOrEqual(0);
    if (line.type === 'runStarted') return 'runStarted';
    if (line.type === 'priceMeasured') return { ...line, time: undefined };
    return line.type === 'rateMeasured' ? { ...line, tokensPerSecond: 0 } : line;
  });

test('a run that is killed after its joint phase and resumed has the journal of a run that was not killed', async () => {
  const spec = specIn('whole');
  const whole = await startRun(spec);
  const killed = specIn('killed');
  cpSync(join(spec.prompt, '..', 'rows.jsonl'), join(killed.prompt, '..', 'rows.jsonl'));
  let directory: RunDirectory | undefined;
  const crash = startRun(killed, {
    onOpened: (opened) => (directory = opened),
    onLine: (line) => {
      if (line.type === 'candidateProposed' && line.proposer === 'soft prompt') throw new Error('killed');
    },
  });
  await expect(crash).rejects.toThrow('killed');
  await resumeRun(directory!);
  expect(timeless(directory!)).toEqual(timeless(whole.directory));
  expect(whole.state.phases.map(({ target }) => target).slice(0, 3)).toEqual(['prompt', 'both', 'prompt']);

  const report = readFileSync(whole.directory.report, 'utf8');
  expect(report).toContain('| coordinator | simultaneous, tunes prompt and weights |');
  expect(report).toMatch(/## Soft prompt\n\n(A soft prompt of|The result is text without).* virtual tokens .* validation rows/);
  const lines = readJournal(whole.directory.journal);
  const said = lines.map((line, i) => eventText(line, lines.slice(0, i + 1).reduce(apply, initialState)));
  expect(said.filter((text) => text?.includes('virtual tokens'))).toHaveLength(
    lines.filter(({ type }) => type === 'softPromptJudged').length,
  );
});

test('stopped while it uses its soft prompt, it is accepted with it, and the prompt file scores what the run measured', async () => {
  const spec = specIn('stopped');
  const stop = new AbortController();
  const { directory, state } = await startRun(spec, {
    signal: stop.signal,
    onLine: (line) => line.type === 'phaseEnded' && line.target === 'both' && stop.abort(),
  });
  expect(state.best!.prompt.body).toContain('{{soft}}');
  // Opened after the 2x2, which also needs the soft prompt with the old weights.
  expect(state.attribution!.cells).toHaveLength(4);
  const { written } = accept(proposalOf(directory, readState(directory)));
  expect(written).toHaveLength(2);
  const session = await openSession(spec);
  const { evaluator, file, adapter, valset } = session;
  expect(file.prompt.body).toContain('{{soft}}');
  const again = await evaluator.evaluate({ prompt: file.prompt, adapter }, valset);
  expect(again.logLikelihood!.mean).toBeCloseTo(state.best!.logLikelihood!.mean, 4);
  await expect(evaluator.evaluate({ prompt: file.prompt }, valset)).rejects.toMatchObject({ reason: 'no-soft-prompt' });
  await session.dispose();
});

test('options of the other coordinator bring a notice, and tuning the weights alone is refused', async () => {
  const spec = specIn('options');
  const session = await openSession(spec);
  expect(openOptimizer(session, { ...spec, schedule: 'classic' }).notices).toEqual([expect.stringContaining('have no effect')]);
  expect(openOptimizer(session, spec).notices).toEqual([]);
  expect(openOptimizer(session, { ...spec, coordinator: 'alternating', soft: { tokens: 4 } }).notices).toHaveLength(1);
  expect(() => openOptimizer(session, { ...spec, tune: 'weights' })).toThrow(expect.objectContaining({ reason: 'bad-option' }));
  await session.dispose();
});

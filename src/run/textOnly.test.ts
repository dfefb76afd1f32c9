/** @file A model whose weights cannot be trained, as one from a server: its prompts can be tuned, and whatever would train is refused at once. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { ModelKeeper } from './worker/modelKeeper.ts';
import { keepOneModel } from './worker/modelKeeper.ts';
import { openModel } from './worker/openModel.ts';
import { runDefaults, type RunSpec } from './spec.ts';
import { startRun } from './startRun.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-text-only-'));
const path = join(folder, 'kind.prompt.md');
mkdirSync(join(folder, '.tandem'));
const rows = Array.from({ length: 60 }, (_, i) => `{"text": "thing ${i}", "kind": "${i % 2 ? 'odd' : 'even'}"}\n`);
writeFileSync(join(folder, 'rows.jsonl'), rows.join(''));
const head = ['tandem:', '  data: rows.jsonl', '  output: kind', '  labels: from-data', `  model: ${resolve('test/fixtures/tiny-tied')}`];
writeFileSync(path, ['---', ...head, '---', 'Look at it. Say its kind.', '', 'Text: ${input:text}', 'Kind:', ''].join('\n'));

const kept = keepOneModel(openModel);
/** The models as they would be if they ran elsewhere. */
const models: ModelKeeper = {
  ...kept,
  async open(...asked) {
    const { training: _, ...model } = await kept.open(...asked);
    return model;
  },
};
afterAll(async () => {
  await kept.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const spec: RunSpec = { ...runDefaults, prompt: path, threads: 1, tune: 'prompt', budget: { tokens: 20_000 } };

test('its prompt is tuned', async () => {
  const { state } = await startRun(spec, { models });
  expect(state).toMatchObject({ status: 'ended' });
  expect(state.phases.some(({ candidates }) => candidates.length > 0)).toBe(true);
});

test.each<[string, Partial<RunSpec>]>([
  ['both are tuned', { tune: 'both' }],
  ['a soft prompt is tuned', { coordinator: 'simultaneous' }],
  ['the run is compared with controls', { controls: true }],
  ['a published method trains', { schedule: 'baseline:lora-on-gold' }],
])('it is refused where %s', async (_, asked) => {
  await expect(startRun({ ...spec, ...asked }, { models })).rejects.toMatchObject({ reason: 'not-trainable' });
});

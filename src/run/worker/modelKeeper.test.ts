/** @file Tests that a model comes from the source that claims its name: a toy source, whose model answers in capitals and computes nothing. */
import { cpSync, mkdtempSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadTexts } from '../../model/files/modelFiles.ts';
import type { ModelSource } from '../../model/sources/modelSource.ts';
import { locateModel, modelSources, sourceOf } from '../../model/sources/table.ts';
import { trainable } from '../../model/trainableModel.ts';
import { keepOneModel } from './modelKeeper.ts';
import { openModelOf } from './openModel.ts';

const tiny = resolve('test/fixtures/tiny-tied');
const generating = { maxTokens: 4, temperature: 0, topP: 1, stop: [], seed: 0 };

/** Models named `loud:<word>`. */
const loud: ModelSource = {
  name: 'loud',
  claims: (spec) => spec.startsWith('loud:'),
  locate: async (spec) => spec.toLowerCase(),
  version: async () => '1',
  texts: () => loadTexts(tiny),
  open: async (place) => ({
    ...(await loadTexts(tiny)),
    name: place,
    fingerprint: place,
    maxTokens: 100,
    generate: async (prompts) => prompts.map((prompt) => ({ text: prompt.toUpperCase(), tokens: 1, finish: 'stop' as const })),
    forget: () => {},
    dispose: async () => {},
  }),
};
const withLoud = [loud, ...modelSources];
const models = keepOneModel(openModelOf(withLoud), (place) => sourceOf(place, withLoud).version(place));
afterAll(() => models.dispose());

test('a source is one entry of the table: it finds its models and opens them', async () => {
  const place = await locateModel('loud:VOICE', {}, withLoud);
  expect(place).toBe('loud:voice');
  const model = await models.open(place, 'onnxruntime', 1);
  expect(await model.generate(['hello'], generating)).toMatchObject([{ text: 'HELLO' }]);
  expect(await models.open(place, 'onnxruntime', 1)).toBe(model);
  expect(() => trainable(model)).toThrow(expect.objectContaining({ reason: 'not-trainable' }));
});

test('the model is kept until another one is requested, or its files are replaced', async () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'tandem-keeper-')), 'tiny');
  cpSync(tiny, folder, { recursive: true });
  const model = await models.open(folder, 'onnxruntime', 1);
  expect(trainable(model)).toBe(model);
  expect(await models.open(folder, 'onnxruntime', 1)).toBe(model);
  utimesSync(folder, 1, 1);
  expect(await models.open(folder, 'onnxruntime', 1)).not.toBe(model);
});

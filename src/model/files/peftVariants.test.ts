/** @file Layouts of a LoRA in PEFT: each computes what peft computes (test/fixtures/make_peft.py), or is refused by the setting's name. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TandemError } from '../../errors.ts';
import { randomStream } from '../../random.ts';
import type { Engine } from '../engine.ts';
import { logitsOf, openEngine } from '../logits.fixture.ts';
import { trainAdapter } from '../adapterTraining.ts';
import { loadAdapter, saveAdapter } from './peft.ts';
import { writeSafetensors } from './safetensors.ts';

const fixtures = 'test/fixtures/peft';
const base = 'test/fixtures/tiny-tied';
const folder = mkdtempSync(join(tmpdir(), 'tandem-peft-variants-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Logits {
  readonly ids: number[];
  readonly base: number[];
  readonly variants: Record<string, number[]>;
}
const { ids, base: plain, variants } = JSON.parse(readFileSync(join(fixtures, 'logits.json'), 'utf8')) as Logits;
const names = readdirSync(fixtures, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine(base);
});
afterAll(() => engine.dispose());

const largestDifference = (a: ArrayLike<number>, b: readonly number[]): number =>
  Math.max(...b.map((value, place) => Math.abs(a[place] - value)));

const lastLogits = async (path: string): Promise<Float32Array> => logitsOf(engine, ids, await loadAdapter(path), [ids.length - 1]);

test('every variant has its reference', () => {
  expect(names).toEqual(Object.keys(variants).sort());
});

describe.each(names)('%s', (name) => {
  test('computes what peft computes', async () => {
    const ours = await lastLogits(join(fixtures, name));
    expect(largestDifference(ours, variants[name])).toBeLessThan(1e-4);
    expect(largestDifference(ours, plain)).toBeGreaterThan(0.05);
  });

  test('is the same adapter after saving and reading', async () => {
    const adapter = await loadAdapter(join(fixtures, name));
    await saveAdapter(join(folder, name), adapter, { baseModel: base });
    expect(await loadAdapter(join(folder, name))).toEqual(adapter);
  });
});

test('training does not change layers that an adapter lacks, or components that a module lacks', async () => {
  const start = await loadAdapter(join(fixtures, 'rank-pattern'));
  const training = trainAdapter(engine, start, { seed: 1 });
  for (let step = 0; step < 3; step++) await training.step([{ prompt: ids.slice(0, -2), answer: ids.slice(-2) }], 1e-2);
  const trained = training.adapter();
  const of = ({ pairs }: typeof start, layer: number, linear: string) =>
    pairs.find((pair) => pair.layer === layer && pair.linear === linear)!;
  expect(trained.pairs.map(({ layer, linear }) => `${layer}.${linear}`)).toEqual(
    start.pairs.map(({ layer, linear }) => `${layer}.${linear}`),
  );
  // Rank 2 of 5: rows 2 to 4 of A are zero.
  const { a } = of(trained, 0, 'q_proj');
  expect(a).not.toEqual(of(start, 0, 'q_proj').a);
  expect(a.subarray((2 * a.length) / 5).every((value) => value === 0)).toBe(true);
});

/** A copy of a variant with other settings. */
function changed(name: string, settings: Record<string, unknown>): string {
  const path = mkdtempSync(join(folder, 'changed-'));
  cpSync(join(fixtures, name), path, { recursive: true });
  const file = join(path, 'adapter_config.json');
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), ...settings }));
  return path;
}

test.each<[string, Record<string, unknown>]>([
  ['init_lora_weights', { init_lora_weights: 'pissa_niter_16' }],
  ['init_lora_weights', { init_lora_weights: 'pissa' }],
  ['init_lora_weights', { init_lora_weights: 'olora' }],
  ['init_lora_weights', { init_lora_weights: 'corda' }],
  ['init_lora_weights', { init_lora_weights: 'loftq' }],
  ['init_lora_weights', { init_lora_weights: 'lora_ga' }],
  ['init_lora_weights', { init_lora_weights: 'of-tomorrow' }],
  ['alora_invocation_tokens', { alora_invocation_tokens: [5, 6, 7] }],
  ['use_qalora', { use_qalora: true }],
  ['layer_replication', { layer_replication: [[0, 2]] }],
  ['use_dora', { use_dora: true }],
  ['lora_bias', { lora_bias: true }],
  ['bias', { bias: 'lora_only' }],
  ['modules_to_save', { modules_to_save: ['lm_head'] }],
  ['trainable_token_indices', { trainable_token_indices: [1] }],
  ['target_parameters', { target_parameters: ['mlp.experts.gate_up_proj'] }],
  ['kasa_config', { kasa_config: { beta: 1 } }],
  ['setting_of_tomorrow', { setting_of_tomorrow: 'on' }],
  ['task_type', { task_type: 'SEQ_CLS' }],
  ['peft_type', { peft_type: 'IA3' }],
  ['lora_alpha', { lora_alpha: 0 }],
  ['lora_alpha', { lora_alpha: '6' }],
  ['"r"', { r: 2.5 }],
  ['rank', { r: 4 }],
  ['rank_pattern', { rank_pattern: { q_proj: 0 } }],
  ['rank_pattern', { rank_pattern: ['q_proj'] }],
  ['rank 5', { rank_pattern: { q_proj: 5 } }],
  ['alpha_pattern', { alpha_pattern: { q_proj: 0 } }],
  ['layers_to_transform', { layers_to_transform: ['1'] }],
  ['does not adapt model.layers.0.self_attn.q_proj', { layers_to_transform: [1] }],
  ['does not adapt model.layers', { target_modules: ['c_attn'] }],
  ['does not adapt model.layers.1', { exclude_modules: ['1.self_attn.q_proj'] }],
  ['target_modules', { target_modules: null }],
  ['cannot be read', { target_modules: '(' }],
  ['takes more than', { target_modules: '(.*.*)*!' }],
])('%s: %j is refused by its name', async (said, settings) => {
  const error = (await loadAdapter(changed('gaussian', settings)).catch((reason: unknown) => reason)) as TandemError;
  expect(error).toMatchObject({ reason: 'bad-adapter', where: { file: expect.stringContaining('adapter_') as string } });
  expect(`${error.message}`).toContain(said === 'peft_type' ? 'IA3' : said);
});

test.each([
  { setting_of_tomorrow: null },
  { setting_of_tomorrow: false },
  { setting_of_tomorrow: {} },
  { setting_of_tomorrow: [] },
  { init_lora_weights: 'eva', eva_config: { rho: 2 } },
  { revision: 'main', auto_mapping: { base_model_class: 'LlamaForCausalLM' } },
  { exclude_modules: [], layers_to_transform: [], layers_pattern: [] },
  { target_modules: ['q_proj', 'c_attn'] },
])('%j changes nothing', async (settings) => {
  expect(await loadAdapter(changed('gaussian', settings))).toEqual(await loadAdapter(join(fixtures, 'gaussian')));
});

describe('a weights file', () => {
  const name = (side: string) => `base_model.model.model.layers.0.self_attn.q_proj.lora_${side}.weight`;
  const matrix = (...shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((one, other) => one * other, 1)).fill(0.1) });
  const load = async (tensors: Parameters<typeof writeSafetensors>[1]): Promise<unknown> => {
    const path = changed('gaussian', {});
    await writeSafetensors(join(path, 'adapter_model.safetensors'), tensors, { format: 'pt' });
    return loadAdapter(path).catch((error: unknown) => error);
  };

  test('without tensors, or with empty ones as ZeRO-3 leaves them, has no weights', async () => {
    for (const tensors of [[], [[name('A'), matrix(0)] as const, [name('B'), matrix(0)] as const]]) {
      expect(await load(tensors)).toMatchObject({
        reason: 'bad-adapter',
        message: 'The adapter has no weights.',
        hint: expect.stringContaining('ZeRO-3') as string,
      });
    }
  });

  test('with one half of a module, or a tensor that is not a LoRA of a linear, is refused', async () => {
    expect(await load([[name('A'), matrix(2, 32)]])).toMatchObject({ message: "The adapter has only one half of layer 0's q_proj." });
    const head = 'base_model.model.lm_head.weight';
    expect(await load([[head, matrix(2, 32)]])).toMatchObject({ message: expect.stringContaining(`"${head}"`) as string });
  });
});

test('mutated settings end in an adapter or in an error that names the file', { tags: 'long' }, async () => {
  const source = readFileSync(join(fixtures, 'rank-and-alpha-pattern', 'adapter_config.json'), 'utf8');
  const settings = JSON.parse(source) as Record<string, unknown>;
  const values = [
    null,
    true,
    -1,
    0,
    1.5,
    1e308,
    '',
    'q_proj',
    '.*',
    '(',
    [],
    [1],
    ['q_proj'],
    [[]],
    {},
    { q_proj: 4 },
    { '(': 1 },
    { q_proj: 'x' },
  ];
  const path = changed('rank-and-alpha-pattern', {});
  const file = join(path, 'adapter_config.json');
  let refused = 0;
  for (let i = 0; i < 600; i++) {
    const random = randomStream('peft mutants', i);
    const keys = Object.keys(settings);
    const mutant = { ...settings, [keys[random.integer(keys.length)]]: values[random.integer(values.length)] };
    const text = JSON.stringify(mutant);
    writeFileSync(file, random.integer(10) === 0 ? text.slice(0, random.integer(text.length)) : text);
    await loadAdapter(path).catch((error: TandemError) => {
      refused++;
      if (error.name !== 'TandemError' || error.where?.file === undefined) throw new Error(`mutant ${i}: ${text}`, { cause: error });
    });
  }
  expect(refused).toBeGreaterThan(100);
  expect(refused).toBeLessThan(560);
});

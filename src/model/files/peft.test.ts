/** @file Tests of adapters: their initial values, their ids, and PEFT directories. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { initialAdapter, makeAdapter, withSoft } from '../adapter.ts';
import { linearNames } from '../linears.ts';
import { parseHuggingFaceConfig } from './huggingFaceConfig.ts';
import { adapterOfStep, stepAdapters } from '../stepAdapters.ts';
import { isAdapterFolder, loadAdapter, saveAdapter } from './peft.ts';
import { readSafetensors } from './safetensors.ts';

const fixture = 'test/fixtures/tiny-tied';
const config = parseHuggingFaceConfig(JSON.parse(readFileSync(join(fixture, 'config.json'), 'utf8')), 'config.json');
const lora = { rank: 4, alpha: 8, dropout: 0.05, targets: linearNames };
const folder = mkdtempSync(join(tmpdir(), 'tandem-peft-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('an adapter that peft saved is read: all seven linears of every layer, in order', async () => {
  const adapter = await loadAdapter(join(fixture, 'adapter'));
  expect(adapter.config).toEqual({ rank: 4, alpha: 8, dropout: 0, targets: [...linearNames] });
  expect(adapter.pairs.map(({ layer, linear }) => `${layer}.${linear}`)).toEqual(
    [0, 1, 2].flatMap((layer) => linearNames.map((name) => `${layer}.${name}`)),
  );
  const tensors = await readSafetensors(join(fixture, 'adapter', 'adapter_model.safetensors'));
  expect(adapter.pairs[13].b).toEqual(tensors.get('base_model.model.model.layers.1.mlp.down_proj.lora_B.weight')?.data);
});

test('a saved adapter has the tensor names and shapes of one that peft saved, and loads as the same adapter', async () => {
  const adapter = await loadAdapter(join(fixture, 'adapter'));
  const path = join(folder, 'runs', 'saved');
  await saveAdapter(path, initialAdapter(config, lora, 1), { baseModel: fixture });
  await saveAdapter(path, adapter, { baseModel: fixture });
  expect(readdirSync(path).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
  expect(readdirSync(join(folder, 'runs'))).toEqual(['saved']);
  expect(await loadAdapter(path)).toEqual(adapter);
  const ours = await readSafetensors(join(path, 'adapter_model.safetensors'));
  const theirs = await readSafetensors(join(fixture, 'adapter', 'adapter_model.safetensors'));
  expect(new Map([...ours].sort())).toEqual(new Map([...theirs].sort()));
});

const soft = { tokens: 3, rows: Float32Array.from({ length: 3 * 32 }, (_, i) => Math.sin(i)), text: 'Say what it is.', drift: 1.0000001 };

test('a soft prompt is saved in the prompt-tuning layout of PEFT beside the LoRA, and both load as the same adapter', async () => {
  const { config: of, pairs } = await loadAdapter(join(fixture, 'adapter'));
  const both = makeAdapter(of, pairs, soft);
  const path = join(folder, 'both');
  await saveAdapter(path, both, { baseModel: fixture });
  expect(readdirSync(path).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors', 'soft_prompt']);
  const described = JSON.parse(readFileSync(join(path, 'soft_prompt', 'adapter_config.json'), 'utf8')) as object;
  expect(described).toMatchObject({ peft_type: 'PROMPT_TUNING', num_virtual_tokens: 3, token_dim: 32 });
  const tensors = await readSafetensors(join(path, 'soft_prompt', 'adapter_model.safetensors'));
  expect([...tensors]).toEqual([['prompt_embeddings', { shape: [3, 32], data: soft.rows }]]);
  expect(await loadAdapter(path)).toEqual(both);
  expect(both.id).not.toBe(makeAdapter(of, pairs).id);
});

test('a soft prompt without a LoRA is a separate prompt-tuning folder, and one with too few rows is refused', async () => {
  const path = join(folder, 'soft');
  await saveAdapter(path, withSoft(undefined, soft), { baseModel: fixture });
  expect((await loadAdapter(path)).soft).toEqual(soft);
  expect((await loadAdapter(path)).pairs).toEqual([]);
  const file = join(path, 'adapter_config.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('"num_virtual_tokens": 3', '"num_virtual_tokens": 4'));
  await expect(loadAdapter(path)).rejects.toMatchObject({ reason: 'bad-adapter' });
});

test('a new adapter changes nothing (B is zero), has A within 1 / sqrt(inputs), and depends only on the seed', () => {
  const adapter = initialAdapter(config, lora, 7);
  const down = adapter.pairs.find(({ linear }) => linear === 'down_proj')!;
  expect(adapter.pairs).toHaveLength(3 * 7);
  expect([down.a.length, down.b.length]).toEqual([4 * 64, 32 * 4]);
  expect(Math.max(...down.b.map(Math.abs))).toBe(0);
  const largest = Math.max(...down.a.map(Math.abs));
  expect(largest).toBeLessThanOrEqual(1 / 8);
  expect(largest).toBeGreaterThan(0.9 / 8);
  expect(initialAdapter(config, lora, 7)).toEqual(adapter);
  expect(initialAdapter(config, lora, 8).id).not.toBe(adapter.id);
});

test('a folder that does not exist, or a file, has no adapter', async () => {
  writeFileSync(join(folder, 'file'), 'no adapter');
  for (const name of ['nowhere', 'file']) {
    await expect(loadAdapter(join(folder, name))).rejects.toMatchObject({
      reason: 'bad-adapter',
      hint: expect.stringContaining('folder') as string,
    });
  }
});

test('the id depends on the values and the settings, not on the order of the pairs', () => {
  const { id, pairs } = initialAdapter(config, lora, 7);
  expect(makeAdapter(lora, [...pairs].reverse()).id).toBe(id);
  expect(makeAdapter({ ...lora, alpha: 16 }, pairs).id).not.toBe(id);
  const changed = pairs.map((pair, i) => (i === 5 ? { ...pair, b: pair.b.map(() => 0.5) } : pair));
  expect(makeAdapter(lora, changed).id).not.toBe(id);
});

describe('a program with an adapter for each step', () => {
  const own = (seed: number) => initialAdapter(config, lora, seed);
  const program = stepAdapters([own(1), undefined, own(2)]);

  test('each step that has one gets a PEFT directory, and all load as the same adapter', async () => {
    const path = join(folder, 'program');
    await saveAdapter(path, program, { baseModel: fixture });
    expect(readdirSync(path).sort()).toEqual(['step-1', 'step-3', 'tandem_steps.json']);
    expect(await loadAdapter(path)).toEqual(program);
    expect(await loadAdapter(join(path, 'step-3'))).toEqual(own(2));
    expect([isAdapterFolder(path), isAdapterFolder(join(path, 'step-1')), isAdapterFolder(folder)]).toEqual([true, true, false]);
    const plain = join(folder, 'plain-again');
    await saveAdapter(plain, program, { baseModel: fixture });
    await saveAdapter(plain, own(1), { baseModel: fixture });
    expect(await loadAdapter(plain)).toEqual(own(1));
  });

  test('has an id that depends on which step has which adapter', () => {
    const others = [stepAdapters([undefined, own(1), own(2)]), stepAdapters([own(2), undefined, own(1)]), own(1)];
    expect(new Set([program, ...others].map(({ id }) => id)).size).toBe(4);
    expect(stepAdapters([own(1), undefined, own(2)]).id).toBe(program.id);
    expect([0, 1, 2].map((step) => adapterOfStep(program, step)?.id)).toEqual([own(1).id, undefined, own(2).id]);
    expect([0, 1].map((step) => adapterOfStep(own(1), step)?.id)).toEqual([own(1).id, own(1).id]);
  });

  test.each([
    ['{', 'not valid JSON'],
    ['null', 'should look like'],
    ['{"version": 1, "steps": []}', 'should look like'],
    ['{"version": 1, "steps": ["../../elsewhere"]}', 'should look like'],
    ['{"version": 1, "steps": ["step-2", "step-1"]}', 'should look like'],
    ['{"version": 2, "steps": ["step-1"]}', 'newer Tandem'],
    ['{"version": 1, "steps": ["step-1", "step-2"]}', 'no adapter'],
  ])('a list of steps %s is refused', async (text, message) => {
    const path = join(folder, 'bad-steps');
    await saveAdapter(path, program, { baseModel: fixture });
    writeFileSync(join(path, 'tandem_steps.json'), text);
    await expect(loadAdapter(path)).rejects.toMatchObject({
      reason: 'bad-adapter',
      message: expect.stringContaining(message) as string,
      hint: expect.any(String) as string,
    });
  });
});

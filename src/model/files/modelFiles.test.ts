/** @file Tests that models load from every supported file format with the values that Python reads. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadModelFiles, requireMemory } from './modelFiles.ts';
import { readSafetensors, writeSafetensors } from './safetensors.ts';
import { weightShapes } from './weights.ts';

const fixtures = 'test/fixtures';
const folder = mkdtempSync(join(tmpdir(), 'tandem-models-'));
afterAll(() => rmSync(folder, { recursive: true }));

const families = ['tiny-qwen2', 'tiny-qwen3', 'tiny-mistral', 'tiny-biased'];

test.each(['tiny-tied', 'tiny-untied', 'tiny-llama3', ...families])('%s: every weight, and a tokenizer', async (name) => {
  const model = await loadModelFiles(join(fixtures, name));
  expect(model.name).toBe(name);
  expect([...model.weights.keys()]).toEqual([...weightShapes(model.config).keys()]);
  expect(model.weights.has('lm_head.weight')).toBe(['tiny-untied', 'tiny-qwen3', 'tiny-mistral'].includes(name));
  expect(model.tokenizer.vocabularySize).toBe(300);
  expect(model.tokenizer.endTokens).toEqual([2, 0]);
  expect(model.tokenizer.beginToken).toBeUndefined();
  expect(model.tokenizer.decode(model.tokenizer.encode('The capital is Paris.'))).toBe('The capital is Paris.');
});

test('the sharded form of a model is the same model', async () => {
  const [whole, sharded] = await Promise.all(['tiny-tied', 'tiny-tied-sharded'].map((name) => loadModelFiles(join(fixtures, name))));
  expect(sharded.weights).toEqual(whole.weights);
  expect(sharded.fingerprint).toBe(whole.fingerprint);
});

test('one changed number changes the fingerprint', async () => {
  const path = copyOf('tiny-tied');
  const before = await loadModelFiles(path);
  const file = join(path, 'model.safetensors');
  const tensors = await readSafetensors(file);
  tensors.get('model.layers.1.mlp.up_proj.weight')!.data[777] += 1e-3;
  await writeSafetensors(file, tensors);
  expect((await loadModelFiles(path)).fingerprint).not.toBe(before.fingerprint);
});

test('a GGUF file of mixed formats gives the values of gguf-py, in the Hugging Face layout', async () => {
  const model = await loadModelFiles(join(fixtures, 'tiny-tied.gguf'));
  const reference = await readSafetensors(join(fixtures, 'tiny-tied-gguf.safetensors'));
  expect(model.weights.size).toBe(reference.size);
  for (const [name, tensor] of reference) expect(model.weights.get(name), name).toEqual(tensor);
  const { rmsNormEps, ...config } = (await loadModelFiles(join(fixtures, 'tiny-tied'))).config;
  expect(model.config).toMatchObject(config);
  expect(model.config.rmsNormEps).toBeCloseTo(rmsNormEps, 12);
});

test.each(['tiny-qwen2', 'tiny-qwen3', 'tiny-biased'])('%s: the GGUF file is the model of the Hugging Face directory', async (name) => {
  const [ours, theirs] = await Promise.all([`${name}.gguf`, name].map((form) => loadModelFiles(join(fixtures, form))));
  for (const [weight, tensor] of theirs.weights) expect(ours.weights.get(weight), weight).toEqual(tensor);
  // GGUF has no list of the layers with a window, and stores epsilon as float32. It can express the rest.
  const { rmsNormEps, slidingWindow, ...config } = theirs.config;
  expect(ours.config).toEqual({ ...config, rmsNormEps: expect.closeTo(rmsNormEps, 12) as number });
  expect(slidingWindow === undefined).toBe(name !== 'tiny-qwen2');
});

test('the tokenizer of a GGUF file is that of the Hugging Face directory', async () => {
  const [ours, theirs] = await Promise.all(['tiny-tied.gguf', 'tiny-tied'].map((name) => loadModelFiles(join(fixtures, name))));
  const messages = [{ role: 'user', content: 'How many people live here? 12' }] as const;
  const text = ours.tokenizer.applyChatTemplate(messages);
  expect(text).toBe('<|im_start|>user\nHow many people live here? 12<|im_end|>\n<|im_start|>assistant\n');
  expect(theirs.tokenizer.applyChatTemplate(messages)).toBe(text);
  expect(ours.tokenizer.encode(text)).toEqual(theirs.tokenizer.encode(text));
  expect(ours.tokenizer.endTokens).toEqual(theirs.tokenizer.endTokens);
});

test('the begin-of-text token is read from the post-processor, the chat template also from tokenizer_config.json', async () => {
  const path = copyOf('tiny-tied');
  const edit = (file: string, change: object): void => {
    const json = JSON.parse(readFileSync(join(path, file), 'utf8')) as object;
    writeFileSync(join(path, file), JSON.stringify({ ...json, ...change }));
  };
  const begin = { SpecialToken: { id: '<|im_start|>', type_id: 0 } };
  const special = { id: '<|im_start|>', ids: [1], tokens: ['<|im_start|>'] };
  const template = {
    type: 'TemplateProcessing',
    single: [begin, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [],
    special_tokens: { [special.id]: special },
  };
  edit('tokenizer.json', { post_processor: { type: 'Sequence', processors: [{ type: 'ByteLevel' }, template] } });
  rmSync(join(path, 'chat_template.jinja'));
  edit('tokenizer_config.json', { chat_template: [{ name: 'default', template: '{{ bos_token }}{{ messages[0].content }}' }] });
  const { tokenizer } = await loadModelFiles(path);
  expect(tokenizer.beginToken).toBe(1);
  expect(tokenizer.encode('a')).toHaveLength(1);
  expect(tokenizer.applyChatTemplate([{ role: 'user', content: 'hi' }])).toBe('<|im_start|>hi');
});

test('a missing place, a missing file, a missing weight and a cut-off file each have their reason', async () => {
  await expect(loadModelFiles(join(folder, 'nowhere'))).rejects.toMatchObject({ reason: 'model-not-found' });

  const noTokenizer = copyOf('tiny-tied');
  rmSync(join(noTokenizer, 'tokenizer.json'));
  await expect(loadModelFiles(noTokenizer)).rejects.toMatchObject({
    reason: 'bad-model-config',
    where: { file: join(noTokenizer, 'tokenizer.json') },
  });

  const noHead = copyOf('tiny-tied');
  const config = JSON.parse(readFileSync(join(noHead, 'config.json'), 'utf8')) as object;
  writeFileSync(join(noHead, 'config.json'), JSON.stringify({ ...config, tie_word_embeddings: false }));
  await expect(loadModelFiles(noHead)).rejects.toMatchObject({ reason: 'bad-weights', message: 'The weight "lm_head.weight" is missing.' });

  const cut = join(folder, 'cut.gguf');
  cpSync(join(fixtures, 'tiny-tied.gguf'), cut);
  truncateSync(cut, 50_000);
  await expect(loadModelFiles(cut)).rejects.toMatchObject({ reason: 'bad-gguf' });

  const text = join(folder, 'text.gguf');
  writeFileSync(text, 'not a model');
  await expect(loadModelFiles(text)).rejects.toMatchObject({ reason: 'bad-gguf' });
});

describe('errors name the file and the tensor', () => {
  test('for a shard that is missing, lacks a weight, or is in another folder', async () => {
    const path = copyOf('tiny-qwen3');
    const [first, second] = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'].map((file) => join(path, file));
    const tensors = await readSafetensors(second);
    rmSync(second);
    await expect(loadModelFiles(path)).rejects.toMatchObject({ reason: 'bad-model-config', where: { file: second } });
    const lost = [...tensors.keys()][2];
    tensors.delete(lost);
    await writeSafetensors(second, tensors);
    const index = join(path, 'model.safetensors.index.json');
    const missing = { reason: 'bad-weights', message: `The weight "${lost}" is missing.`, where: { file: index } };
    await expect(loadModelFiles(path)).rejects.toMatchObject(missing);
    const twice = [...(await readSafetensors(first))][0];
    await writeSafetensors(second, [...tensors, twice]);
    await expect(loadModelFiles(path)).rejects.toMatchObject({ reason: 'bad-weights', where: { file: second } });
    writeFileSync(index, JSON.stringify({ weight_map: { 'model.norm.weight': '../../secret.safetensors' } }));
    await expect(loadModelFiles(path)).rejects.toMatchObject({ reason: 'bad-weights', where: { file: index } });
  });

  test('for a weight of another shape, of zeros, or with a value that is not a number', async () => {
    const path = copyOf('tiny-qwen2');
    const file = join(path, 'model.safetensors');
    const name = 'model.layers.1.self_attn.k_proj.weight';
    const tensors = await readSafetensors(file);
    const { shape, data } = tensors.get(name)!;
    const withWeight = async (tensor: { shape: readonly number[]; data: Float32Array }) => {
      await writeSafetensors(file, new Map([...tensors, [name, tensor]]));
      return loadModelFiles(path);
    };
    await expect(withWeight({ shape: [...shape].reverse(), data })).rejects.toMatchObject({
      reason: 'bad-weights',
      message: `The weight "${name}" is [24, 12], not [12, 24].`,
      where: { file },
    });
    for (const odd of [NaN, Infinity, -Infinity]) {
      const damaged = data.slice();
      damaged[damaged.length - 1] = odd;
      await expect(withWeight({ shape, data: damaged })).rejects.toMatchObject({
        reason: 'bad-weights',
        message: expect.stringContaining(name) as string,
        where: { file },
      });
    }
    await expect(withWeight({ shape, data: data.map(() => 0) })).rejects.toMatchObject({ reason: 'bad-weights', where: { file } });
    expect((await withWeight({ shape, data })).config.layers).toBe(2);
  });

  test('for a folder in place of a file', async () => {
    const path = copyOf('tiny-tied');
    rmSync(join(path, 'tokenizer.json'));
    mkdirSync(join(path, 'tokenizer.json'));
    await expect(loadModelFiles(path)).rejects.toMatchObject({ reason: 'model-unreadable' });
  });

  test('for a weight of a GGUF file, with llama.cpp’s name', async () => {
    const bytes = readFileSync(join(fixtures, 'tiny-qwen3.gguf'));
    const at = bytes.indexOf('blk.1.attn_q_norm.weight');
    bytes.write('blk.1.attn_z', at);
    const path = join(folder, 'renamed.gguf');
    writeFileSync(path, bytes);
    const unknown = { reason: 'unsupported-model', message: expect.stringContaining('"blk.1.attn_z_norm.weight"') as string };
    await expect(loadModelFiles(path)).rejects.toMatchObject({ ...unknown, where: { file: path } });
  });
});

let copies = 0;
function copyOf(name: string): string {
  const path = join(folder, `${name}-${copies++}`);
  cpSync(join(fixtures, name), path, { recursive: true });
  return path;
}

test('a model whose weights exceed the available memory is refused with both numbers', async () => {
  const { config } = await loadModelFiles('test/fixtures/tiny-tied');
  expect(() => requireMemory(config, 'a')).not.toThrow();
  expect(() => requireMemory(config, 'a', 100_000)).toThrow(
    expect.objectContaining({
      reason: 'model-too-large',
      message: expect.stringMatching(/take 0\.\d+ GB .* has 0\.000100 GB/) as string,
    }) as Error,
  );
});

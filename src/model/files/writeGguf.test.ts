/** @file Tests that a written GGUF file is read back as the original model, and that numbers are stored as in gguf-py. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadModelFiles } from './modelFiles.ts';
import { numberEncoders, roundedTo, type EncodedFormat } from './numberEncoders.ts';
import type { TokenizerJson } from './tokenizerJson.ts';
import { writeGguf } from './writeGguf.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-gguf-'));
afterAll(() => rmSync(folder, { recursive: true }));

test.each(Object.keys(numberEncoders) as EncodedFormat[])('%s: the blocks equal those of gguf-py', (format) => {
  const cases = JSON.parse(readFileSync('test/fixtures/number-encodings.json', 'utf8')) as Record<string, string>;
  const bytes = (name: string): Uint8Array => Uint8Array.from(Buffer.from(cases[name], 'base64'));
  const values = new Float32Array(bytes('values').buffer);
  expect(numberEncoders[format](values)).toEqual(bytes(format));
});

test.each(['tiny-tied', 'tiny-qwen3', 'tiny-mistral', 'tiny-biased'])(
  '%s: weights, config and tokenizer are read back',
  async (fixture) => {
    const directory = `test/fixtures/${fixture}`;
    const model = await loadModelFiles(directory);
    const json = JSON.parse(readFileSync(join(directory, 'tokenizer.json'), 'utf8')) as TokenizerJson;
    const path = join(folder, `${fixture}.gguf`);
    const coarse = (name: string): boolean => fixture === 'tiny-tied' && name.includes('mlp');
    await writeGguf(path, {
      name: 'written',
      licence: 'MIT',
      config: model.config,
      weights: model.weights,
      formatOf: (name) => (coarse(name) ? 'Q8_0' : 'F32'),
      tokenizer: { json, pre: 'gpt-2', chatTemplate: '{{ messages[0].content }}', begin: '<|im_start|>', end: '<|im_end|>' },
    });
    const read = await loadModelFiles(path);
    const { ropeScaling: scaling } = model.config;
    expect(read.config).toEqual({
      ...model.config,
      rmsNormEps: expect.closeTo(model.config.rmsNormEps, 12) as number,
      ...(scaling?.type === 'yarn' && {
        ropeScaling: { ...scaling, attentionFactor: expect.closeTo(scaling.attentionFactor, 7) as number },
      }),
    });
    for (const [name, { data }] of model.weights)
      expect(read.weights.get(name)!.data, name).toEqual(coarse(name) ? roundedTo('Q8_0', data) : data);
    const text = 'Read 12 messages, then answer.<|im_end|>';
    expect(read.tokenizer.encode(text)).toEqual(model.tokenizer.encode(text));
    expect(read.tokenizer.endTokens).toEqual(model.tokenizer.endTokens);
    expect(read.tokenizer.applyChatTemplate([{ role: 'user', content: 'Hi' }])).toBe('Hi');
  },
);

test('what the metadata cannot express is refused', async () => {
  const model = await loadModelFiles('test/fixtures/tiny-llama3');
  const json = JSON.parse(readFileSync('test/fixtures/tiny-llama3/tokenizer.json', 'utf8')) as TokenizerJson;
  const tokenizer = { json, pre: 'gpt-2', chatTemplate: '', begin: '<|im_start|>', end: '<|im_end|>' };
  const write = writeGguf(join(folder, 'no.gguf'), { ...model, licence: '', formatOf: () => 'F32', tokenizer });
  await expect(write).rejects.toMatchObject({ reason: 'unsupported-model' });
  const { cases } = JSON.parse(readFileSync('test/fixtures/tokenizer-spm.json', 'utf8')) as { cases: { prepend: { json: TokenizerJson } } };
  const pieces = { ...tokenizer, json: cases.prepend.json, begin: '<s>', end: '</s>' };
  await expect(
    writeGguf(join(folder, 'no.gguf'), { ...model, licence: '', formatOf: () => 'F32', tokenizer: pieces }),
  ).rejects.toMatchObject({ reason: 'unsupported-tokenizer', where: { file: join(folder, 'no.gguf') } });
  expect(existsSync(join(folder, 'no.gguf'))).toBe(false);
});

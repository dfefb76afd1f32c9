/** @file Writes a Llama model as a GGUF file that llama.cpp and `readGguf` read. */
import { GGMLQuantizationType, GGUFValueType, serializeGgufMetadata } from '@huggingface/gguf';
import type { GGUFTypedMetadata } from '@huggingface/gguf';
import { TandemError } from '../../errors.ts';
import type { LlamaConfig } from '../llamaConfig.ts';
import { applyRotaryOrder, ggufName } from './ggufNames.ts';
import { numberEncoders, type EncodedFormat } from './numberEncoders.ts';
import { numberFormats, storedBytes } from './numberFormats.ts';
import { replaceFile } from './replaceFile.ts';
import type { TokenizerJson } from './tokenizerJson.ts';
import type { WeightTensor } from './weights.ts';

export interface GgufContents {
  readonly name: string;
  readonly licence: string;
  readonly config: LlamaConfig;
  /** By Hugging Face's names. */
  readonly weights: ReadonlyMap<string, WeightTensor>;
  readonly formatOf: (name: string) => EncodedFormat;
  readonly tokenizer: {
    /** Byte-level BPE. */
    readonly json: TokenizerJson;
    /** llama.cpp's name of its pre-tokenizer, e.g. `smollm`. */
    readonly pre: string;
    readonly chatTemplate: string;
    /** Texts of its special tokens. */
    readonly begin: string;
    readonly end: string;
  };
}

/**
 * To a temporary name first; an existing file is replaced whole. The format: ggml's docs/gguf.md, version 3.
 * @throws TandemError 'unsupported-model' for a model with rotary scaling
 */
export async function writeGguf(path: string, contents: GgufContents): Promise<void> {
  const { config, weights, formatOf } = contents;
  if (config.ropeScaling) throw new TandemError('unsupported-model', 'Models with rotary scaling cannot be written as GGUF.');
  const tensors = [...weights].map(([name, { shape }]) => {
    const format = formatOf(name);
    const numbers = shape.reduce((product, size) => product * size, 1);
    return { name, shape, format, bytes: aligned(storedBytes(numberFormats[format], numbers)) };
  });
  const metadata = serializeGgufMetadata(typedMetadata(contents, tensors.length), { alignment: 1 });
  const infos = tensorInfos(tensors);
  const padding = Buffer.alloc(aligned(metadata.length + infos.length) - metadata.length - infos.length);
  await replaceFile(path, async (file) => {
    for (const part of [metadata, infos, padding]) await file.write(part);
    for (const { name, format, bytes } of tensors) {
      const { shape, data } = weights.get(name)!;
      const ordered = { shape, data: data.slice() };
      if (ggufName(name)[1]) applyRotaryOrder(ordered, config.headSize);
      const encoded = numberEncoders[format](ordered.data);
      await file.write(Buffer.concat([encoded, Buffer.alloc(bytes - encoded.length)]));
    }
  });
}

const aligned = (bytes: number): number => Math.ceil(bytes / 32) * 32;

/** Name, dimensions from the innermost, type, offset of each tensor. */
function tensorInfos(
  tensors: readonly { readonly name: string; readonly shape: readonly number[]; readonly format: EncodedFormat; readonly bytes: number }[],
): Buffer {
  let offset = 0;
  const parts = tensors.map(({ name, shape, format, bytes }) => {
    const text = Buffer.from(ggufName(name)[0]);
    const info = Buffer.alloc(8 + text.length + 4 + 8 * shape.length + 4 + 8);
    let at = info.writeBigUInt64LE(BigInt(text.length));
    at += text.copy(info, at);
    at = info.writeUInt32LE(shape.length, at);
    for (const size of [...shape].reverse()) at = info.writeBigUInt64LE(BigInt(size), at);
    at = info.writeUInt32LE(GGMLQuantizationType[format], at);
    info.writeBigUInt64LE(BigInt(offset), at);
    offset += bytes;
    return info;
  });
  return Buffer.concat(parts);
}

function typedMetadata({ name, licence, config, tokenizer }: GgufContents, tensors: number): GGUFTypedMetadata {
  const { STRING: string, UINT32: count, FLOAT32: float, INT32: integer, ARRAY: array, BOOL: flag } = GGUFValueType;
  const vocabulary = tokenizer.json.model.vocab as Readonly<Record<string, number>>;
  const special = new Set(tokenizer.json.added_tokens.map(({ content }) => content));
  const tokens = Object.entries(vocabulary)
    .sort(([, a], [, b]) => a - b)
    .map(([token]) => token);
  const merges = (tokenizer.json.model.merges as readonly (string | readonly string[])[]).map((merge) =>
    typeof merge === 'string' ? merge : merge.join(' '),
  );
  const fields = {
    'general.architecture': { value: 'llama', type: string },
    'general.name': { value: name, type: string },
    'general.license': { value: licence, type: string },
    'general.quantization_version': { value: 2, type: count },
    'llama.block_count': { value: config.layers, type: count },
    'llama.context_length': { value: config.maxPositions, type: count },
    'llama.embedding_length': { value: config.hiddenSize, type: count },
    'llama.feed_forward_length': { value: config.intermediateSize, type: count },
    'llama.attention.head_count': { value: config.heads, type: count },
    'llama.attention.head_count_kv': { value: config.keyValueHeads, type: count },
    'llama.attention.key_length': { value: config.headSize, type: count },
    'llama.attention.value_length': { value: config.headSize, type: count },
    'llama.rope.dimension_count': { value: config.headSize, type: count },
    'llama.rope.freq_base': { value: config.ropeTheta, type: float },
    'llama.attention.layer_norm_rms_epsilon': { value: config.rmsNormEps, type: float },
    'llama.vocab_size': { value: config.vocabularySize, type: count },
    'tokenizer.ggml.model': { value: 'gpt2', type: string },
    'tokenizer.ggml.pre': { value: tokenizer.pre, type: string },
    'tokenizer.ggml.tokens': { value: tokens, type: array, subType: string },
    // Control tokens are 3, normal ones 1.
    'tokenizer.ggml.token_type': { value: tokens.map((token) => (special.has(token) ? 3 : 1)), type: array, subType: integer },
    'tokenizer.ggml.merges': { value: merges, type: array, subType: string },
    'tokenizer.ggml.bos_token_id': { value: vocabulary[tokenizer.begin], type: count },
    'tokenizer.ggml.eos_token_id': { value: vocabulary[tokenizer.end], type: count },
    'tokenizer.ggml.padding_token_id': { value: vocabulary[tokenizer.end], type: count },
    'tokenizer.ggml.add_bos_token': { value: false, type: flag },
    'tokenizer.chat_template': { value: tokenizer.chatTemplate, type: string },
  };
  return {
    version: { value: 3, type: count },
    tensor_count: { value: BigInt(tensors), type: GGUFValueType.UINT64 },
    kv_count: { value: BigInt(Object.keys(fields).length), type: GGUFValueType.UINT64 },
    ...fields,
  } as unknown as GGUFTypedMetadata;
}

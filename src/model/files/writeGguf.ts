/** @file Writes a model as a GGUF file that llama.cpp and `readGguf` read. */
import { TandemError } from '../../errors.ts';
import type { LlamaConfig } from '../llamaConfig.ts';
import { yarnSharpening } from '../rotary.ts';
import { architectureFor } from './ggufArchitectures.ts';
import { applyRotaryOrder, ggufName } from './ggufNames.ts';
import { countField, flagField, floatField, integersField, textField, textsField, writeGgufFile, type GgufField } from './ggufWriter.ts';
import type { EncodedFormat } from './numberEncoders.ts';
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
 * To a temporary name first; an existing file is replaced whole.
 * @throws TandemError 'unsupported-model' for what llama.cpp's metadata cannot say, 'unsupported-tokenizer' for another than byte-level BPE: a
 *   tokenizer.json no longer has SentencePiece's scores
 */
export async function writeGguf(path: string, contents: GgufContents): Promise<void> {
  const { config, weights, formatOf, tokenizer } = contents;
  if (tokenizer.json.decoder?.type !== 'ByteLevel')
    throw new TandemError('unsupported-tokenizer', 'Only tokenizers of byte-level BPE can be written as GGUF.', {
      where: { file: path },
    });
  const architecture = architectureFor(config);
  const tensors = [...weights].map(([name, { shape, data }]) => {
    const [written, rotary] = ggufName(name);
    const ordered = (): Float32Array => {
      const copy = { shape, data: data.slice() };
      if (rotary && architecture.rotaryOrder) applyRotaryOrder(copy, config.headSize);
      return copy.data;
    };
    return { name: written, shape, format: formatOf(name), data: ordered };
  });
  await writeGgufFile(path, fieldsOf(contents, architecture.name), tensors);
}

function fieldsOf({ name, licence, config, tokenizer }: GgufContents, architecture: string): Record<string, GgufField> {
  const vocabulary = tokenizer.json.model.vocab as Readonly<Record<string, number>>;
  const special = new Set(tokenizer.json.added_tokens.map(({ content }) => content));
  const tokens = Object.entries(vocabulary)
    .sort(([, a], [, b]) => a - b)
    .map(([token]) => token);
  const merges = (tokenizer.json.model.merges as readonly (string | readonly string[])[]).map((merge) =>
    typeof merge === 'string' ? merge : merge.join(' '),
  );
  const own: Readonly<Record<string, GgufField>> = {
    block_count: countField(config.layers),
    context_length: countField(config.maxPositions),
    embedding_length: countField(config.hiddenSize),
    feed_forward_length: countField(config.intermediateSize),
    'attention.head_count': countField(config.heads),
    'attention.head_count_kv': countField(config.keyValueHeads),
    'attention.key_length': countField(config.headSize),
    'attention.value_length': countField(config.headSize),
    'rope.dimension_count': countField(config.headSize),
    'rope.freq_base': floatField(config.ropeTheta),
    ...scalingFields(config),
    'attention.layer_norm_rms_epsilon': floatField(config.rmsNormEps),
    ...windowFields(config),
    vocab_size: countField(config.vocabularySize),
  };
  return {
    'general.architecture': textField(architecture),
    'general.name': textField(name),
    'general.license': textField(licence),
    'general.quantization_version': countField(2),
    ...Object.fromEntries(Object.entries(own).map(([key, field]) => [`${architecture}.${key}`, field])),
    'tokenizer.ggml.model': textField('gpt2'),
    'tokenizer.ggml.pre': textField(tokenizer.pre),
    'tokenizer.ggml.tokens': textsField(tokens),
    // Control tokens are 3, normal ones 1.
    'tokenizer.ggml.token_type': integersField(tokens.map((token) => (special.has(token) ? 3 : 1))),
    'tokenizer.ggml.merges': textsField(merges),
    'tokenizer.ggml.bos_token_id': countField(vocabulary[tokenizer.begin]),
    'tokenizer.ggml.eos_token_id': countField(vocabulary[tokenizer.end]),
    'tokenizer.ggml.padding_token_id': countField(vocabulary[tokenizer.end]),
    'tokenizer.ggml.add_bos_token': flagField(false),
    'tokenizer.chat_template': textField(tokenizer.chatTemplate),
  };
}

function scalingFields({ ropeScaling: scaling }: LlamaConfig): Record<string, GgufField> {
  if (!scaling) return {};
  if (scaling.type === 'linear') return { 'rope.scaling.type': textField('linear'), 'rope.scaling.factor': floatField(scaling.factor) };
  if (scaling.type === 'yarn' && scaling.truncate)
    return {
      'rope.scaling.type': textField('yarn'),
      'rope.scaling.factor': floatField(scaling.factor),
      'rope.scaling.original_context_length': countField(scaling.originalMaxPositions),
      'rope.scaling.yarn_beta_fast': floatField(scaling.betaFast),
      'rope.scaling.yarn_beta_slow': floatField(scaling.betaSlow),
      // llama.cpp multiplies it with what follows from the factor.
      'rope.scaling.attn_factor': floatField(scaling.attentionFactor / yarnSharpening(scaling.factor)),
    };
  throw new TandemError('unsupported-model', `Models with the rotary scaling "${scaling.type}" cannot be written as GGUF.`);
}

function windowFields({ slidingWindow: window, layers }: LlamaConfig): Record<string, GgufField> {
  if (!window) return {};
  if (window.layers.length === layers) return { 'attention.sliding_window': countField(window.size) };
  throw new TandemError('unsupported-model', 'Models with a sliding window in some of their layers cannot be written as GGUF.');
}

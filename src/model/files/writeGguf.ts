/** @file Writes a model as a GGUF file that llama.cpp and `readGguf` read. */
import { TandemError } from '../../errors.ts';
import type { FamilyGguf } from '../families/family.ts';
import { ggufFor } from '../families/table.ts';
import type { ModelShape } from '../modelShape.ts';
import type { WeightTensor } from '../weightTensor.ts';
import { countField, flagField, integersField, textField, textsField, type GgufField } from './ggufFields.ts';
import { ggufName } from './ggufNames.ts';
import { writeGgufFile } from './ggufWriter.ts';
import type { EncodedFormat } from './numberEncoders.ts';
import type { TokenizerJson } from './tokenizerJson.ts';

export interface GgufContents {
  readonly name: string;
  readonly licence: string;
  readonly config: ModelShape;
  /** By Hugging Face's names. */
  readonly weights: ReadonlyMap<string, WeightTensor>;
  readonly formatOf: (name: string) => EncodedFormat;
  readonly tokenizer: {
    /** A byte-level BPE. */
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
 * Writes to a temporary name first, then replaces an existing file completely.
 * @throws TandemError 'unsupported-model' for what llama.cpp's metadata cannot express, 'unsupported-tokenizer' for anything but byte-level BPE: a
 *   tokenizer.json no longer has SentencePiece's scores
 */
export async function writeGguf(path: string, contents: GgufContents): Promise<void> {
  const { config, weights, formatOf, tokenizer } = contents;
  if (tokenizer.json.decoder?.type !== 'ByteLevel')
    throw new TandemError('unsupported-tokenizer', 'Only tokenizers of byte-level BPE can be written as GGUF.', {
      where: { file: path },
    });
  const gguf = ggufFor(config);
  const tensors = [...weights].map(([name, { shape, data }]) => ({
    name: ggufName(name, gguf.names),
    shape,
    format: formatOf(name),
    data: () => {
      const stored = { shape, data: data.slice() };
      gguf.stored?.toFile(name, stored, config);
      return stored.data;
    },
  }));
  await writeGgufFile(path, fieldsOf(contents, gguf), tensors);
}

function fieldsOf({ name, licence, config, tokenizer }: GgufContents, gguf: FamilyGguf): Record<string, GgufField> {
  const vocabulary = tokenizer.json.model.vocab as Readonly<Record<string, number>>;
  const special = new Set(tokenizer.json.added_tokens.map(({ content }) => content));
  const tokens = Object.entries(vocabulary)
    .sort(([, a], [, b]) => a - b)
    .map(([token]) => token);
  const merges = (tokenizer.json.model.merges as readonly (string | readonly string[])[]).map((merge) =>
    typeof merge === 'string' ? merge : merge.join(' '),
  );
  return {
    'general.architecture': textField(gguf.architecture),
    'general.name': textField(name),
    'general.license': textField(licence),
    'general.quantization_version': countField(2),
    ...Object.fromEntries(Object.entries(gguf.write(config)).map(([key, field]) => [`${gguf.architecture}.${key}`, field])),
    'tokenizer.ggml.model': textField('gpt2'),
    'tokenizer.ggml.pre': textField(tokenizer.pre),
    'tokenizer.ggml.tokens': textsField(tokens),
    // 3 is a control token, 1 a normal one.
    'tokenizer.ggml.token_type': integersField(tokens.map((token) => (special.has(token) ? 3 : 1))),
    'tokenizer.ggml.merges': textsField(merges),
    'tokenizer.ggml.bos_token_id': countField(vocabulary[tokenizer.begin]),
    'tokenizer.ggml.eos_token_id': countField(vocabulary[tokenizer.end]),
    'tokenizer.ggml.padding_token_id': countField(vocabulary[tokenizer.end]),
    'tokenizer.ggml.add_bos_token': flagField(false),
    'tokenizer.chat_template': textField(tokenizer.chatTemplate),
  };
}

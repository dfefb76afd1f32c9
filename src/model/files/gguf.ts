/** @file Reads a Llama model from a GGUF file: config, weights in Hugging Face's names and layout, tokenizer. */
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { GGMLQuantizationType, gguf } from '@huggingface/gguf';
import type { GGUFParseOutput, GGUFTensorInfo } from '@huggingface/gguf';
import { TandemError } from '../../errors.ts';
import { ggufMetadata } from './ggufMetadata.ts';
import { huggingFaceName, undoRotaryOrder } from './ggufNames.ts';
import type { GgufMetadata } from './ggufMetadata.ts';
import { ggufTokenizer } from './ggufTokenizer.ts';
import { checkedConfig } from '../llamaConfig.ts';
import type { LlamaConfig } from '../llamaConfig.ts';
import type { RopeScaling } from '../rotary.ts';
import { isNumberFormat, numberFormats, readNumbers } from './numberFormats.ts';
import type { NumberFormat } from './numberFormats.ts';
import type { Tokenizer } from '../tokenizer.ts';
import type { WeightTensor } from './weights.ts';

export interface ModelParts {
  readonly config: LlamaConfig;
  readonly weights: ReadonlyMap<string, WeightTensor>;
  readonly tokenizer: Tokenizer;
  /** Everything that decides how texts become tokens, for the fingerprint. */
  readonly tokenizerDefinition: string;
}

/**
 * Tensors of type F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q4_K, Q5_K and Q6_K become float32.
 * @throws TandemError 'bad-gguf', 'unsupported-model', 'unsupported-tokenizer'
 */
export async function readGguf(path: string): Promise<ModelParts> {
  const header = await readGgufHeader(path);
  const metadata = ggufMetadata(header.metadata, path);
  const file = await open(path, 'r');
  try {
    const tensors = new TensorReader(file, path, header);
    const config = await readConfig(metadata, tensors);
    const { tokenizer, definition } = ggufTokenizer(metadata);
    return { config, weights: await readWeights(tensors, config), tokenizer, tokenizerDefinition: definition };
  } finally {
    await file.close();
  }
}

async function readGgufHeader(path: string): Promise<GGUFParseOutput> {
  const header = await gguf(path, { allowLocalFile: true }).catch((cause: unknown) => {
    if (cause instanceof Error && 'code' in cause) throw cause;
    throw new TandemError('bad-gguf', `This GGUF file cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`, {
      where: { file: path },
      cause,
    });
  });
  if (!header.littleEndian) throw new TandemError('bad-gguf', 'Big-endian GGUF files are not supported.', { where: { file: path } });
  return header;
}

async function readConfig(metadata: GgufMetadata, tensors: TensorReader): Promise<LlamaConfig> {
  const architecture = metadata.text('general.architecture');
  if (architecture !== 'llama') {
    throw new TandemError('unsupported-model', `The architecture "${architecture}" is not supported.`, {
      where: { file: metadata.file },
      hint: 'Use a Llama-family model, e.g. smollm2-135m.',
    });
  }
  const heads = metadata.number('llama.attention.head_count');
  const hiddenSize = metadata.number('llama.embedding_length');
  const headSize = metadata.optionalNumber('llama.attention.key_length') ?? hiddenSize / heads;
  const rotated = metadata.optionalNumber('llama.rope.dimension_count') ?? headSize;
  if (rotated !== headSize)
    throw new TandemError('unsupported-model', 'Models that rotate only a part of each head are not supported.', {
      where: { file: metadata.file },
    });
  return checkedConfig(
    {
      vocabularySize: tensors.shape('token_embd.weight')[0],
      hiddenSize,
      intermediateSize: metadata.number('llama.feed_forward_length'),
      layers: metadata.number('llama.block_count'),
      heads,
      keyValueHeads: metadata.optionalNumber('llama.attention.head_count_kv') ?? heads,
      headSize,
      ropeTheta: metadata.optionalNumber('llama.rope.freq_base') ?? 10000,
      ...(await ropeScaling(metadata, tensors)),
      rmsNormEps: metadata.number('llama.attention.layer_norm_rms_epsilon'),
      tiedEmbeddings: !tensors.has('output.weight'),
      maxPositions: metadata.number('llama.context_length'),
    },
    metadata.file,
  );
}

/** llama.cpp stores Llama 3.1's scaling worked out, as a divisor for each frequency. */
async function ropeScaling(metadata: GgufMetadata, tensors: TensorReader): Promise<{ ropeScaling?: RopeScaling }> {
  if (tensors.has(ropeFactors)) return { ropeScaling: { type: 'divisors', divisors: [...(await tensors.read(ropeFactors)).data] } };
  const type = metadata.optionalText('llama.rope.scaling.type') ?? 'none';
  if (type === 'none') return {};
  if (type === 'linear') return { ropeScaling: { type, factor: metadata.number('llama.rope.scaling.factor') } };
  throw new TandemError('unsupported-model', `The rotary scaling "${type}" is not supported.`, { where: { file: metadata.file } });
}

const ropeFactors = 'rope_freqs.weight';

async function readWeights(tensors: TensorReader, config: LlamaConfig): Promise<Map<string, WeightTensor>> {
  const weights = new Map<string, WeightTensor>();
  for (const name of tensors.names()) {
    if (name === ropeFactors) continue;
    const [ours, rotary] = huggingFaceName(name);
    const tensor = await tensors.read(name);
    if (rotary) undoRotaryOrder(tensor, config.headSize);
    weights.set(ours, tensor);
  }
  return weights;
}

class TensorReader {
  private readonly file: FileHandle;
  private readonly path: string;
  private readonly dataStart: bigint;
  private readonly infos: ReadonlyMap<string, GGUFTensorInfo>;

  constructor(file: FileHandle, path: string, header: GGUFParseOutput) {
    this.file = file;
    this.path = path;
    this.dataStart = header.tensorDataOffset;
    this.infos = new Map(header.tensorInfos.map((info) => [info.name, info]));
  }

  /** In the order of the file's bytes. */
  names(): string[] {
    return [...this.infos.values()].sort((a, b) => Number(a.offset - b.offset)).map(({ name }) => name);
  }

  has(name: string): boolean {
    return this.infos.has(name);
  }

  /** GGUF counts dimensions from the innermost one; we from the outermost. */
  shape(name: string): number[] {
    return this.info(name).shape.map(Number).reverse();
  }

  async read(name: string): Promise<WeightTensor> {
    const shape = this.shape(name);
    const format = this.format(name);
    const numbers = shape.reduce((product, size) => product * size, 1);
    if (shape[shape.length - 1] % format.blockNumbers !== 0) throw this.bad(`the rows of "${name}" are not whole blocks`);
    const position = Number(this.dataStart + this.info(name).offset);
    const data = await readNumbers(this.file, position, format, numbers).catch((cause: unknown) => {
      throw cause instanceof RangeError ? this.bad(`it ends within "${name}"`, cause) : cause;
    });
    return { shape, data };
  }

  private format(name: string): NumberFormat {
    const type = GGMLQuantizationType[this.info(name).dtype] ?? `type ${this.info(name).dtype}`;
    if (isNumberFormat(type)) return numberFormats[type];
    throw new TandemError('unsupported-model', `"${name}" is stored as ${type}, which is not supported.`, {
      where: { file: this.path },
      hint: `Use one of ${Object.keys(numberFormats).join(', ')}.`,
    });
  }

  private info(name: string): GGUFTensorInfo {
    const info = this.infos.get(name);
    if (!info) throw this.bad(`it has no tensor "${name}"`);
    return info;
  }

  private bad(what: string, cause?: unknown): TandemError {
    return new TandemError('bad-gguf', `This GGUF file is damaged: ${what}.`, {
      where: { file: this.path },
      hint: 'Download it again.',
      cause,
    });
  }
}

/** @file A model's weights by their Hugging Face names: their list, their shapes, and their fingerprint. */
import { createHash } from 'node:crypto';
import { TandemError } from '../../errors.ts';
import { damagedHint } from '../configFields.ts';
import { familyHint } from '../families/table.ts';
import type { ModelShape } from '../modelShape.ts';

/** Every weight of a model with this shape, in order. Linears are [out, in]. */
export function weightShapes(config: ModelShape): Map<string, readonly number[]> {
  const { hiddenSize: hidden, intermediateSize: inner, vocabularySize: vocabulary, headSize } = config;
  const queries = config.heads * headSize;
  const keys = config.keyValueHeads * headSize;
  const shapes = new Map<string, readonly number[]>([['model.embed_tokens.weight', [vocabulary, hidden]]]);
  for (let layer = 0; layer < config.layers; layer++) {
    const add = (name: string, shape: readonly number[]): void => {
      shapes.set(`model.layers.${layer}.${name}.weight`, shape);
      if (config.biases?.some((linear) => name.endsWith(linear))) shapes.set(`model.layers.${layer}.${name}.bias`, [shape[0]]);
    };
    add('input_layernorm', [hidden]);
    add('self_attn.q_proj', [queries, hidden]);
    add('self_attn.k_proj', [keys, hidden]);
    add('self_attn.v_proj', [keys, hidden]);
    if (config.queryKeyNorm) {
      add('self_attn.q_norm', [headSize]);
      add('self_attn.k_norm', [headSize]);
    }
    add('self_attn.o_proj', [hidden, queries]);
    add('post_attention_layernorm', [hidden]);
    add('mlp.gate_proj', [inner, hidden]);
    add('mlp.up_proj', [inner, hidden]);
    add('mlp.down_proj', [hidden, inner]);
  }
  shapes.set('model.norm.weight', [hidden]);
  if (!config.tiedEmbeddings) shapes.set('lm_head.weight', [vocabulary, hidden]);
  return shapes;
}

/** A weight that was located, before its numbers are read. */
export interface FoundWeight {
  readonly shape: readonly number[];
  /** Named in errors. */
  readonly file: string;
}

/**
 * Checks that the model has every weight in its shape and no others, before anything is allocated for their numbers.
 * @param found  by Hugging Face's names
 * @param file   the model, or its index
 * @param shown  the name of a weight in the file
 * @throws TandemError 'bad-weights' for a weight that is missing or has another shape, 'unsupported-model' for one that the graph would ignore
 */
export function requireWeights(
  config: ModelShape,
  found: ReadonlyMap<string, FoundWeight>,
  file: string,
  shown = (name: string): string => name,
): void {
  const shapes = weightShapes(config);
  for (const [name, weight] of found) {
    if (shapes.has(name)) continue;
    throw new TandemError('unsupported-model', `The model has a weight that models of its kind do not have: "${shown(name)}".`, {
      where: { file: weight.file },
      hint: familyHint,
    });
  }
  for (const [name, shape] of shapes) {
    const weight = found.get(name);
    if (!weight) throw new TandemError('bad-weights', `The weight "${shown(name)}" is missing.`, { where: { file }, hint: damagedHint });
    if (weight.shape.join() !== shape.join()) {
      throw new TandemError('bad-weights', `The weight "${shown(name)}" is [${weight.shape.join(', ')}], not [${shape.join(', ')}].`, {
        where: { file: weight.file },
        hint: damagedHint,
      });
    }
  }
}

/** Checks the numbers of a weight: files that are damaged, or that a download filled up with zeros, would silently compute nonsense. */
export function numbersCheck(name: string, file: string): { add(data: Float32Array): void; end(): void } {
  let zero = 0;
  let isZero = true;
  const wrong = (what: string): TandemError =>
    new TandemError('bad-weights', `The weight "${name}" ${what}. The file is damaged.`, { where: { file }, hint: 'Download it again.' });
  return {
    add(data) {
      // Anything times zero is zero, except for infinities and NaN.
      for (let i = 0; i < data.length; i++) zero += data[i] * 0;
      isZero &&= data.every((value) => value === 0);
    },
    /** @throws TandemError 'bad-weights' */
    end() {
      if (zero !== 0) throw wrong('holds values that are not numbers');
      if (!name.endsWith('.bias') && isZero) throw wrong('is zero everywhere');
    },
  };
}

/** Collects a fingerprint as tensors are loaded, in any order. Every number counts; the storage format does not. */
export class Fingerprint {
  private readonly parts: string[] = [];
  private readonly sums = new Map<string, { readonly shape: readonly number[]; readonly sum: Checksum }>();

  text(name: string, text: string): void {
    this.parts.push(`${name} ${createHash('sha256').update(text).digest('hex')}`);
  }

  /** The next numbers of a weight of this shape: a multiple of four of them, except for the last. */
  numbers(name: string, shape: readonly number[], data: Float32Array): void {
    const { sum } = this.sums.get(name) ?? { sum: checksum() };
    this.sums.set(name, { shape, sum });
    sum.add(data);
  }

  /** 16 hexadecimal digits of sha256. */
  digest(): string {
    const tensors = [...this.sums].map(([name, { shape, sum }]) => `${name} [${shape.join()}] ${sum.digest()}`);
    return createHash('sha256')
      .update([...this.parts, ...tensors].sort().join('\n'))
      .digest('hex')
      .slice(0, 16);
  }
}

interface Checksum {
  add(data: Float32Array): void;
  digest(): string;
}

/** Four interleaved multiplicative hashes of the numbers' bits: one pass at memory speed, while sha256 would take four times as long as loading. */
function checksum(): Checksum {
  let [a, b, c, d] = [1, 2, 3, 4];
  return {
    add(data) {
      const bits = new Int32Array(data.buffer, data.byteOffset, data.length);
      const lanes = bits.length - (bits.length % 4);
      for (let i = 0; i < lanes; i += 4) {
        a = Math.imul(a ^ bits[i], 0x01000193) ^ (a >>> 15);
        b = Math.imul(b ^ bits[i + 1], 0x01000193) ^ (b >>> 15);
        c = Math.imul(c ^ bits[i + 2], 0x01000193) ^ (c >>> 15);
        d = Math.imul(d ^ bits[i + 3], 0x01000193) ^ (d >>> 15);
      }
      for (let i = lanes; i < bits.length; i++) a = Math.imul(a ^ bits[i], 0x01000193) ^ (a >>> 15);
    },
    digest: () => [a, b, c, d].map((lane) => (lane >>> 0).toString(16)).join('-'),
  };
}

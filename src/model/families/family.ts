/** @file What a model family defines: how its files describe the shape of the transformer, and how the shape is written to them. */
import type { TandemError } from '../../errors.ts';
import type { ConfigFields } from '../configFields.ts';
import type { GgufField } from '../files/ggufFields.ts';
import type { GgufMetadata } from '../files/ggufMetadata.ts';
import type { WeightTensor } from '../weightTensor.ts';
import type { ModelShape, Variant } from '../modelShape.ts';

export interface Family {
  /** The name for people. */
  readonly name: string;
  readonly config: FamilyConfig;
  /** Absent if llama.cpp stores its models as those of another family. */
  readonly gguf?: FamilyGguf;
}

/** How a family's config.json is read and written. */
export interface FamilyConfig {
  /** transformers' class names. The first one is written. */
  readonly architectures: readonly string[];
  /** transformers' `model_type`, which identifies a config without `architectures`. */
  readonly modelType: string;
  /** The variants that it can express. A model with any other one is written as another family. */
  readonly variants: readonly Variant[];
  /** The sizes need not be checked, because the caller does. @throws TandemError 'bad-model-config', 'unsupported-model' */
  read(fields: ConfigFields): ModelShape;
  /**
   * The fields of config.json, apart from architecture and model type. Not called for a shape with other variants. Undefined if a config of
   * this family cannot express the whole shape.
   * @throws TandemError 'unsupported-model' for what only GGUF can express
   */
  write(shape: ModelShape): Readonly<Record<string, unknown>> | undefined;
}

/** How llama.cpp stores a family. */
export interface FamilyGguf {
  /** The file's `general.architecture`, with which its metadata keys begin. */
  readonly architecture: string;
  /** The variants that it can express. A model with any other one is stored as another architecture. */
  readonly variants: readonly Variant[];
  /** The sizes need not be checked, because the caller does. @throws TandemError 'bad-gguf', 'bad-weights', 'unsupported-model' */
  read(source: GgufSource): ModelShape;
  /** Whether llama.cpp's converter gives this architecture to a model of this shape, which has no other variants. */
  holds(shape: ModelShape): boolean;
  /** Metadata by key, without the architecture prefix. @throws TandemError 'unsupported-model' for what llama.cpp's metadata cannot express */
  write(shape: ModelShape): Readonly<Record<string, GgufField>>;
  readonly names: GgufNames;
  readonly stored?: StoredWeights;
}

/** What a GGUF file contains apart from its numbers. */
export interface GgufSource {
  readonly metadata: GgufMetadata;
  /** Shapes of its tensors, by Hugging Face's names. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** The values of `rope_freqs.weight`, if there is one. */
  readonly divisors?: readonly number[];
  /** The error to throw if no family supports what the file requires. */
  readonly unsupported: (message: string) => TandemError;
}

/** llama.cpp's tensor names (gguf-py's constants.py), each with Hugging Face's. */
export interface GgufNames {
  /** The parts of a layer, without `blk.0.` and `.weight`. */
  readonly layer: Readonly<Record<string, string>>;
  readonly model: Readonly<Record<string, string>>;
}

/** How llama.cpp's converter changes the numbers of a weight, and the inverse. Both work in place, on whole heads of rows. */
export interface StoredWeights {
  /** @param name Hugging Face's */
  toFile(name: string, weight: WeightTensor, shape: ModelShape): void;
  fromFile(name: string, weight: WeightTensor, shape: ModelShape): void;
}

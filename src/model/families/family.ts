/** @file What a model family says about itself: how its files describe the shape of the transformer, and how it is written to them. */
import type { TandemError } from '../../errors.ts';
import type { ConfigFields } from '../configFields.ts';
import type { GgufField } from '../files/ggufFields.ts';
import type { GgufMetadata } from '../files/ggufMetadata.ts';
import type { WeightTensor } from '../weightTensor.ts';
import type { ModelShape } from '../modelShape.ts';

export interface Family {
  /** For people. */
  readonly name: string;
  readonly config: FamilyConfig;
  /** Absent where llama.cpp stores its models as those of another family. */
  readonly gguf?: FamilyGguf;
}

/** How a family's config.json is read and written. */
export interface FamilyConfig {
  /** transformers' class names; the first one is written. */
  readonly architectures: readonly string[];
  /** transformers' `model_type`, by which a config without `architectures` is known. */
  readonly modelType: string;
  /** The sizes need not be checked: whoever calls this does. @throws TandemError 'bad-model-config', 'unsupported-model' */
  read(fields: ConfigFields): ModelShape;
  /**
   * The fields of config.json, apart from architecture and model type; undefined where a config of this family cannot say all of the shape.
   * @throws TandemError 'unsupported-model' for what only GGUF can say
   */
  write(shape: ModelShape): Readonly<Record<string, unknown>> | undefined;
}

/** How llama.cpp stores a family. */
export interface FamilyGguf {
  /** The file's `general.architecture`, which its metadata keys begin with. */
  readonly architecture: string;
  /** The sizes need not be checked: whoever calls this does. @throws TandemError 'bad-gguf', 'bad-weights', 'unsupported-model' */
  read(source: GgufSource): ModelShape;
  /** Whether llama.cpp's converter gives a model of this shape this architecture. */
  holds(shape: ModelShape): boolean;
  /** Metadata by key, without the architecture before it. @throws TandemError 'unsupported-model' for what llama.cpp's metadata cannot say */
  write(shape: ModelShape): Readonly<Record<string, GgufField>>;
  readonly names: GgufNames;
  readonly stored?: StoredWeights;
}

/** What a GGUF file says before its numbers are read. */
export interface GgufSource {
  readonly metadata: GgufMetadata;
  /** Shapes of its tensors, by Hugging Face's names. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** The values of `rope_freqs.weight`, if there is one. */
  readonly divisors?: readonly number[];
  /** What to throw where no family computes what the file asks for. */
  readonly unsupported: (message: string) => TandemError;
}

/** llama.cpp's tensor names (gguf-py's constants.py), each with Hugging Face's. */
export interface GgufNames {
  /** Parts of a layer, without `blk.0.` and `.weight`. */
  readonly layer: Readonly<Record<string, string>>;
  readonly model: Readonly<Record<string, string>>;
}

/** What llama.cpp's converter changes in the numbers of a weight, and the way back. Both change them in place. */
export interface StoredWeights {
  /** @param name Hugging Face's */
  toFile(name: string, weight: WeightTensor, shape: ModelShape): void;
  fromFile(name: string, weight: WeightTensor, shape: ModelShape): void;
}

/** @file llama.cpp's architectures that share our transformer, and what differs between them. */
import { TandemError } from '../../errors.ts';
import type { LinearName } from '../linears.ts';
import type { LlamaConfig } from '../llamaConfig.ts';
import type { GgufMetadata } from './ggufMetadata.ts';

export interface Architecture {
  readonly name: string;
  /** Linears that always have a bias; others may have one. */
  readonly biases: readonly LinearName[];
  readonly queryKeyNorm?: true;
  /** llama.cpp rotates neighbours, and its converter has put the rows of queries and keys in that order. */
  readonly rotaryOrder: boolean;
}

/** Mistral's own models are `llama` too. */
const architectures: readonly Architecture[] = [
  { name: 'llama', biases: [], rotaryOrder: true },
  { name: 'qwen2', biases: ['q_proj', 'k_proj', 'v_proj'], rotaryOrder: false },
  { name: 'qwen3', biases: [], queryKeyNorm: true, rotaryOrder: false },
];

/** @throws TandemError 'unsupported-model' */
export function architectureOf(metadata: GgufMetadata): Architecture {
  const name = metadata.text('general.architecture');
  const found = architectures.find((architecture) => architecture.name === name);
  if (found) return found;
  throw new TandemError('unsupported-model', `The architecture "${name.slice(0, 80)}" is not supported.`, {
    where: { file: metadata.file },
    hint: `Use a model with one of the architectures ${architectures.map((architecture) => architecture.name).join(', ')}.`,
  });
}

/** What llama.cpp's converter makes of a model of this shape. */
export function architectureFor({ queryKeyNorm, biases = [] }: LlamaConfig): Architecture {
  const name = queryKeyNorm ? 'qwen3' : biases.join() === 'q_proj,k_proj,v_proj' ? 'qwen2' : 'llama';
  return architectures.find((architecture) => architecture.name === name)!;
}

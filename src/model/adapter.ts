/** @file A LoRA adapter in memory. PEFT's directory layout is in peft.ts. */
import { createHash } from 'node:crypto';
import { TandemError } from '../errors.ts';
import { randomStream } from '../random.ts';
import { isLinearName, linearNames, type LinearName } from './linears.ts';
import type { ModelShape } from './modelShape.ts';
import type { SoftPrompt } from './softPrompt.ts';

export interface LoraConfig {
  readonly rank: number;
  /** The update is scaled by alpha / rank. */
  readonly alpha: number;
  /** Applied to the input of A, in training only. */
  readonly dropout: number;
  readonly targets: readonly LinearName[];
}

/** The trained matrices of one linear: y = W x + (alpha / rank) B A x. */
export interface LoraPair {
  readonly layer: number;
  readonly linear: LinearName;
  /** [rank, in], row-major. */
  readonly a: Float32Array;
  /** [out, rank], row-major. */
  readonly b: Float32Array;
}

/** Immutable by convention: training returns a new one. */
export interface Adapter {
  /** Hash of config and values, which names the adapter in caches and journals. */
  readonly id: string;
  readonly config: LoraConfig;
  /** Ordered by layer, then by linearNames. Empty if only a soft prompt was tuned. */
  readonly pairs: readonly LoraPair[];
  /** Replaces {{soft}} in the prompt. */
  readonly soft?: SoftPrompt;
  /** For a program with an adapter per step, the adapters first to last. Then this one has neither pairs nor a soft prompt. See stepAdapters.ts. */
  readonly steps?: readonly (Adapter | undefined)[];
}

/** Input and output width of one of the seven linears. */
export function linearSizes(config: ModelShape, linear: LinearName): { readonly inputs: number; readonly outputs: number } {
  const { hiddenSize: hidden, intermediateSize: inner } = config;
  const queries = config.heads * config.headSize;
  const keys = config.keyValueHeads * config.headSize;
  const sizes: Record<LinearName, readonly [number, number]> = {
    q_proj: [hidden, queries],
    k_proj: [hidden, keys],
    v_proj: [hidden, keys],
    o_proj: [queries, hidden],
    gate_proj: [hidden, inner],
    up_proj: [hidden, inner],
    down_proj: [inner, hidden],
  };
  const [inputs, outputs] = sizes[linear];
  return { inputs, outputs };
}

/** Sorts the pairs and names the adapter: 16 hexadecimal digits of the sha256 of config and values. */
export function makeAdapter(config: LoraConfig, pairs: readonly LoraPair[], soft?: SoftPrompt): Adapter {
  const targets = linearNames.filter((name) => config.targets.includes(name));
  const place = ({ layer, linear }: LoraPair): number => layer * linearNames.length + linearNames.indexOf(linear);
  const ordered = [...pairs].sort((one, other) => place(one) - place(other));
  const hash = createHash('sha256').update(JSON.stringify([config.rank, config.alpha, config.dropout, targets]));
  for (const { layer, linear, a, b } of ordered) hash.update(`${layer}.${linear}`).update(bytesOf(a)).update(bytesOf(b));
  if (soft) hash.update(`soft ${soft.tokens}`).update(bytesOf(soft.rows));
  return { id: hash.digest('hex').slice(0, 16), config: { ...config, targets }, pairs: ordered, ...(soft && { soft }) };
}

/** The weights, or the base weights if there are none, with a soft prompt. */
export const withSoft = (weights: Adapter | undefined, soft: SoftPrompt): Adapter =>
  makeAdapter(weights?.config ?? { rank: 1, alpha: 1, dropout: 0, targets: [] }, weights?.pairs ?? [], soft);

/** The same weights without a soft prompt. Undefined if nothing else is left. */
export const withoutSoft = ({ config, pairs }: Adapter): Adapter | undefined => (pairs.length ? makeAdapter(config, pairs) : undefined);

/** Where training starts, as in PEFT: B is zero, A uniform within 1 / sqrt(inputs) (Kaiming with a = sqrt 5). The same seed gives the same values. */
export function initialAdapter(model: ModelShape, lora: LoraConfig, seed: number): Adapter {
  const pairs: LoraPair[] = [];
  for (let layer = 0; layer < model.layers; layer++) {
    for (const linear of lora.targets) {
      const { inputs, outputs } = linearSizes(model, linear);
      const random = randomStream('initialAdapter', seed, layer, linear);
      const bound = 1 / Math.sqrt(inputs);
      const a = Float32Array.from({ length: lora.rank * inputs }, () => (2 * random.uniform() - 1) * bound);
      pairs.push({ layer, linear, a, b: new Float32Array(outputs * lora.rank) });
    }
  }
  return makeAdapter(lora, pairs);
}

const rules: { readonly [K in keyof LoraConfig]: { readonly holds: (value: LoraConfig[K]) => boolean; readonly expected: string } } = {
  rank: { holds: (rank) => Number.isSafeInteger(rank) && rank >= 1, expected: 'a whole number of at least 1, e.g. 8' },
  alpha: { holds: (alpha) => Number.isFinite(alpha) && alpha > 0, expected: 'a number above 0, e.g. 16' },
  dropout: { holds: (dropout) => dropout >= 0 && dropout < 1, expected: 'a number of at least 0 and below 1, e.g. 0.05' },
  targets: { holds: (targets) => targets.length > 0 && targets.every(isLinearName), expected: `one or more of ${linearNames.join(', ')}` },
};

/** The whole or partial config, unchanged. @throws TandemError reason 'bad-lora' if no adapter can have it */
export function checkedLora<T extends Partial<LoraConfig>>(config: T): T {
  for (const name of Object.keys(rules) as (keyof LoraConfig)[]) checkSetting(name, config[name]);
  return config;
}

function checkSetting<K extends keyof LoraConfig>(name: K, value: LoraConfig[K] | undefined): void {
  const { holds, expected } = rules[name];
  if (value === undefined || holds(value)) return;
  throw new TandemError('bad-lora', `A LoRA adapter cannot have the ${name} '${String(value)}'.`, { hint: `Use ${expected}.` });
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

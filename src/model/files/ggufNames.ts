/** @file Names and row order of tensors in GGUF files, and in Hugging Face's. */
import type { WeightTensor } from './weights.ts';

/** llama.cpp's tensor names (gguf-py constants.py). */
const layerNames: Readonly<Record<string, string>> = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_q_norm: 'self_attn.q_norm',
  attn_k_norm: 'self_attn.k_norm',
  attn_output: 'self_attn.o_proj',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
};
const modelNames: Readonly<Record<string, string>> = {
  'token_embd.weight': 'model.embed_tokens.weight',
  'output_norm.weight': 'model.norm.weight',
  'output.weight': 'lm_head.weight',
};

/** Hugging Face's name of a GGUF tensor, if it is one of ours, and whether llama.cpp keeps its rows in an order of its own for Llama. */
export function huggingFaceName(name: string): readonly [name: string, rotary: boolean] | undefined {
  const [, layer, part, kind] = /^blk\.(\d+)\.(\w+)\.(weight|bias)$/.exec(name) ?? [];
  if (!layer) return Object.hasOwn(modelNames, name) ? [modelNames[name], false] : undefined;
  if (!Object.hasOwn(layerNames, part)) return undefined;
  return [`model.layers.${layer}.${layerNames[part]}.${kind}`, rotaryParts.has(part)];
}

const rotaryParts: ReadonlySet<string> = new Set(['attn_q', 'attn_k']);

/** The way back. */
export function ggufName(name: string): readonly [name: string, rotary: boolean] {
  const [, layer, part, kind] = /^model\.layers\.(\d+)\.(.+)\.(weight|bias)$/.exec(name) ?? [];
  const found = Object.entries(layer ? layerNames : modelNames).find(([, theirs]) => theirs === (layer ? part : name))!;
  return layer ? [`blk.${layer}.${found[0]}.${kind}`, rotaryParts.has(found[0])] : [found[0], false];
}

/** llama.cpp rotates neighbours (2i, 2i + 1) of a head, Hugging Face halves (i, i + size / 2): puts the rows of each head back. */
export const undoRotaryOrder = (tensor: WeightTensor, headSize: number): void =>
  reorder(tensor, headSize, (row) => rotaryRow(row, headSize / 2));

/** Hugging Face's rows of each head into llama.cpp's order. */
export const applyRotaryOrder = (tensor: WeightTensor, headSize: number): void =>
  reorder(tensor, headSize, (row) => (row % 2 === 0 ? row / 2 : (row - 1) / 2 + headSize / 2));

/** Where llama.cpp keeps row `row` of a head. */
const rotaryRow = (row: number, half: number): number => (row < half ? 2 * row : 2 * (row - half) + 1);

/** In place: row r of each head becomes its row from(r). */
function reorder({ shape, data }: WeightTensor, headSize: number, from: (row: number) => number): void {
  const [rows, width = 1] = shape;
  for (let head = 0; head < rows; head += headSize) {
    const block = data.slice(head * width, (head + headSize) * width);
    for (let row = 0; row < headSize; row++) data.set(block.subarray(from(row) * width, (from(row) + 1) * width), (head + row) * width);
  }
}

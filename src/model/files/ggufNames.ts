/** @file Names and row order of tensors in GGUF files, and in Hugging Face's. */
import type { WeightTensor } from './weights.ts';

/** llama.cpp's tensor names (gguf-py constants.py). */
const layerNames: Readonly<Record<string, string>> = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
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

/** Hugging Face's name of a GGUF tensor, and whether its rows are in llama.cpp's rotary order. */
export function huggingFaceName(name: string): readonly [name: string, rotary: boolean] {
  const [, layer, part, kind] = /^blk\.(\d+)\.(\w+)\.(\w+)$/.exec(name) ?? [];
  if (!layer || !layerNames[part]) return [modelNames[name] ?? name, false];
  return [`model.layers.${layer}.${layerNames[part]}.${kind}`, kind === 'weight' && (part === 'attn_q' || part === 'attn_k')];
}

/** The way back. */
export function ggufName(name: string): readonly [name: string, rotary: boolean] {
  const [, layer, part] = /^model\.layers\.(\d+)\.(.+)\.weight$/.exec(name) ?? [];
  const found = Object.entries(layer ? layerNames : modelNames).find(([, theirs]) => theirs === (layer ? part : name))!;
  return layer ? [`blk.${layer}.${found[0]}.weight`, found[0] === 'attn_q' || found[0] === 'attn_k'] : [found[0], false];
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
  const [rows, width] = shape;
  for (let head = 0; head < rows; head += headSize) {
    const block = data.slice(head * width, (head + headSize) * width);
    for (let row = 0; row < headSize; row++) data.set(block.subarray(from(row) * width, (from(row) + 1) * width), (head + row) * width);
  }
}

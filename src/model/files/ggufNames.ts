/** @file From llama.cpp's tensor names to Hugging Face's, and back. */
import type { GgufNames } from '../families/family.ts';

/** Hugging Face's name of a GGUF tensor, if the tensor belongs to the architecture. */
export function huggingFaceName(name: string, names: GgufNames): string | undefined {
  const [, layer, part, kind] = /^blk\.(\d+)\.(\w+)\.(weight|bias)$/.exec(name) ?? [];
  if (!layer) return Object.hasOwn(names.model, name) ? names.model[name] : undefined;
  return Object.hasOwn(names.layer, part) ? `model.layers.${layer}.${names.layer[part]}.${kind}` : undefined;
}

/** The inverse, for a name that the architecture has. */
export function ggufName(name: string, names: GgufNames): string {
  const [, layer, part, kind] = /^model\.layers\.(\d+)\.(.+)\.(weight|bias)$/.exec(name) ?? [];
  const [found] = Object.entries(layer ? names.layer : names.model).find(([, theirs]) => theirs === (layer ? part : name))!;
  return layer ? `blk.${layer}.${found}.${kind}` : found;
}

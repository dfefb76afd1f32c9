/** @file How Qwen's configs specify which layers have a sliding window. */
import type { ConfigFields } from '../configFields.ts';
import { layersFrom, type ModelShape, type SlidingWindow } from '../modelShape.ts';

/** Layers by `layer_types`, or all from `max_window_layers` on. */
export function readQwenWindow(fields: ConfigFields, layers: number): SlidingWindow | undefined {
  if (!fields.flag('use_sliding_window', false) || fields.raw('sliding_window') === null) return undefined;
  const size = fields.count('sliding_window', 4096);
  const types = fields.raw('layer_types');
  const sliding = Array.isArray(types)
    ? layersFrom(0, layers).filter((layer) => types[layer] === 'sliding_attention')
    : layersFrom(Math.max(0, fields.number('max_window_layers', 28)), layers);
  return { size, layers: sliding };
}

export function writtenQwenWindow({ slidingWindow: window, layers }: ModelShape): Record<string, unknown> {
  if (!window) return {};
  return {
    use_sliding_window: true,
    sliding_window: window.size,
    layer_types: layersFrom(0, layers).map((layer) => (window.layers.includes(layer) ? 'sliding_attention' : 'full_attention')),
  };
}

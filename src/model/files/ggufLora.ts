/** @file Writes an adapter as the GGUF file that llama.cpp's `--lora` and Ollama's `ADAPTER` take. */
import type { Adapter } from '../adapter.ts';
import { blockOf } from '../linears.ts';
import { loraFeeds } from '../engine.ts';
import { ggufFor } from '../families/table.ts';
import type { ModelShape } from '../modelShape.ts';
import { floatField, textField } from './ggufFields.ts';
import { ggufName } from './ggufNames.ts';
import { writeGgufFile } from './ggufWriter.ts';

/**
 * In float32, as llama.cpp's convert_lora_to_gguf.py writes it: B's rows of queries and keys in llama.cpp's rotary order.
 * @param config the config of the model that the adapter was tuned on
 * @throws TandemError 'adapter-mismatch'
 */
export async function writeGgufLora(path: string, config: ModelShape, adapter: Adapter): Promise<void> {
  const { rank, alpha } = adapter.config;
  const gguf = ggufFor(config);
  loraFeeds(config, adapter);
  const tensors = adapter.pairs.flatMap(({ layer, linear, a, b }) => {
    const weight = `model.layers.${layer}.${blockOf(linear)}.${linear}.weight`;
    const name = ggufName(weight, gguf.names);
    const up = [b.length / rank, rank];
    const stored = (): Float32Array => {
      const copy = { shape: up, data: b.slice() };
      gguf.stored?.toFile(weight, copy, config);
      return copy.data;
    };
    return [
      { name: `${name}.lora_a`, shape: [rank, a.length / rank], format: 'F32' as const, data: () => a },
      { name: `${name}.lora_b`, shape: up, format: 'F32' as const, data: stored },
    ];
  });
  const fields = {
    'general.architecture': textField(gguf.architecture),
    'general.type': textField('adapter'),
    'general.name': textField(`Tandem adapter ${adapter.id}`),
    'adapter.type': textField('lora'),
    'adapter.lora.alpha': floatField(alpha),
  };
  await writeGgufFile(path, fields, tensors);
}

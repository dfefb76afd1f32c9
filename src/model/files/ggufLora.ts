/** @file Writes an adapter as the GGUF file that llama.cpp's `--lora` and Ollama's `ADAPTER` take. */
import type { Adapter } from '../adapter.ts';
import { blockOf } from '../linears.ts';
import { loraFeeds } from '../engine.ts';
import type { LlamaConfig } from '../llamaConfig.ts';
import { architectureFor } from './ggufArchitectures.ts';
import { applyRotaryOrder, ggufName } from './ggufNames.ts';
import { floatField, textField, writeGgufFile } from './ggufWriter.ts';

/**
 * In float32, as llama.cpp's convert_lora_to_gguf.py writes it: B's rows of queries and keys in llama.cpp's rotary order.
 * @param config of the model that the adapter was tuned on
 * @throws TandemError 'adapter-mismatch'
 */
export async function writeGgufLora(path: string, config: LlamaConfig, adapter: Adapter): Promise<void> {
  const { rank, alpha } = adapter.config;
  const architecture = architectureFor(config);
  loraFeeds(config, adapter);
  const tensors = adapter.pairs.flatMap(({ layer, linear, a, b }) => {
    const [name, rotary] = ggufName(`model.layers.${layer}.${blockOf(linear)}.${linear}.weight`);
    const down = [rank, a.length / rank];
    const up = [b.length / rank, rank];
    const ordered = (): Float32Array => {
      const copy = { shape: up, data: b.slice() };
      if (rotary && architecture.rotaryOrder) applyRotaryOrder(copy, config.headSize);
      return copy.data;
    };
    return [
      { name: `${name}.lora_a`, shape: down, format: 'F32' as const, data: () => a },
      { name: `${name}.lora_b`, shape: up, format: 'F32' as const, data: ordered },
    ];
  });
  const fields = {
    'general.architecture': textField(architecture.name),
    'general.type': textField('adapter'),
    'general.name': textField(`Tandem adapter ${adapter.id}`),
    'adapter.type': textField('lora'),
    'adapter.lora.alpha': floatField(alpha),
  };
  await writeGgufFile(path, fields, tensors);
}

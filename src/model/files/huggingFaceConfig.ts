/** @file Hugging Face's config.json: read as a model's shape by the family that it names, and written. */
import { TandemError } from '../../errors.ts';
import { configFields, damagedHint, isRecord, shown, type ConfigFields } from '../configFields.ts';
import type { FamilyConfig } from '../families/family.ts';
import { families, familyHint } from '../families/table.ts';
import { checkedShape, hasOnly, type ModelShape } from '../modelShape.ts';

/**
 * Reads a config.json (as transformers 4 or 5 writes it).
 * @param file  named in errors
 * @throws TandemError 'unsupported-model' for a model that no family supports, 'bad-model-config' for a missing or invalid field
 */
export function parseHuggingFaceConfig(json: unknown, file: string, among = families): ModelShape {
  if (!isRecord(json))
    throw new TandemError('bad-model-config', 'The model config is not a JSON object.', { where: { file }, hint: damagedHint });
  const fields = configFields(json, file, familyHint);
  const config = configOf(
    fields,
    among.map((family) => family.config),
  );
  if (fields.nested('quantization_config'))
    throw fields.unsupported('Quantized Hugging Face directories are not supported. Quantized GGUF files are.');
  return checkedShape(config.read(fields), file);
}

/** The config.json that transformers and `parseHuggingFaceConfig` read back. @throws TandemError 'unsupported-model' for what only GGUF can express */
export function huggingFaceConfig(shape: ModelShape, among = families): Record<string, unknown> {
  for (const { config } of among) {
    const written = hasOnly(shape, config.variants) ? config.write(shape) : undefined;
    if (written) return { architectures: [config.architectures[0]], model_type: config.modelType, ...written, torch_dtype: 'float32' };
  }
  throw new TandemError('unsupported-model', 'No model family of transformers has the biases and windows of this model.');
}

function configOf(fields: ConfigFields, among: readonly FamilyConfig[]): FamilyConfig {
  const listed = fields.raw('architectures');
  const architectures = Array.isArray(listed) ? listed.map(shown) : [];
  const modelType = fields.raw('model_type');
  const [found] = architectures.length
    ? architectures.flatMap((name) => among.filter((config) => config.architectures.includes(name)))
    : among.filter((config) => config.modelType === modelType);
  if (found) return found;
  throw fields.unsupported(`The architecture ${architectures.join(', ') || shown(modelType)} is not supported.`);
}

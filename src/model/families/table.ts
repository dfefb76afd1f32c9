/** @file Every supported model family, one per line. */
import { TandemError } from '../../errors.ts';
import { hasOnly, type ModelShape } from '../modelShape.ts';
import type { Family, FamilyGguf } from './family.ts';
import { llama } from './llama.ts';
import { mistral } from './mistral.ts';
import { qwen2 } from './qwen2.ts';
import { qwen3 } from './qwen3.ts';

/** A model is written as the first family that can express all of it. */
export const families: readonly Family[] = [llama, mistral, qwen2, qwen3];

/** What to do if Tandem cannot run a model. */
export const familyHint = `Use a model of the families ${listed(families.map(({ name }) => name))}, e.g. smollm2-135m.`;

/** llama.cpp's architectures. */
export const ggufsOf = (among: readonly Family[]): readonly FamilyGguf[] => among.flatMap(({ gguf }) => (gguf ? [gguf] : []));

/** The architecture that llama.cpp's converter gives to a model of this shape. */
export function ggufFor(shape: ModelShape, among = families): FamilyGguf {
  const found = ggufsOf(among).find((gguf) => hasOnly(shape, gguf.variants) && gguf.holds(shape));
  if (!found) throw new TandemError('unsupported-model', 'No architecture of llama.cpp has the biases and norms of this model.');
  return found;
}

/** A, B or C. */
function listed(names: readonly string[]): string {
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} or ${names.at(-1)}` : names.join('');
}

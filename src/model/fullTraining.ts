/** @file Trains every weight of a model in place, and saves the result as a Hugging Face directory. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TandemError } from '../errors.ts';
import { adamWDefaults, adamWStep, clipGradients, noMoments, type AdamWOptions } from './adamw.ts';
import type { StepResult } from './adapterTraining.ts';
import type { Engine } from './engine.ts';
import { f32 } from './frozen/f32.ts';
import { huggingFaceConfig } from './files/huggingFaceConfig.ts';
import { writeSafetensors } from './files/safetensors.ts';
import { batchGradient, type TrainingExample } from './training.ts';
import { weightShapes } from './files/weights.ts';

export interface FullTraining {
  readonly steps: number;
  step(examples: readonly TrainingExample[], learningRate: number): Promise<StepResult>;
}

/**
 * Changes the engine's own weights. All users of the engine see the change at once, and must drop what was computed before (prefixes, caches).
 * Moments take twice the weights' memory.
 * @throws TandemError 'not-trainable' for weights that are not stored as float32
 */
export function trainWeights(engine: Engine, options: Partial<AdamWOptions> & { readonly clip?: number } = {}): FullTraining {
  if (engine.form !== f32)
    throw new TandemError(
      'not-trainable',
      `The weights are held as ${engine.form.name}. Only those in float32 can be trained themselves.`,
      {
        hint: 'Tune an adapter, or open the model in float32.',
      },
    );
  const moments = noMoments();
  const values = new Map([...weightShapes(engine.config).keys()].map((name) => [name, engine.weights[name].data as Float32Array]));
  return {
    get steps() {
      return moments.step;
    },
    async step(examples, learningRate) {
      const { loss, gradients, tokens } = await batchGradient(engine, 'weights', examples, 0);
      const gradientNorm = clipGradients(gradients, options.clip ?? 1);
      adamWStep(values, gradients, moments, learningRate, { ...adamWDefaults, ...options });
      engine.weightsChanged();
      return { loss, gradientNorm, tokens };
    },
  };
}

/**
 * Writes config.json and model.safetensors (f32) to a new directory. The caller copies the tokenizer's files.
 * @throws TandemError 'already-there' rather than write into a directory that exists
 */
export async function saveWeights(directory: string, { config, weights }: Engine): Promise<void> {
  const temporary = `${directory}.part`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  await writeFile(join(temporary, 'config.json'), `${JSON.stringify(huggingFaceConfig(config), null, 2)}\n`);
  const tensors = [...weightShapes(config)].map(([name, shape]) => [name, { shape, data: weights[name].data as Float32Array }] as const);
  await writeSafetensors(join(temporary, 'model.safetensors'), tensors, { format: 'pt' });
  await rename(temporary, directory).catch((cause: unknown) => {
    throw new TandemError('already-there', 'A file or folder already exists here.', {
      where: { file: directory },
      cause,
      hint: 'Choose another directory.',
    });
  });
}

/** @file What the steps of making nano agree on. */

/** Everything that is not kept: the teacher, checkpoints, logs. */
export const work = 'models/nano/train/.work';

export const vocabularySize = 16_000;
export const specialTokens = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'];

/** Seeds of the episodes; calibration and training draw from different streams. */
export const calibrationSeed = 1;
export const trainingSeed = 2;

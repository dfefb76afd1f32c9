/** @file Settings that the steps of making nano share. */

import type { EncodedFormat } from '../../../src/model/files/numberEncoders.ts';

/** The folder for everything that is not kept: the teacher, checkpoints, logs. */
export const work = 'models/nano/train/.work';

export const vocabularySize = 16_000;
export const specialTokens = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'];

/** Seeds of the episodes; calibration and training draw from different streams. */
export const calibrationSeed = 1;
export const trainingSeed = 2;

/** How nano's tensors are stored: norms unchanged, everything else in blocks. */
export const formatOf = (name: string): EncodedFormat => (name.endsWith('norm.weight') ? 'F32' : 'Q4_0');

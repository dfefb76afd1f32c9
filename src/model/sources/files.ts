/** @file The common part of all sources whose models are files that are computed here. */
import { stat } from 'node:fs/promises';
import { loadFrozen, loadTexts } from '../files/modelFiles.ts';
import { formFor } from '../frozen/formFor.ts';
import { makeLocalModel } from '../localModel.ts';
import type { ModelSource } from './modelSource.ts';

export const ofFiles: Pick<ModelSource, 'version' | 'texts' | 'open'> = {
  version: async (path) => String((await stat(path)).mtimeMs),
  texts: loadTexts,
  open: async (path, { executor, weights = 'f32' }) =>
    makeLocalModel(await loadFrozen(path, (shape) => formFor(weights, shape)), await executor()),
};

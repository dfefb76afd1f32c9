/** @file The common part of all sources whose models are files that are computed here. */
import { stat } from 'node:fs/promises';
import { loadModelFiles, loadTexts } from '../files/modelFiles.ts';
import { frozenForms } from '../frozen/table.ts';
import { makeLocalModel } from '../localModel.ts';
import type { ModelSource } from './modelSource.ts';

export const ofFiles: Pick<ModelSource, 'version' | 'texts' | 'open'> = {
  version: async (path) => String((await stat(path)).mtimeMs),
  texts: loadTexts,
  open: async (path, { executor, form = 'f32' }) => makeLocalModel(await loadModelFiles(path), await executor(), frozenForms[form]),
};

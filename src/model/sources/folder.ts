/** @file A folder of Hugging Face files, named by its absolute path. */
import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { ofFiles } from './files.ts';
import type { ModelSource } from './modelSource.ts';

export const folder: ModelSource = {
  ...ofFiles,
  name: 'folder',
  claims: (spec) => isAbsolute(spec) && existsSync(join(spec, 'config.json')),
  locate: async (spec) => resolve(spec),
};

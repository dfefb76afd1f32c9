/** @file A GGUF file, named by its absolute path. */
import { existsSync, statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { ofFiles } from './files.ts';
import type { ModelSource } from './modelSource.ts';

export const gguf: ModelSource = {
  ...ofFiles,
  name: 'gguf',
  claims: (spec) => isAbsolute(spec) && /\.gguf$/i.test(spec) && existsSync(spec) && statSync(spec).isFile(),
  locate: async (spec) => resolve(spec),
};

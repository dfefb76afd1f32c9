/** @file Everything that the store finds or fetches: the embedded model, installed ones, relative paths, Hugging Face's cache and hub, a wheel. */
import { resolveModel } from '../store/store.ts';
import { ofFiles } from './files.ts';
import type { ModelSource } from './modelSource.ts';

export const stored: ModelSource = {
  ...ofFiles,
  name: 'stored',
  /** For an unknown spec, the store's error says what it could be. */
  claims: () => true,
  locate: resolveModel,
};

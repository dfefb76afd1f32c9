/** @file Every source of models, one a line. */
import { folder } from './folder.ts';
import { gguf } from './gguf.ts';
import type { LocateOptions, ModelSource } from './modelSource.ts';
import { stored } from './stored.ts';

/** The first one that claims a spec has it: the store, which claims all, is last. */
export const modelSources: readonly ModelSource[] = [folder, gguf, stored];

export const sourceOf = (spec: string, among = modelSources): ModelSource => among.find((source) => source.claims(spec)) ?? stored;

/** The place of a model, whichever source has it. @throws TandemError as `ModelSource.locate` */
export const locateModel = (spec: string, options: LocateOptions = {}, among = modelSources): Promise<string> =>
  sourceOf(spec, among).locate(spec, options);

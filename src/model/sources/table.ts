/** @file Every source of models, one per line. */
import { folder } from './folder.ts';
import { gguf } from './gguf.ts';
import type { LocateOptions, ModelSource } from './modelSource.ts';
import { stored } from './stored.ts';

/** The first one that claims a spec is used. The store claims all specs, so it is last. */
export const modelSources: readonly ModelSource[] = [folder, gguf, stored];

export const sourceOf = (spec: string, among = modelSources): ModelSource => among.find((source) => source.claims(spec)) ?? stored;

/** The place of a model, from whichever source claims it. @throws TandemError as `ModelSource.locate` */
export const locateModel = (spec: string, options: LocateOptions = {}, among = modelSources): Promise<string> =>
  sourceOf(spec, among).locate(spec, options);

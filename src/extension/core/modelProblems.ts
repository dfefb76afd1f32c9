/** @file Whether the model that a prompt file names is on this machine, and what could be named or added instead. */
import { dirname } from 'node:path';
import { TandemError } from '../../errors.ts';
import { quote } from '../../prompt/editYaml.ts';
import { nearestName, nearestNames } from '../../prompt/nearest.ts';
import type { Problem, PromptFile } from '../../prompt/promptFile.ts';

/** A model that is not on this machine. */
export interface MissingModel {
  readonly error: TandemError;
  /** It is known where to get it, so it is downloaded when it is first used, or can be added before. */
  readonly canBeAdded: boolean;
  /** The names of the models that are there, and of those that can be added by name. */
  readonly known: readonly string[];
}

/** Looks for the model on this machine, and nowhere else. @returns undefined for one that is here, or that the file does not name */
export async function missingModel({ path, settings: { model }, ranges }: PromptFile): Promise<MissingModel | undefined> {
  if (!ranges.model) return undefined;
  // Loaded on demand: they bring the hub's client and the readers of models along.
  const [{ locateModel }, { canBeAdded, listModels, shortNames }] = await Promise.all([
    import('../../model/sources/table.ts'),
    import('../../model/store/store.ts'),
  ]);
  try {
    await locateModel(model, { cwd: dirname(path), download: false });
    return undefined;
  } catch (error) {
    if (!(error instanceof TandemError) || error.reason !== 'model-not-found') return undefined;
    const installed = (await listModels()).map(({ name }) => name);
    return { error, canBeAdded: canBeAdded(model), known: [...new Set([...installed, ...Object.keys(shortNames)])] };
  }
}

export function modelProblems(file: PromptFile, { error, canBeAdded, known }: MissingModel): Problem[] {
  const { model } = file.settings;
  const range = file.ranges.model;
  const meant = nearestName(model, known);
  if (canBeAdded) {
    const message = `The model "${model}" is not on this machine. It is downloaded when it is first used.`;
    const instead = meant === undefined || meant === model ? [] : [quote(meant)];
    return [{ severity: 'information', message, range, fix: { range, instead, model } }];
  }
  const hint = meant === undefined ? `Known here: ${known.join(', ')}. ${error.hint ?? ''}`.trim() : `Did you mean "${meant}"?`;
  const fix = { range, instead: nearestNames(model, known).map(quote) };
  return [{ severity: 'error', message: error.message, range, hint, fix }];
}

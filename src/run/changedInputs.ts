/** @file What a run depends on and must not change during the run: its data, its metrics and its model. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { TandemError } from '../errors.ts';
import { readFileBytes } from '../files.ts';
import { isModule } from '../prompt/answersNeeded.ts';
import { hashText } from './record/results.ts';
import { readState, type RunDirectory } from './record/runDirectory.ts';
import type { Session } from './session.ts';

type Hashes = Readonly<Record<string, string>>;

/** @throws TandemError reason 'data-changed' */
export function requireSameData(directory: RunDirectory, data: Hashes): void {
  const [file] = changedFiles(directory, data);
  if (file === undefined) return;
  const what = isModule(file) ? 'metric' : 'data';
  throw new TandemError('data-changed', `The ${what} has changed since the run began.`, {
    where: { file },
    hint: 'Restore the file, or start a new run.',
  });
}

/** Adapters and answers from before the change would belong to another model. @throws TandemError reason 'model-changed' */
export function requireSameModel(directory: RunDirectory, { model }: Pick<Session, 'model'>): void {
  const began = readState(directory).config?.model;
  if (!began || began.fingerprint === model.fingerprint) return;
  throw new TandemError('model-changed', `The model ${model.name} has changed since the run began.`, {
    hint: 'Restore the model, or start a new run.',
  });
}

/** A notice for each file that changed during the run. */
export const changeNotices = (directory: RunDirectory, data: Hashes): string[] =>
  changedFiles(directory, data).map(
    (file) =>
      `${file} changed during the run. The run's numbers are for the file as it was at the start; the current file would give different numbers.`,
  );

/** Absolute paths of the files that differ from the record. */
function changedFiles({ workspace }: RunDirectory, data: Hashes): string[] {
  return Object.entries(data)
    .map(([path, hash]) => ({ file: resolve(workspace, path), hash }))
    .filter(({ file, hash }) => !existsSync(file) || hashText(readFileBytes(file)) !== hash)
    .map(({ file }) => file);
}

/** @file Learned starts on disk: a PEFT adapter, `warm-start.json` with its origin and the prior over proposals, and a card. */
import { existsSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { TandemError } from '../errors.ts';
import type { Adapter } from '../model/adapter.ts';
import { modelName } from '../model/files/modelFiles.ts';
import { loadAdapter, saveAdapter } from '../model/files/peft.ts';
import type { ProposalPrior, Tally } from '../optimize/proposalPrior.ts';
import type { WarmStart } from '../optimize/warmStart.ts';
import { amount, exactly, list, object, optional, table, text, whole } from '../shape.ts';
import { readVersioned, writeVersioned } from './record/jsonFile.ts';
import type { Session } from './session.ts';
import type { RunSpec } from './spec.ts';
import { makeFolder } from './record/tandemFolder.ts';
import { warmStartOfVersionOne } from './record/versionOne.ts';

/** `warm-start.json`. */
export interface WarmStartRecord {
  readonly version: 2;
  readonly model: { readonly name: string; readonly fingerprint: string };
  readonly tasks: readonly string[];
  readonly rounds: number;
  /** About the soft prompt that was learned beside the adapter. Absent if none was. */
  readonly softTokens?: number;
  /** Tokens that learning took. */
  readonly tokensUsed: number;
  readonly prior: ProposalPrior;
}

const recordName = 'warm-start.json';

const tallies = table(object<Tally>({ tried: amount, won: amount }));

const shape = object<WarmStartRecord>({
  version: exactly(2),
  model: object<WarmStartRecord['model']>({ name: text, fingerprint: text }),
  tasks: list(text),
  rounds: whole,
  softTokens: optional(whole),
  tokensUsed: amount,
  prior: object<ProposalPrior>({ proposers: tallies, kinds: tallies }),
});

/** In Hugging Face's cache all files beside a model are links. */
const readStart = (folder: string): WarmStartRecord | undefined =>
  readVersioned(join(folder, recordName), 2, shape, { links: 'followed', upgrade: warmStartOfVersionOne });

/** `.tandem/warm-start/<model>/` of the workspace. */
export const warmStartFolder = (workspace: string, model: string): string =>
  join(workspace, '.tandem', 'warm-start', model.replaceAll(/[^\w.-]+/g, '-'));

/** Replaces an existing start. @param about the text of the card, in Markdown */
export async function saveWarmStart(
  folder: string,
  adapter: Adapter,
  record: Omit<WarmStartRecord, 'version'>,
  { baseModel, about, dtype }: { readonly baseModel: string; readonly about: string; readonly dtype?: 'F32' | 'F16' },
): Promise<void> {
  await saveAdapter(folder, adapter, { baseModel, ...(dtype && { dtype }) });
  writeRecord(folder, { version: 2, ...record });
  writeFileSync(join(folder, 'README.md'), about);
}

/** A start's origin and its prior. The adapter is unchanged. */
export const writeRecord = (folder: string, record: WarmStartRecord): void => writeVersioned(join(folder, recordName), record);

/** @throws TandemError 'no-warm-start', and whatever is wrong with its files */
export async function readWarmStart(folder: string, from = folder): Promise<{ warm: WarmStart; record: WarmStartRecord }> {
  const record = readStart(folder);
  if (!record) {
    throw new TandemError('no-warm-start', 'No warm start was found here.', {
      where: { file: join(folder, recordName) },
      hint: 'Learn one: tandem warm-start FOLDER',
    });
  }
  return { warm: { from, adapter: await loadAdapter(folder), prior: record.prior }, record };
}

/** Where a run searches for a start, in this order: what the workspace has learned for the model, then what is beside the model. */
function startPlaces(workspace: string, model: string, modelSource: string): { readonly folder: string; readonly name: string }[] {
  const own = warmStartFolder(workspace, model);
  const beside = join(modelSource.endsWith('.gguf') ? dirname(modelSource) : modelSource, 'warm-start');
  return [
    { folder: own, name: relative(workspace, own).replaceAll('\\', '/') },
    { folder: beside, name: `the start of ${model}` },
  ].filter(({ folder }) => existsSync(join(folder, recordName)));
}

/**
 * The learned starts for a model, first the one that a run takes by default. Whether they fit the weights is checked when a run loads
 * them.
 * @param modelSource as `locateModel` gives it
 * @throws TandemError 'bad-file', 'newer-version'
 */
export function learnedStarts(
  workspace: string,
  modelSource: string,
): { readonly folder: string; readonly name: string; readonly record: WarmStartRecord }[] {
  return startPlaces(workspace, modelName(modelSource), modelSource).map((place) => ({
    ...place,
    record: readStart(place.folder)!,
  }));
}

/**
 * The start of a run: the folder that it names, or, with 'auto', the workspace's own for this model, otherwise the one beside the model.
 * One that belongs to another model is skipped, or refused if it was named.
 * @throws TandemError 'no-warm-start', 'other-model'
 */
export async function warmStartFor(
  { workspace, model, modelSource, programEvaluator }: Session,
  spec: RunSpec,
): Promise<WarmStart | undefined> {
  const wanted = spec.warmStart ?? 'auto';
  // What the settings of an untrusted workspace name is not loaded.
  const asked = spec.untrusted && wanted !== 'none' ? 'auto' : wanted;
  // A program's probe would have to measure all of its steps, so it runs without a start.
  if (asked === 'none' || spec.tune === 'prompt' || programEvaluator) return undefined;
  const named = asked !== 'auto';
  // A published method has none unless one is named.
  if (!named && spec.schedule.startsWith('baseline:')) return undefined;
  const found = startPlaces(workspace, model.name, modelSource);
  const places = named
    ? [{ folder: asked, name: basename(asked) }]
    : found.filter(({ folder }) => !spec.untrusted || folder !== warmStartFolder(workspace, model.name));
  for (const { folder, name } of places) {
    const { warm, record } = await readWarmStart(folder, name);
    if (record.model.fingerprint === model.fingerprint) return warm;
    if (named) {
      throw new TandemError('other-model', `This warm start was learned for ${record.model.name}, not for ${model.name}.`, {
        where: { file: join(folder, recordName) },
        hint: 'Learn one for this model: tandem warm-start FOLDER --model MODEL',
      });
    }
  }
  return undefined;
}

/** The folder where a workspace keeps its start for the model, created if necessary. */
export function ownWarmStart(workspace: string, model: string): string {
  makeFolder(workspace, 'warm-start');
  return warmStartFolder(workspace, model);
}

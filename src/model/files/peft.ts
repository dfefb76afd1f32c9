/**
 * @file LoRA adapters as PEFT directories, which `peft` loads unchanged. A soft prompt is in PEFT's prompt-tuning layout in the folder
 * `soft_prompt` beside the LoRA, or in the folder itself if there is no LoRA, because PEFT cannot have both in one. For a program with an
 * adapter per step, the directory has one of these for each step, and `tandem_steps.json`.
 */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { TandemError } from '../../errors.ts';
import { isMissing, readTextFileLater } from '../../files.ts';
import { formerName, temporaryName } from '../../temporary.ts';
import { makeAdapter, withSoft, type Adapter, type LoraConfig, type LoraPair } from '../adapter.ts';
import { isLinearName, linearNames, type LinearName } from '../linears.ts';
import { stepAdapters } from '../stepAdapters.ts';
import { moduleName, otherAdapterHint, parsePeftConfig, peftConfig, type ModuleSettings, type PeftSettings } from './peftConfig.ts';
import { configName, softFolder, stepsName, weightsName } from './adapterFiles.ts';
import { readSafetensors, writeSafetensors } from './safetensors.ts';
import { loadSoftPrompt, writeSoftPrompt } from './softPromptFiles.ts';
import type { WeightTensor } from '../weightTensor.ts';

/**
 * Writes `adapter_config.json` and `adapter_model.safetensors`. The directory is created under a temporary name and renamed, so that it
 * is never incomplete. An older adapter at the same place is replaced.
 * @param baseModel  the name by which `peft` finds the base model: a Hugging Face id or a folder
 * @param dtype  F16 halves the file and rounds the matrices; `peft` reads both
 */
export async function saveAdapter(
  directory: string,
  adapter: Adapter,
  { baseModel, dtype }: { baseModel: string; dtype?: 'F32' | 'F16' },
): Promise<void> {
  const target = resolve(directory);
  const temporary = temporaryName(target);
  const former = formerName(target);
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  await writeInto(temporary, adapter, { baseModel, dtype });
  await rename(target, former).catch(ignoreMissing);
  await rename(temporary, target);
  await rm(former, { recursive: true, force: true });
}

async function writeInto(
  directory: string,
  adapter: Adapter,
  { baseModel, dtype }: { baseModel: string; dtype: 'F32' | 'F16' | undefined },
): Promise<void> {
  if (adapter.pairs.length > 0) {
    await writeFile(join(directory, configName), JSON.stringify(peftConfig(adapter, baseModel), undefined, 2) + '\n');
    await writeSafetensors(join(directory, weightsName), adapterTensors(adapter), { format: 'pt' }, dtype);
  }
  if (adapter.soft) {
    await writeSoftPrompt(adapter.pairs.length > 0 ? join(directory, softFolder) : directory, adapter.soft, { baseModel });
  }
  if (!adapter.steps) return;
  for (const { folder, adapter: own } of stepFolders(adapter)) {
    await mkdir(join(directory, folder));
    await writeInto(join(directory, folder), own, { baseModel, dtype });
  }
  const steps = adapter.steps.map((own, step) => (own ? folderOfStep(step) : null));
  await writeFile(join(directory, stepsName), JSON.stringify({ version: stepsVersion, steps }, undefined, 2) + '\n');
}

/** The folder of each step's adapter, first step first. */
export function stepFolders({ steps = [] }: Adapter): { readonly step: number; readonly folder: string; readonly adapter: Adapter }[] {
  return steps.flatMap((adapter, step) => (adapter ? [{ step, folder: folderOfStep(step), adapter }] : []));
}

const folderOfStep = (step: number): string => `step-${step + 1}`;

/** Whether there is an adapter of any kind in this folder. */
export const isAdapterFolder = (directory: string): boolean => [configName, stepsName].some((name) => existsSync(join(directory, name)));

/** The folders that it names. Undefined if there is no such file. */
async function readSteps(directory: string): Promise<readonly (string | null)[] | undefined> {
  const file = join(directory, stepsName);
  const text = await readTextFileLater(file).catch(ignoreMissing);
  if (text === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw bad(file, 'The list of steps is not valid JSON', cause);
  }
  const { version, steps } = (json ?? {}) as { version?: unknown; steps?: unknown };
  if (typeof version === 'number' && version > stepsVersion)
    throw bad(file, 'The list of steps was written by a newer Tandem', undefined, 'Update Tandem.');
  const named = Array.isArray(steps) && steps.length > 0 && steps.every((name, step) => name === null || name === folderOfStep(step));
  if (version !== stepsVersion || !named) throw bad(file, `The list of steps should look like ["${folderOfStep(0)}", null]`);
  return steps as (string | null)[];
}

/**
 * Reads every LoRA that PEFT computes in the same way: any of the seven linears in any layers, each with a separate rank and scale.
 * @throws TandemError 'bad-adapter' for anything else, 'bad-safetensors' for damaged weights
 */
export async function loadAdapter(directory: string): Promise<Adapter> {
  const steps = await readSteps(directory);
  if (steps) {
    const loaded: (Adapter | undefined)[] = [];
    for (const name of steps) loaded.push(name === null ? undefined : await loadAdapter(join(directory, name)));
    return stepAdapters(loaded);
  }
  const file = join(directory, configName);
  const text = await readTextFileLater(file).catch((cause: unknown) => {
    if (cause instanceof TandemError) throw cause;
    throw bad(file, 'There is no adapter here', cause, 'Name a folder that holds adapter_config.json and adapter_model.safetensors.');
  });
  const alone = await loadSoftPrompt(directory);
  if (alone) return withSoft(undefined, alone);
  const settings = parsePeftConfig(text, file);
  const weightsFile = join(directory, weightsName);
  const tensors = await readSafetensors(weightsFile).catch((cause: unknown) => {
    throw (cause as NodeJS.ErrnoException).code === 'ENOENT' ? bad(weightsFile, 'The adapter has no weights file', cause) : cause;
  });
  const { config, pairs } = uniformAdapter(pairTensors(tensors, settings, weightsFile), settings.dropout, weightsFile);
  return makeAdapter(config, pairs, await loadSoftPrompt(join(directory, softFolder)));
}

const stepsVersion = 1;

/** A file in place of the folder also counts as empty. */
function ignoreMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}

function* adapterTensors({ config, pairs }: Adapter): Generator<readonly [string, WeightTensor]> {
  for (const pair of pairs) {
    const { a, b } = pair;
    const name = `base_model.model.${moduleName(pair)}`;
    yield [`${name}.lora_A.weight`, { shape: [config.rank, a.length / config.rank], data: a }];
    yield [`${name}.lora_B.weight`, { shape: [b.length / config.rank, config.rank], data: b }];
  }
}

const tensorName = /(?:^|\.)layers\.(\d+)\.(?:self_attn|mlp)\.(\w+)\.lora_([AB])(?:\.default)?\.weight$/;

/** One module's matrices as stored in the file. */
interface StoredPair extends ModuleSettings {
  readonly layer: number;
  readonly linear: LinearName;
  readonly A?: Float32Array;
  readonly B?: Float32Array;
}

function pairTensors(tensors: ReadonlyMap<string, WeightTensor>, settings: PeftSettings, file: string): StoredPair[] {
  if ([...tensors.values()].every(({ data }) => data.length === 0)) {
    throw bad(
      file,
      'The adapter has no weights',
      undefined,
      'ZeRO-3 writes such a file. Save the adapter again with its weights gathered.',
    );
  }
  const halves = new Map<string, StoredPair>();
  for (const [name, { shape, data }] of tensors) {
    const [, layer, linear, side] = tensorName.exec(name) ?? [];
    if (!layer || !isLinearName(linear)) {
      throw bad(file, `The adapter has the tensor "${name}", but only LoRA of ${linearNames.join(', ')} is supported`);
    }
    const place = { layer: Number(layer), linear };
    const module = moduleName(place);
    const own = settings.moduleSettings(module);
    if (!own) throw bad(file, `The adapter has the tensor "${name}", but its config does not adapt ${module}`);
    if (shape.length !== 2 || shape[side === 'A' ? 0 : 1] !== own.rank) {
      throw bad(file, `"${name}" is [${shape.join(', ')}], which does not fit rank ${own.rank}`);
    }
    const known = halves.get(module);
    if (known?.[side as 'A' | 'B']) throw bad(file, `The adapter has "${name}" twice`);
    halves.set(module, { ...place, ...own, ...known, [side]: data });
  }
  return [...halves.values()];
}

/**
 * One rank and one scale for all, as our graphs require: the highest rank, with zeros if a module has a lower one, and other scales
 * multiplied into B. Zeros have no gradients, so training leaves them unchanged, and the adapter still equals PEFT's.
 */
function uniformAdapter(stored: readonly StoredPair[], dropout: number, file: string): { config: LoraConfig; pairs: LoraPair[] } {
  const { rank, scale } = stored.reduce((one, other) => (other.rank > one.rank ? other : one));
  const pairs = stored.map(({ layer, linear, A, B, ...own }): LoraPair => {
    if (!A || !B) throw bad(file, `The adapter has only one half of layer ${layer}'s ${linear}`);
    const b = own.scale === scale ? B : B.map((value) => (value * own.scale) / scale);
    return { layer, linear, a: padded(A, 1, A.length, rank / own.rank), b: padded(b, b.length / own.rank, own.rank, rank / own.rank) };
  });
  const targets = linearNames.filter((name) => pairs.some(({ linear }) => linear === name));
  return { config: { rank, alpha: scale * rank, dropout, targets }, pairs };
}

/** Rows [count, width], each with zeros up to `times` its width. */
function padded(values: Float32Array, count: number, width: number, times: number): Float32Array {
  if (times === 1) return values;
  const result = new Float32Array(values.length * times);
  for (let row = 0; row < count; row++) result.set(values.subarray(row * width, (row + 1) * width), row * width * times);
  return result;
}

function bad(file: string, message: string, cause?: unknown, hint: string = otherAdapterHint): TandemError {
  return new TandemError('bad-adapter', `${message}.`, { where: { file }, hint, cause });
}

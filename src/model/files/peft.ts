/**
 * @file LoRA adapters as PEFT directories, which `peft` loads unchanged. A soft prompt stands in PEFT's prompt-tuning layout in the folder
 * `soft_prompt` beside the LoRA, or in the folder itself where there is no LoRA: PEFT cannot have both in one. Of a program whose steps have
 * one each, the directory has one of these for each step, and `tandem_steps.json`.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { TandemError } from '../../errors.ts';
import { makeAdapter, withSoft, type Adapter, type LoraConfig, type LoraPair } from '../adapter.ts';
import { blockOf, isLinearName, linearNames, type LinearName } from '../linears.ts';
import { stepAdapters } from '../stepAdapters.ts';
import { readSafetensors, writeSafetensors } from './safetensors.ts';
import { loadSoftPrompt, writeSoftPrompt } from './softPromptFiles.ts';
import type { WeightTensor } from './weights.ts';

/**
 * Writes `adapter_config.json` and `adapter_model.safetensors`. The directory is made under a temporary name and renamed, so that it
 * is never half there; an older adapter at the same place is replaced.
 * @param baseModel  how `peft` finds the base model: a Hugging Face id or a folder
 * @param dtype  F16 halves the file and rounds the matrices; `peft` reads both
 */
export async function saveAdapter(
  directory: string,
  adapter: Adapter,
  { baseModel, dtype }: { baseModel: string; dtype?: 'F32' | 'F16' },
): Promise<void> {
  const target = resolve(directory);
  const temporary = `${target}.${process.pid}.part`;
  const former = `${target}.${process.pid}.old`;
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
    await writeFile(join(directory, configName), JSON.stringify(peftConfig(adapter.config, baseModel), undefined, 2) + '\n');
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

/** Where the adapter of each step that has one lies, from the first step on. */
export function stepFolders({ steps = [] }: Adapter): { readonly step: number; readonly folder: string; readonly adapter: Adapter }[] {
  return steps.flatMap((adapter, step) => (adapter ? [{ step, folder: folderOfStep(step), adapter }] : []));
}

const folderOfStep = (step: number): string => `step-${step + 1}`;

/** Whether there is an adapter in this folder, of whichever kind. */
export const isAdapterFolder = (directory: string): boolean => [configName, stepsName].some((name) => existsSync(join(directory, name)));

/** The folders that it names; undefined where there is no such file. */
async function readSteps(directory: string): Promise<readonly (string | null)[] | undefined> {
  const file = join(directory, stepsName);
  const text = await readFile(file, 'utf8').catch(ignoreMissing);
  if (text === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw bad(file, 'The list of steps is not JSON', cause);
  }
  const { version, steps } = (json ?? {}) as { version?: unknown; steps?: unknown };
  if (typeof version === 'number' && version > stepsVersion) throw bad(file, 'The list of steps was written by a newer Tandem');
  const named = Array.isArray(steps) && steps.length > 0 && steps.every((name, step) => name === null || name === folderOfStep(step));
  if (version !== stepsVersion || !named) throw bad(file, `The list of steps is not like ["${folderOfStep(0)}", null]`);
  return steps as (string | null)[];
}

/** @throws TandemError 'bad-adapter' for a directory that is not a plain LoRA of Llama's linears, 'bad-safetensors' for damaged weights */
export async function loadAdapter(directory: string): Promise<Adapter> {
  const steps = await readSteps(directory);
  if (steps) {
    const loaded: (Adapter | undefined)[] = [];
    for (const name of steps) loaded.push(name === null ? undefined : await loadAdapter(join(directory, name)));
    return stepAdapters(loaded);
  }
  const file = join(directory, configName);
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw bad(file, 'There is no adapter at this place', cause);
  });
  const alone = await loadSoftPrompt(directory);
  if (alone) return withSoft(undefined, alone);
  const config = parseConfig(text, file);
  const weightsFile = join(directory, weightsName);
  const tensors = await readSafetensors(weightsFile).catch((cause: unknown) => {
    throw (cause as NodeJS.ErrnoException).code === 'ENOENT' ? bad(weightsFile, 'The adapter has no weights file', cause) : cause;
  });
  return makeAdapter(config, pairTensors(tensors, config, weightsFile), await loadSoftPrompt(join(directory, softFolder)));
}

const configName = 'adapter_config.json';
const weightsName = 'adapter_model.safetensors';
const softFolder = 'soft_prompt';
const stepsName = 'tandem_steps.json';
const stepsVersion = 1;

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

function peftConfig({ rank, alpha, dropout, targets }: LoraConfig, baseModel: string): object {
  return {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: baseModel,
    r: rank,
    lora_alpha: alpha,
    lora_dropout: dropout,
    target_modules: targets,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    use_rslora: false,
    use_dora: false,
  };
}

/** PEFT settings that change what an adapter computes, with the value that we compute. */
const neutralSettings: Readonly<Record<string, unknown>> = {
  bias: 'none',
  use_rslora: false,
  use_dora: false,
  fan_in_fan_out: false,
  lora_bias: false,
  rank_pattern: {},
  alpha_pattern: {},
  modules_to_save: null,
};

function parseConfig(text: string, file: string): LoraConfig {
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw bad(file, 'The adapter config is not JSON', cause);
  }
  if (json.peft_type !== 'LORA') throw bad(file, `The adapter is of type ${String(json.peft_type)}, not LORA`);
  for (const [name, neutral] of Object.entries(neutralSettings)) {
    const value = json[name] ?? neutral;
    if (JSON.stringify(value) !== JSON.stringify(neutral))
      throw bad(file, `The adapter setting "${name}": ${JSON.stringify(value)} is not supported`);
  }
  const { r: rank, lora_alpha: alpha, lora_dropout: dropout = 0, target_modules: modules } = json;
  if (typeof rank !== 'number' || typeof alpha !== 'number' || typeof dropout !== 'number') {
    throw bad(file, '"r", "lora_alpha" or "lora_dropout" in the adapter config is not a number');
  }
  const targets = modules === 'all-linear' ? [...linearNames] : Array.isArray(modules) ? modules.map(String) : [];
  const foreign = targets.find((name) => !isLinearName(name));
  if (foreign !== undefined || targets.length === 0)
    throw bad(file, `The adapter changes ${foreign ? `"${foreign}"` : 'no known module'}; only ${linearNames.join(', ')} are supported`);
  return { rank, alpha, dropout, targets: linearNames.filter((name) => targets.includes(name)) };
}

function* adapterTensors({ config, pairs }: Adapter): Generator<readonly [string, WeightTensor]> {
  for (const { layer, linear, a, b } of pairs) {
    const name = `base_model.model.model.layers.${layer}.${blockOf(linear)}.${linear}`;
    yield [`${name}.lora_A.weight`, { shape: [config.rank, a.length / config.rank], data: a }];
    yield [`${name}.lora_B.weight`, { shape: [b.length / config.rank, config.rank], data: b }];
  }
}

const tensorName = /(?:^|\.)layers\.(\d+)\.(?:self_attn|mlp)\.(\w+)\.lora_([AB])(?:\.default)?\.weight$/;

function pairTensors(tensors: ReadonlyMap<string, WeightTensor>, { rank, targets }: LoraConfig, file: string): LoraPair[] {
  const halves = new Map<string, { layer: number; linear: LinearName; A?: Float32Array; B?: Float32Array }>();
  for (const [name, { shape, data }] of tensors) {
    const [, layer, linear, side] = tensorName.exec(name) ?? [];
    if (!layer || !isLinearName(linear) || !targets.includes(linear)) throw bad(file, `The adapter has an unexpected tensor "${name}"`);
    if (shape.length !== 2 || shape[side === 'A' ? 0 : 1] !== rank)
      throw bad(file, `"${name}" is [${shape.join(', ')}], which does not fit rank ${rank}`);
    const key = `${layer}.${linear}`;
    halves.set(key, { layer: Number(layer), linear, ...halves.get(key), [side]: data });
  }
  return [...halves.values()].map(({ layer, linear, A, B }) => {
    if (!A || !B) throw bad(file, `The adapter has only one half of layer ${layer}'s ${linear}`);
    return { layer, linear, a: A, b: B };
  });
}

function bad(file: string, message: string, cause?: unknown): TandemError {
  return new TandemError('bad-adapter', `${message}.`, { where: { file }, cause });
}

/** @file `adapter_config.json` of PEFT's LoRA: which settings we compute as PEFT does, which modules they adapt, and the scale of each. */
import { TandemError } from '../../errors.ts';
import type { Adapter, LoraPair } from '../adapter.ts';
import { isRecord, shown } from '../configFields.ts';
import { blockOf } from '../linears.ts';
import { matchesPattern } from './pythonPattern.ts';

/** What to do about an adapter that Tandem cannot read. */
export const otherAdapterHint = 'Save the adapter again as a plain LoRA of PEFT.';

/** A module's share of an adapter: its update is scale B A, with A of this rank. */
export interface ModuleSettings {
  readonly rank: number;
  readonly scale: number;
}

export interface PeftSettings {
  readonly dropout: number;
  /**
   * @param module  by PEFT's name, e.g. `model.layers.3.self_attn.q_proj`
   * @returns undefined if the settings do not adapt the module
   */
  moduleSettings(module: string): ModuleSettings | undefined;
}

/** PEFT's name of a linear. */
export const moduleName = ({ layer, linear }: Pick<LoraPair, 'layer' | 'linear'>): string =>
  `model.layers.${layer}.${blockOf(linear)}.${linear}`;

/**
 * Reads the settings of a LoRA as PEFT 0.21 does (`check_target_module_exists`, `get_pattern_key`).
 * @throws TandemError 'bad-adapter' for any setting that changes what the adapter computes in a way that we do not reproduce,
 * known or not
 */
export function parsePeftConfig(text: string, file: string): PeftSettings {
  const json = parseObject(text, file);
  if (json.peft_type !== 'LORA') throw bad(file, `The adapter is of type ${shown(json.peft_type)}, not LORA`);
  for (const [name, value] of Object.entries(json)) {
    if (!isAllowed(name, value)) throw refused(name, value, file);
  }
  const number = (name: string, otherwise: number, holds: (value: number) => boolean, expected: string): number => {
    const value = json[name] ?? otherwise;
    if (typeof value !== 'number' || !holds(value)) throw bad(file, `"${name}" is ${shown(value)}, but should be ${expected}`);
    return value;
  };
  const rank = number('r', 8, isRank, 'a whole number of at least 1');
  const alpha = number('lora_alpha', 8, isAlpha, 'a number above 0 (with 0 the adapter does nothing)');
  const dropout = number('lora_dropout', 0, (value) => value >= 0 && value < 1, 'a number of at least 0 and below 1');
  const ranks = patternTable(json, 'rank_pattern', isRank, file);
  const alphas = patternTable(json, 'alpha_pattern', isAlpha, file);
  const targets = targetRule(json, file);
  const scaleOf = json.use_rslora === true ? Math.sqrt : (own: number) => own;
  return {
    dropout,
    moduleSettings(module) {
      if (!targets(module)) return undefined;
      const own = ranks(module) ?? rank;
      return { rank: own, scale: (alphas(module) ?? alpha) / scaleOf(own) };
    },
  };
}

/** The settings of an adapter as PEFT reads them. Modules that it lacks are named by neither targets nor layers. */
export function peftConfig({ config: { rank, alpha, dropout, targets }, pairs }: Adapter, baseModel: string): object {
  return {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: baseModel,
    r: rank,
    lora_alpha: alpha,
    lora_dropout: dropout,
    ...chosenModules(targets, pairs),
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    use_rslora: false,
    use_dora: false,
  };
}

/** The names of the linears; the layers, if they are not all layers from the first; or the full names if the layers differ. */
function chosenModules(targets: readonly string[], pairs: readonly LoraPair[]): object {
  const layers = [...new Set(pairs.map(({ layer }) => layer))];
  if (pairs.length !== layers.length * targets.length) return { target_modules: pairs.map(moduleName) };
  const fromTheFirst = layers.every((layer, place) => layer === place);
  return { target_modules: targets, ...(!fromTheFirst && { layers_to_transform: layers }) };
}

type Rule = (value: unknown) => boolean;

const anything: Rule = () => true;
const flag: Rule = (value) => typeof value === 'boolean';
/** A newer PEFT writes its new settings to every file. Empty or off, they change nothing. */
const off: Rule = (value) =>
  value === null || value === undefined || value === false || (typeof value === 'object' && Object.keys(value).length === 0);

/**
 * The settings that may have a value other than "off". Initializations that leave the base weights unchanged (including `eva`)
 * only say where A and B came from. PiSSA, OLoRA, CorDA, LoftQ and LoRA-GA have PEFT change the base weights when it loads the adapter.
 */
const allowed: Readonly<Record<string, Rule>> = {
  peft_type: anything,
  task_type: (value) => value === 'CAUSAL_LM' || off(value),
  auto_mapping: anything,
  peft_version: anything,
  base_model_name_or_path: anything,
  revision: anything,
  inference_mode: anything,
  r: anything,
  lora_alpha: anything,
  lora_dropout: anything,
  target_modules: anything,
  exclude_modules: anything,
  layers_to_transform: anything,
  layers_pattern: anything,
  rank_pattern: anything,
  alpha_pattern: anything,
  use_rslora: flag,
  // PEFT corrects it to false for the linears of these models.
  fan_in_fan_out: flag,
  bias: (value) => value === 'none' || off(value),
  init_lora_weights: (value) => flag(value) || ['gaussian', 'orthogonal', 'eva', 'true', 'false'].includes(String(value).toLowerCase()),
  eva_config: anything,
  // Only read with `use_qalora`, with `megatron_config` and during training.
  qalora_group_size: anything,
  megatron_core: anything,
  runtime_config: anything,
};

const isAllowed = (name: string, value: unknown): boolean => (Object.hasOwn(allowed, name) && allowed[name](value)) || off(value);

function refused(name: string, value: unknown, file: string): TandemError {
  if (name === 'init_lora_weights') {
    return bad(file, `"init_lora_weights" is ${shown(value)}. PEFT changes the base weights when it loads such an adapter`, {
      hint: 'Convert it to a plain LoRA. In PEFT, save it with save_pretrained(…, path_initial_model_for_weight_conversion=…).',
    });
  }
  return bad(file, `The adapter setting "${name}": ${shown(value)} is not supported, because it may change what the adapter computes`, {
    hint: 'Tandem reads plain LoRA adapters. Merge this one into its base model with PEFT and add the merged model.',
  });
}

const isRank = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;
const isAlpha = (value: number): boolean => Number.isFinite(value) && value > 0;

/** The value of `rank_pattern` or `alpha_pattern` for a module: the first pattern that matches the end of its name, in whole parts. */
function patternTable(
  json: Readonly<Record<string, unknown>>,
  name: string,
  holds: (value: number) => boolean,
  file: string,
): (module: string) => number | undefined {
  const table = json[name] ?? {};
  if (!isRecord(table)) throw bad(file, `"${name}" is ${shown(table)}, but should be an object of module names and numbers`);
  const entries = Object.entries(table).map(([pattern, value]) => {
    if (typeof value !== 'number' || !holds(value))
      throw bad(
        file,
        `"${name}" gives "${pattern}" the value ${shown(value)}, but should give it a number that ${name === 'rank_pattern' ? 'is whole and at least 1' : 'is above 0'}`,
      );
    return [pattern, value] as const;
  });
  return (module) => entries.find(([pattern]) => matchesPattern(`(.*\\.)?(${pattern})`, module, { file, setting: name }))?.[1];
}

/** Which modules are adapted, by `target_modules`, `exclude_modules`, `layers_to_transform` and `layers_pattern`. */
function targetRule(json: Readonly<Record<string, unknown>>, file: string): (module: string) => boolean {
  const named = (setting: string): ((module: string) => boolean) => {
    const value = json[setting];
    if (typeof value === 'string') return (module) => matchesPattern(value, module, { file, setting });
    const names = texts(value, setting, file);
    return (module) => names.some((name) => module === name || module.endsWith(`.${name}`));
  };
  const { target_modules: targets, exclude_modules: excluded, layers_to_transform: asked } = json;
  const isTarget = targets === 'all-linear' ? () => true : named('target_modules');
  const isExcluded = off(excluded) ? () => false : named('exclude_modules');
  // PEFT reads the layers only for a list of names. With a regular expression it refuses them.
  const layers = off(asked) ? undefined : Array.isArray(asked) ? asked : [asked];
  if (layers?.some((layer) => !Number.isSafeInteger(layer))) {
    throw bad(file, `"layers_to_transform" is ${shown(asked)}, but should be layer numbers`);
  }
  const inLayers = layers ? layerRule(json, new Set(layers as number[]), file) : () => true;
  return (module) => !isExcluded(module) && isTarget(module) && inLayers(module);
}

function layerRule(json: Readonly<Record<string, unknown>>, layers: ReadonlySet<number>, file: string): (module: string) => boolean {
  const value = json.layers_pattern;
  const patterns = off(value) || value === '' ? [] : typeof value === 'string' ? [value] : texts(value, 'layers_pattern', file);
  return (module) => {
    const [, container, layer] = /^(?:.*?\.)?([^.]*)\.(\d+)\./.exec(module) ?? [];
    const known =
      patterns.length === 0 || patterns.some((pattern) => matchesPattern(pattern, container, { file, setting: 'layers_pattern' }));
    return known && layers.has(Number(layer));
  };
}

function texts(value: unknown, setting: string, file: string): readonly string[] {
  if (Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string')) return value;
  throw bad(file, `"${setting}" is ${shown(value)}, but should be a list of module names or one regular expression`);
}

function parseObject(text: string, file: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw bad(file, 'The adapter config is not valid JSON', { cause });
  }
  if (!isRecord(json)) throw bad(file, 'The adapter config is not a JSON object');
  return json;
}

function bad(file: string, message: string, { hint = otherAdapterHint, cause }: { hint?: string; cause?: unknown } = {}): TandemError {
  return new TandemError('bad-adapter', `${message}.`, { where: { file }, hint, cause });
}

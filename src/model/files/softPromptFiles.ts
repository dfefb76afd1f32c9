/** @file Soft prompts in PEFT's prompt-tuning layout. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TandemError } from '../../errors.ts';
import { otherAdapterHint } from './peftConfig.ts';
import { isMissing, readTextFileLater } from '../../files.ts';
import type { SoftPrompt } from '../softPrompt.ts';
import { configName, originName, weightsName } from './adapterFiles.ts';
import { readSafetensors, writeSafetensors } from './safetensors.ts';

/** Writes `adapter_config.json` and `adapter_model.safetensors` with `prompt_embeddings` [tokens, hidden] into the directory. */
export async function writeSoftPrompt(directory: string, soft: SoftPrompt, { baseModel }: { baseModel: string }): Promise<void> {
  const width = soft.rows.length / soft.tokens;
  const config = {
    peft_type: 'PROMPT_TUNING',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: baseModel,
    num_virtual_tokens: soft.tokens,
    token_dim: width,
    num_transformer_submodules: 1,
    // PEFT fills the rows from the file. TEXT would make it load a tokenizer first.
    prompt_tuning_init: 'RANDOM',
    inference_mode: true,
  };
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, configName), JSON.stringify(config, undefined, 2) + '\n');
  await writeSafetensors(join(directory, weightsName), [['prompt_embeddings', { shape: [soft.tokens, width], data: soft.rows }]], {
    format: 'pt',
  });
  await writeFile(join(directory, originName), JSON.stringify({ version: 1, text: soft.text, drift: soft.drift }) + '\n');
}

/** @returns undefined if the directory has none. @throws TandemError 'bad-adapter', 'bad-safetensors' */
export async function loadSoftPrompt(directory: string): Promise<SoftPrompt | undefined> {
  const file = join(directory, configName);
  const config = await readJson(file);
  if (config?.peft_type !== 'PROMPT_TUNING') return undefined;
  const weights = join(directory, weightsName);
  const tensor = (await readSafetensors(weights)).get('prompt_embeddings');
  const tokens = config.num_virtual_tokens;
  if (typeof tokens !== 'number' || tensor?.shape.length !== 2 || tensor.shape[0] !== tokens) {
    throw new TandemError('bad-adapter', 'The soft prompt has no "prompt_embeddings" with the number of rows that its config gives.', {
      where: { file: weights },
    });
  }
  // A soft prompt that PEFT trained does not record its initial text.
  const { text, drift } = (await readJson(join(directory, originName))) ?? {};
  return { tokens, rows: tensor.data, text: typeof text === 'string' ? text : '', drift: typeof drift === 'number' ? drift : 0 };
}

/** @returns undefined if there is no such file */
async function readJson(file: string): Promise<Record<string, unknown> | undefined> {
  const text = await readTextFileLater(file).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new TandemError('bad-adapter', 'The config of the soft prompt is not valid JSON.', {
      where: { file },
      hint: otherAdapterHint,
      cause,
    });
  }
}

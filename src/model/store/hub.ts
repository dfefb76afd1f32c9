/** @file Models on the Hugging Face hub, and in the cache of Hugging Face's own tools. */
import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileDownloadInfo, getHFHubCachePath, listFiles } from '@huggingface/hub';
import type { ListFileEntry } from '@huggingface/hub';
import { TandemError } from '../../errors.ts';
import { describeCause, downloadFile, hasContent, impatientFetch } from './download.ts';
import type { ContentHash, DownloadProgress } from './download.ts';
import { readHuggingFaceSettings, readIndex } from '../files/huggingFaceDirectory.ts';
import { requireMemory } from '../files/modelFiles.ts';
import { parseHuggingFaceConfig } from '../files/huggingFaceConfig.ts';

export interface HubOptions {
  /** Default: HF_ENDPOINT, else https://huggingface.co. */
  readonly hubUrl?: string;
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly signal?: AbortSignal;
}

/** `org/name`, as the hub writes ids. */
export function isHubId(text: string): boolean {
  return /^[\w-][\w.-]*\/[\w-][\w.-]*$/.test(text);
}

/**
 * Downloads the files of a model that Tandem needs into a directory: config, tokenizer, safetensors. Complete existing files are kept.
 * @param id  `org/name`
 * @throws TandemError 'hub-unreachable', 'model-not-found', 'download-failed', 'download-damaged'; before the weights are fetched also
 *   'unsupported-model', 'bad-model-config', 'bad-tokenizer', 'bad-weights', 'model-too-large'
 */
export async function downloadFromHub(id: string, directory: string, options: HubOptions = {}): Promise<void> {
  if (process.env.HF_HUB_OFFLINE === '1')
    throw new TandemError('hub-unreachable', 'HF_HUB_OFFLINE=1 forbids access to the Hugging Face hub.', {
      hint: 'Unset it, or use a model that is already on this machine.',
    });
  const files = await neededFiles(id, options);
  const total = files.reduce((sum, { size }) => sum + size, 0);
  let finished = 0;
  const weightsBegin = files.findIndex(({ path }) => weightFile.test(path));
  for (const [place, file] of files.entries()) {
    if (place === weightsBegin) await checkSettings(directory, files);
    const report = (received: number): void => options.onProgress?.({ what: `${id}: ${file.path}`, received: finished + received, total });
    await fetchFile(id, file, join(directory, file.path), report, options);
    finished += file.size;
    report(0);
    // The tokenizer alone may take 20 MB.
    if (file.path === 'config.json') parseHuggingFaceConfig(await readConfig(join(directory, file.path)), `${id}/config.json`);
  }
}

async function readConfig(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new TandemError('download-damaged', 'The downloaded model config is not valid JSON.', {
      where: { file },
      hint: 'Try again.',
      cause,
    });
  }
}

/** Before the weights are fetched, checks config, tokenizer and memory, and that all files that the index names exist. */
async function checkSettings(directory: string, listed: readonly ListFileEntry[]): Promise<void> {
  const { config } = await readHuggingFaceSettings(directory);
  requireMemory(config, join(directory, 'config.json'));
  const { place, files } = await readIndex(directory);
  const missing = files.map((file) => basename(file)).find((name) => !listed.some(({ path }) => path === name));
  if (missing !== undefined)
    throw new TandemError('unsupported-model', `The weights lack the file ${missing}.`, { where: { file: place } });
}

/** The newest snapshot of a model in Hugging Face's own cache (HF_HUB_CACHE, HF_HOME, ~/.cache/huggingface), if its files are there. */
export async function findInHubCache(id: string): Promise<string | undefined> {
  const repository = join(getHFHubCachePath(), `models--${id.replace('/', '--')}`);
  const commit = await readFile(join(repository, 'refs', 'main'), 'utf8').catch(() => undefined);
  if (commit === undefined) return undefined;
  const snapshot = join(repository, 'snapshots', commit.trim());
  const there = async (file: string): Promise<boolean> => (await stat(join(snapshot, file)).catch(() => undefined)) !== undefined;
  const weights = (await there('model.safetensors')) || (await there('model.safetensors.index.json'));
  return weights && (await there('config.json')) && (await there('tokenizer.json')) ? snapshot : undefined;
}

const settingFiles = [
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'chat_template.jinja',
  'model.safetensors.index.json',
];
const weightFile = /^model(-\d+-of-\d+)?\.safetensors$/;
/** Short, so that a closed network is noticed soon. */
const answerTime = 5_000;

/** The config comes first, so that an unsupported model is refused before its weights are fetched. */
async function neededFiles(id: string, options: HubOptions): Promise<ListFileEntry[]> {
  const files: ListFileEntry[] = [];
  try {
    for await (const entry of listFiles({ repo: id, ...hubParameters(options) })) {
      if (settingFiles.includes(entry.path) || weightFile.test(entry.path)) files.push(entry);
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    throw hubError(id, error);
  }
  for (const needed of ['config.json', 'tokenizer.json']) {
    if (!files.some(({ path }) => path === needed))
      throw new TandemError('unsupported-model', `${id} on the Hugging Face hub has no ${needed}.`);
  }
  if (!files.some(({ path }) => weightFile.test(path)))
    throw new TandemError('unsupported-model', `${id} on the Hugging Face hub has no safetensors files.`);
  const place = ({ path }: ListFileEntry): number => (settingFiles.includes(path) ? settingFiles.indexOf(path) : settingFiles.length);
  return files.sort((one, other) => place(one) - place(other) || one.path.localeCompare(other.path));
}

async function fetchFile(
  id: string,
  entry: ListFileEntry,
  path: string,
  onProgress: (received: number) => void,
  options: HubOptions,
): Promise<void> {
  const size = entry.lfs?.size ?? entry.size;
  const hash = contentHash(entry);
  if (await hasContent(path, size, hash)) return;
  const { accessToken } = hubParameters(options);
  const info = await fileDownloadInfo({ repo: id, path: entry.path, ...hubParameters(options) }).catch((error: unknown) => {
    options.signal?.throwIfAborted();
    throw hubError(id, error);
  });
  if (!info) throw new TandemError('download-failed', `${id} on the Hugging Face hub no longer has ${entry.path}.`);
  const headers: Record<string, string> = accessToken ? { Authorization: `Bearer ${accessToken}` } : {};
  await downloadFile(info.url, path, { headers, size, hash, onProgress, signal: options.signal });
}

function contentHash({ lfs, oid, path }: ListFileEntry): ContentHash {
  if (lfs) return { kind: 'sha256', hex: lfs.oid };
  if (oid) return { kind: 'git', hex: oid };
  throw new TandemError('download-failed', `The Hugging Face hub reports no hash for ${path}.`);
}

interface HubParameters {
  readonly hubUrl?: string;
  readonly fetch: typeof fetch;
  readonly accessToken?: string;
}

function hubParameters({ hubUrl = process.env.HF_ENDPOINT, signal }: HubOptions): HubParameters {
  const token = process.env.HF_TOKEN;
  return { ...(hubUrl ? { hubUrl } : {}), ...(token ? { accessToken: token } : {}), fetch: impatientFetch(answerTime, signal) };
}

function hubError(id: string, error: unknown): TandemError {
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : undefined;
  if (status === 401 || status === 403 || status === 404) {
    return new TandemError('model-not-found', `The Hugging Face hub has no model ${id} that you can access (${status}).`, {
      hint: 'Check the spelling. For a gated model, accept its terms and set HF_TOKEN.',
      cause: error,
    });
  }
  return new TandemError('hub-unreachable', `The Hugging Face hub cannot be reached: ${describeCause(error)}.`, {
    hint: 'Check the network.',
    cause: error,
  });
}

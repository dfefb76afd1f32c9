/** @file Model outputs cached on disk, so that the same question is never computed twice. */
import { createHash } from 'node:crypto';
import { appendFile, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TandemError } from '../errors.ts';
import { readTextFileLater, requireOwnFile } from '../files.ts';
import type { Generation } from '../model/languageModel.ts';

/** Numbers, or a generated text and what ended it. */
export type CacheValue = readonly number[] | CachedText;

export type CachedText = Pick<Generation, 'text' | 'finish'>;

export interface Cache {
  get(key: string): CacheValue | undefined;
  set(key: string, value: CacheValue): void;
  /** Writes what was set since the last flush. */
  flush(): Promise<void>;
}

export interface CacheOptions {
  /** The oldest shards are deleted when the folder grows larger than this. Default 64 MiB. */
  readonly maxBytes?: number;
}

/** The key of a question: a hash of everything that its answer depends on. */
export function cacheKey(...question: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(question)).digest('hex');
}

/** A cache that lasts as long as the process. */
export function memoryCache(): Cache {
  const values = new Map<string, CacheValue>();
  return { get: (key) => values.get(key), set: (key, value) => void values.set(key, value), flush: async () => {} };
}

/**
 * A cache in a folder of append-only shards: `000001.jsonl`, `000002.jsonl` and so on. The first line of a shard has the version. Lines that a crash
 * cut off are skipped. Several processes may share the folder. Each sees what the others had written before it opened the folder.
 * @throws TandemError reasons 'newer-version' if a newer Tandem wrote the folder, 'not-a-file' for a shard that is a link or no file
 */
export async function openCache(folder: string, { maxBytes = 64 * 2 ** 20 }: CacheOptions = {}): Promise<Cache> {
  await mkdir(folder, { recursive: true });
  const lines = new Map<string, { shard: string; line: string }>();
  const shards: { name: string; bytes: number }[] = [];
  for (const name of (await readdir(folder)).filter((each) => /^\d{6}\.jsonl$/.test(each)).sort()) {
    const path = join(folder, name);
    const text = await readTextFileLater(path, { links: 'refused' });
    const version = versionOf(text);
    if (version > currentVersion) {
      const hint = `Update Tandem, or delete ${folder}: it is only a cache.`;
      throw new TandemError('newer-version', `The cache was written by a newer Tandem (version ${version}).`, {
        where: { file: path },
        hint,
      });
    }
    if (version < currentVersion) {
      await rm(path, { force: true });
      continue;
    }
    shards.push({ name, bytes: (await stat(path)).size });
    for (const line of text.split('\n')) if (linePattern.test(line)) lines.set(keyOf(line), { shard: name, line });
  }

  let pending = new Map<string, string>();
  let writing = Promise.resolve();
  const write = async (): Promise<void> => {
    const batch = pending;
    if (batch.size === 0) return;
    pending = new Map();
    const last = shards.at(-1);
    const fresh = !last || last.bytes >= maxBytes / 8;
    const shard = fresh ? { name: `${String(Number(last?.name.slice(0, 6) ?? 0) + 1).padStart(6, '0')}.jsonl`, bytes: 0 } : last;
    if (fresh) shards.push(shard);
    // The leading newline ends a line that a crash may have cut off.
    const text = `${fresh ? JSON.stringify({ version: currentVersion }) : ''}\n${[...batch.values()].join('\n')}\n`;
    requireOwnFile(join(folder, shard.name));
    await appendFile(join(folder, shard.name), text).catch((error: unknown) => {
      pending = new Map([...batch, ...pending]);
      throw error;
    });
    shard.bytes += Buffer.byteLength(text);
    for (const [key, line] of batch) lines.set(key, { shard: shard.name, line });
    while (shards.length > 1 && shards.reduce((sum, { bytes }) => sum + bytes, 0) > maxBytes) {
      const oldest = shards.shift()!;
      for (const [key, { shard: name }] of lines) if (name === oldest.name) lines.delete(key);
      await rm(join(folder, oldest.name), { force: true });
    }
  };
  return {
    get: (key) => valueOf(pending.get(key) ?? lines.get(key)?.line),
    set: (key, value) => void pending.set(key, JSON.stringify({ k: key, v: value })),
    flush: () => (writing = writing.catch(() => {}).then(write)),
  };
}

const currentVersion = 1;

/** A whole line. Its key can be extracted without parsing the rest. */
const linePattern = /^\{"k":"[0-9a-f]{64}","v":[^]*\}$/;

const keyOf = (line: string): string => line.slice(6, 70);

function valueOf(line: string | undefined): CacheValue | undefined {
  if (line === undefined) return undefined;
  try {
    const { v } = JSON.parse(line) as { v?: unknown };
    // JSON cannot represent infinite numbers, so an answer with one is computed again.
    if (Array.isArray(v) && v.every((each) => typeof each === 'number')) return v;
    return isCachedText(v) ? v : undefined;
  } catch {
    return undefined; // cut off in the middle of a value, at a character that happens to be a brace
  }
}

function isCachedText(value: unknown): value is CachedText {
  const { text, finish } = (value ?? {}) as Partial<Record<keyof CachedText, unknown>>;
  return typeof text === 'string' && typeof finish === 'string' && Object.hasOwn(finishes, finish);
}

/** Everything that may end a text. */
const finishes: Readonly<Record<CachedText['finish'], true>> = { stop: true, length: true, context: true };

function versionOf(text: string): number {
  const match = /^\{"version":(\d+)\}/.exec(text);
  return match ? Number(match[1]) : 0;
}

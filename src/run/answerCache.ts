/** @file Where a session remembers answers: on disk or, for a run, in memory until it forgets them. */
import { describeError } from '../errors.ts';
import { memoryCache, openCache, type Cache } from '../evaluate/cache.ts';
import { explainedError, isUnwritable } from './record/fileErrors.ts';
import { makeFolder } from './record/tandemFolder.ts';

export interface ForgetfulCache extends Cache {
  /** Drops everything that it remembers. */
  readonly forget: () => void;
}

/** Answers are cached on disk if possible. If not, they are computed again next time. */
export async function cacheOnDisk(workspace: string, warn: (notice: string) => void): Promise<Cache> {
  const tell = (error: unknown): void => {
    if (!isUnwritable(error)) throw error;
    warn(`The cache cannot be written, so answers will be computed again: ${describeError(explainedError(error)).split('\n', 1)[0]}`);
  };
  let reported = false;
  try {
    const cache = await openCache(makeFolder(workspace, 'cache'));
    return {
      ...cache,
      flush: () =>
        cache.flush().catch((error: unknown) => {
          if (!reported) tell(error);
          reported = true;
        }),
    };
  } catch (error) {
    tell(error);
    return memoryCache();
  }
}

export function forgetfulCache(): ForgetfulCache {
  let known = memoryCache();
  return {
    get: (key) => known.get(key),
    set: (key, value) => known.set(key, value),
    flush: () => known.flush(),
    forget: () => void (known = memoryCache()),
  };
}

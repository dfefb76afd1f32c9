/**
 * @file Patterns and templates that other people wrote may loop without end. What runs them runs here, and is ended.
 * V8 ends the work wherever it stands, in a regular expression too; `finally` blocks of what was ended do not run.
 */
import { createContext, Script } from 'node:vm';
import { TandemError } from './errors.ts';

/** What runs, for the error. */
export interface Limited {
  /** The beginning of a sentence, e.g. `The template "{{a}}"`. */
  readonly what: string;
  /** What the user can do. */
  readonly hint?: string;
}

/** Milliseconds that the work for one row may take. */
export const rowLimit = 1000;

/**
 * Runs the work, which is synchronous, touches nothing but its own and may be begun a second time: a second try makes sure that it was not
 * the machine that slept. Costs some 20 microseconds; nothing within `mapWithinTime`.
 * @throws TandemError reason 'too-slow' for work that takes longer than `rowLimit`; whatever the work throws
 */
export function withinTime<T>({ what, hint }: Limited, work: () => T): T {
  if (watched) return work();
  let result: { readonly value: T } | undefined;
  const keep = (): void => void (result = { value: work() });
  for (let tries = 0; tries < 2; tries++) {
    interrupted(keep);
    if (result) return result.value;
  }
  throw new TandemError('too-slow', `${what} took more than ${rowLimit / 1000} s, so Tandem stopped it.`, { hint });
}

/**
 * Does the work for each of many items, with one watch for all of them. Only what `withinTime` runs within it is limited; other work takes
 * as long as it takes, but may be begun a second time.
 * @throws whatever the work throws
 */
export function mapWithinTime<A, B>(items: readonly A[], work: (item: A) => B): B[] {
  const results: B[] = [];
  const goOn = (): void => {
    while (results.length < items.length) results.push(work(items[results.length]));
  };
  if (watched) goOn();
  while (results.length < items.length) {
    const begun = results.length;
    interrupted(goOn);
    // Not one item was done in all that time: alone, whatever `withinTime` runs has a watch of its own.
    if (results.length === begun) results.push(work(items[begun]));
  }
  return results;
}

/** Whether what runs now is watched. */
let watched = false;

/** Made when it is first needed: it takes some milliseconds of the editor's start. */
let realm: { readonly globals: { work: (() => void) | undefined }; readonly script: Script } | undefined;

function madeRealm(): NonNullable<typeof realm> {
  const globals = createContext({ work: undefined }) as { work: (() => void) | undefined };
  return { globals, script: new Script('work()', { filename: 'limited' }) };
}

/** Returns when the work is done or its time is over. */
function interrupted(work: () => void): void {
  const { globals, script } = (realm ??= madeRealm());
  globals.work = work;
  watched = true;
  try {
    script.runInContext(globals, { timeout: rowLimit });
  } catch (error) {
    if ((error as NodeJS.ErrnoException | undefined)?.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
  } finally {
    globals.work = undefined;
    watched = false;
  }
}

/** A pattern or template for an error: its beginning. */
export const shownSource = (source: string): string => JSON.stringify(source.length > 120 ? `${source.slice(0, 119)}…` : source);

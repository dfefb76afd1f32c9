/**
 * @file Patterns and templates that other people wrote may loop forever, so they run here with a time limit.
 * V8 stops the work anywhere, even inside a regular expression; its `finally` blocks do not run.
 */
import { createContext, Script } from 'node:vm';
import { TandemError } from './errors.ts';

/** How the error names the work. */
export interface Limited {
  /** The beginning of a sentence, e.g. `The template "{{a}}"`. */
  readonly what: string;
  /** What the user can do. */
  readonly hint?: string;
}

/** Milliseconds that the work for one row may take. */
export const rowLimit = 1000;

/**
 * Runs work that is synchronous, has no side effects and may start a second time. The second try rules out that the machine was asleep.
 * It costs about 20 microseconds, or nothing inside `mapWithinTime`.
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
 * Does the work for each item, with one watchdog for all of them. Only the work that `withinTime` runs inside it is limited. Other work has
 * no limit but may start a second time.
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
    // No item was finished in all that time. Outside the shared watchdog, each `withinTime` call of this item gets its own.
    if (results.length === begun) results.push(work(items[begun]));
  }
  return results;
}

/** Whether a watchdog is running. */
let watched = false;

/** Created on first use, because it takes some milliseconds, which would delay the start of the editor. */
let realm: { readonly globals: { work: (() => void) | undefined }; readonly script: Script } | undefined;

function madeRealm(): NonNullable<typeof realm> {
  const globals = createContext({ work: undefined }) as { work: (() => void) | undefined };
  return { globals, script: new Script('work()', { filename: 'limited' }) };
}

/** Returns when the work is done or its time is up. */
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

/** The beginning of a pattern or template, quoted for an error message. */
export const shownSource = (source: string): string => JSON.stringify(source.length > 120 ? `${source.slice(0, 119)}…` : source);

/** @file What the worker's second thread reports to its parent, and the parent's conclusion: the process makes progress, is busy, or is silent. */
import { duration } from '../words/format.ts';

/** One line of JSON on the pipe. */
export interface Beat {
  /** Resident memory in bytes. */
  readonly memory: number;
  /** Milliseconds since the main thread last made progress. */
  readonly idle: number;
}

/** The file descriptor of the pipe in the worker. The parent passes it as the argument. */
export const beatDescriptor = 4;

export const beatMilliseconds = 500;

/** The condition of a worker process. `since` is Date.now() of its last progress or, for a silent one, of its last beat. */
export type Vitality =
  | { readonly kind: 'well' }
  /** It is alive but has made no progress for long: a step of a large model, a slow network, a stuck metric. No fault is known. */
  | { readonly kind: 'busy'; readonly since: number }
  /** Even its second thread is silent: it was stopped, or the system does not let it run. */
  | { readonly kind: 'silent'; readonly since: number };

/** How long is still normal, in milliseconds. */
export interface Patience {
  /** Without progress. */
  readonly idle: number;
  /** Without a beat. */
  readonly silence: number;
}

/** Ten seconds are twenty beats of a thread that does nothing else. */
export const usualPatience: Patience = { idle: 30_000, silence: 10_000 };

/** @param idle milliseconds without progress. @param silence milliseconds without a beat. @param now Date.now() */
export function vitalityOf({ idle, silence }: Patience, patience: Patience, now: number): Vitality {
  if (silence >= patience.silence) return { kind: 'silent', since: now - silence };
  return idle >= patience.idle ? { kind: 'busy', since: now - idle } : { kind: 'well' };
}

/** `busy, last progress 40 s ago`. Undefined if there is nothing to say. */
export function vitalityText(vitality: Vitality, now: number): string | undefined {
  switch (vitality.kind) {
    case 'well':
      return undefined;
    case 'busy':
      return `busy, last progress ${duration(now - vitality.since)} ago`;
    case 'silent':
      return `the process has not responded for ${duration(now - vitality.since)}`;
  }
}

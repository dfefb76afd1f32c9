/** @file What the worker's second thread tells its parent, and what the parent makes of it: the process gets on, is busy, or does not answer. */
import { duration } from '../words/format.ts';

/** One line of JSON on the pipe. */
export interface Beat {
  /** Resident memory in bytes. */
  readonly memory: number;
  /** Milliseconds since the main thread last got on. */
  readonly idle: number;
}

/** Of the pipe, in the worker; the parent passes it as the argument. */
export const beatDescriptor = 4;

export const beatMilliseconds = 500;

/** How a process is that works for us; `since` is Date.now() of its last progress or, of a silent one, of its last beat. */
export type Vitality =
  | { readonly kind: 'well' }
  /** It lives, and has not got on for long: a step of a large model, a slow network, a stuck metric. Nothing is wrong that we know of. */
  | { readonly kind: 'busy'; readonly since: number }
  /** Not even its second thread is heard: it was stopped, or the system does not let it run. */
  | { readonly kind: 'silent'; readonly since: number };

/** How long what is nothing to speak of. Milliseconds. */
export interface Patience {
  /** Without progress. */
  readonly idle: number;
  /** Without a beat. */
  readonly silence: number;
}

/** Twenty beats of a thread that does nothing else. */
export const usualPatience: Patience = { idle: 30_000, silence: 10_000 };

/** @param idle milliseconds without progress. @param silence milliseconds without a beat. @param now Date.now() */
export function vitalityOf({ idle, silence }: Patience, patience: Patience, now: number): Vitality {
  if (silence >= patience.silence) return { kind: 'silent', since: now - silence };
  return idle >= patience.idle ? { kind: 'busy', since: now - idle } : { kind: 'well' };
}

/** `busy, last progress 40 s ago`; undefined where there is nothing to say. */
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

/** @file What was turned down of a run's outcome, in its directory. What was accepted needs no memory: the prompt file has it. */
import { readVersioned, writeVersioned } from './jsonFile.ts';
import type { RunDirectory } from './runDirectory.ts';

interface Decisions {
  readonly version: 1;
  /** Ids of review items. */
  readonly rejected: readonly string[];
}

/** @throws TandemError reasons 'bad-file', 'newer-version' */
export const readRejected = ({ decisions }: RunDirectory): readonly string[] => readVersioned<Decisions>(decisions, 1)?.rejected ?? [];

export const writeRejected = ({ decisions }: RunDirectory, rejected: Iterable<string>): void =>
  writeVersioned(decisions, { version: 1, rejected: [...rejected] } satisfies Decisions);

/** @file The rejected items of a run's outcome, in its directory. Accepted items need no record, because the prompt file has them. */
import { exactly, list, object, text } from '../../shape.ts';
import { readVersioned, writeVersioned } from './jsonFile.ts';
import type { RunDirectory } from './runDirectory.ts';

interface Decisions {
  readonly version: 1;
  /** Ids of review items. */
  readonly rejected: readonly string[];
}

const shape = object<Decisions>({ version: exactly(1), rejected: list(text) });

/** @throws TandemError reasons 'bad-file', 'newer-version', 'not-a-file' */
export const readRejected = ({ decisions }: RunDirectory): readonly string[] => readVersioned(decisions, 1, shape)?.rejected ?? [];

export const writeRejected = ({ decisions }: RunDirectory, rejected: Iterable<string>): void =>
  writeVersioned(decisions, { version: 1, rejected: [...rejected] } satisfies Decisions);

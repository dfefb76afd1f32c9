/** @file What a run needs to continue after a kill: the optimizer's snapshot, the length of the journal that belongs to it, and the adapters. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { TandemError } from '../../errors.ts';
import type { OptimizationState } from '../../optimize/coordinator.ts';
import { amount, anything, either, exactly, object, optional, text, whole } from '../../shape.ts';
import type { ControlCheckpoint } from '../controls.ts';
import { readVersioned, writeVersioned } from './jsonFile.ts';
import { measuredState, word } from './shapes.ts';

export interface Checkpoint {
  readonly version: 2;
  /** The number of journal lines at the time of the snapshot. */
  readonly lines: number;
  readonly state: OptimizationState;
  /** The snapshot of the control in progress. */
  readonly control?: ControlCheckpoint;
  /** SHA-256 of the rest. Only the coordinator knows its memory's shape, so this checks that it is as it was written. Absent from older versions' files. */
  readonly seal?: string;
}

/** Replaces the last checkpoint in one step. The journal must have been flushed before. */
export function writeCheckpoint(directory: string, checkpoint: Omit<Checkpoint, 'version' | 'seal'>): void {
  const known = { version: 2, ...checkpoint } as const;
  writeVersioned(checkpointFile(directory), { ...known, seal: sealOf(known) } satisfies Checkpoint);
}

/** @throws TandemError reasons 'bad-file', 'newer-version', 'not-a-file'; 'older-version' because a coordinator's memory changes between versions */
export function readCheckpoint(directory: string): Checkpoint | undefined {
  const file = checkpointFile(directory);
  const checkpoint = readVersioned(file, 2, shape);
  if (checkpoint?.seal === undefined || checkpoint.seal === sealOf(checkpoint)) return checkpoint;
  throw new TandemError('bad-file', 'The checkpoint is damaged.', {
    where: { file },
    hint: 'Delete it. The run then starts again from where its speed was measured.',
  });
}

const sealOf = ({ seal: _, ...rest }: Checkpoint): string => createHash('sha256').update(JSON.stringify(rest)).digest('hex');

const state = object<OptimizationState>({
  version: exactly(1),
  phase: whole,
  start: measuredState,
  best: measuredState,
  tokensUsed: amount,
  done: either<false | string>('false or the reason why it is done', exactly(false), text),
  // Only the coordinator knows its shape.
  memory: anything,
});

const shape = object<Checkpoint>({
  version: exactly(2),
  lines: whole,
  state,
  control: optional(object<ControlCheckpoint>({ control: word(), state })),
  seal: optional(text),
});

const checkpointFile = (directory: string): string => join(directory, 'checkpoint.json');

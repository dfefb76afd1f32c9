/** @file What a run needs to go on after a kill: the optimizer's snapshot, the length of the journal that belongs to it, the adapters. */
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
  /** How many lines of the journal the snapshot has behind it. */
  readonly lines: number;
  readonly state: OptimizationState;
  /** Of the control that is being run. */
  readonly control?: ControlCheckpoint;
  /** SHA-256 of the rest: what a coordinator remembers is its own, and must be as it was written. Absent from older versions' files. */
  readonly seal?: string;
}

/** Replaces the last checkpoint in one step. The journal must have been flushed before. */
export function writeCheckpoint(directory: string, checkpoint: Omit<Checkpoint, 'version' | 'seal'>): void {
  const known = { version: 2, ...checkpoint } as const;
  writeVersioned(checkpointFile(directory), { ...known, seal: sealOf(known) } satisfies Checkpoint);
}

/** @throws TandemError reasons 'bad-file', 'newer-version', 'not-a-file'; 'older-version' because what a coordinator remembers changes between versions */
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
  // The coordinator's own.
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

/** @file What a run needs to go on after a kill: the optimizer's snapshot, the length of the journal that belongs to it, the adapters. */
import { join } from 'node:path';
import type { OptimizationState } from '../optimize/coordinator.ts';
import { anything, either, exactly, finite, object, optional, text, whole } from '../shape.ts';
import type { ControlCheckpoint } from './controls.ts';
import { readVersioned, writeVersioned } from './jsonFile.ts';
import { measuredState, word } from './shapes.ts';

export interface Checkpoint {
  readonly version: 1;
  /** How many lines of the journal the snapshot has behind it. */
  readonly lines: number;
  readonly state: OptimizationState;
  /** Of the control that is being run. */
  readonly control?: ControlCheckpoint;
}

/** Replaces the last checkpoint in one step. The journal must have been flushed before. */
export function writeCheckpoint(directory: string, checkpoint: Omit<Checkpoint, 'version'>): void {
  writeVersioned(checkpointFile(directory), { version: 1, ...checkpoint } satisfies Checkpoint);
}

/** @throws TandemError reasons 'bad-file', 'newer-version', 'not-a-file' */
export const readCheckpoint = (directory: string): Checkpoint | undefined => readVersioned(checkpointFile(directory), 1, shape);

const state = object<OptimizationState>({
  version: exactly(1),
  phase: whole,
  start: measuredState,
  best: measuredState,
  passes: finite,
  done: either<false | string>('false or the reason why it is done', exactly(false), text),
  // The coordinator's own.
  memory: anything,
});

const shape = object<Checkpoint>({
  version: exactly(1),
  lines: whole,
  state,
  control: optional(object<ControlCheckpoint>({ control: word(), state })),
});

const checkpointFile = (directory: string): string => join(directory, 'checkpoint.json');

/** @file What a run needs to go on after a kill: the optimizer's snapshot, the length of the journal that belongs to it, the adapters. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { OptimizationState } from '../optimize/coordinator.ts';
import type { ControlCheckpoint } from './controls.ts';
import { readVersioned, writeVersioned } from './jsonFile.ts';

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

export function readCheckpoint(directory: string): Checkpoint | undefined {
  return existsSync(directory) ? readVersioned<Checkpoint>(checkpointFile(directory), 1) : undefined;
}

const checkpointFile = (directory: string): string => join(directory, 'checkpoint.json');

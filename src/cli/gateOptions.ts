/** @file Options that say when a run keeps a shorter prompt; both are in points, as in the prompt file. */
import type { Command } from 'commander';
import type { GateSettings } from '../prompt/settings.ts';
import { parsePoints } from '../run/worthAsked.ts';

export interface GateOptions {
  readonly margin?: number;
  readonly promptCost?: number;
}

export const withGateOptions = (command: Command): Command =>
  command
    .option('--margin <points>', `how many points below the best a shorter prompt may score; ${otherwise} 1`, parsePoints)
    .option('--prompt-cost <points>', `how many points 100 prompt tokens are worth; ${otherwise} 0.5`, parsePoints);

const otherwise = "by default the prompt file's, else";

/** The options that were given; undefined if there are none. */
export function gateAsked({ margin, promptCost }: GateOptions): GateSettings | undefined {
  if (margin === undefined && promptCost === undefined) return undefined;
  return { ...(margin !== undefined && { margin }), ...(promptCost !== undefined && { promptCost }) };
}

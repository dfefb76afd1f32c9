/** @file Options for the soft prompt that a simultaneous run trains. */
import { Option, type Command } from 'commander';
import { softStarts, type SoftStart } from '../model/softPrompt.ts';
import type { SoftPromptChoice } from '../run/spec.ts';
import { wholeNumber } from './options.ts';

export interface SoftOptions {
  readonly softTokens?: number;
  readonly softStart?: SoftStart;
  readonly textOnly?: true;
}

export function withSoftOptions(command: Command): Command {
  return command
    .option('--soft-tokens <n>', 'number of virtual tokens of the soft prompt; by default as many as the instruction has', wholeNumber(1))
    .addOption(new Option('--soft-start <from>', "what the soft prompt starts from; by default the instruction's text").choices(softStarts))
    .option('--text-only', 'keep only text, never a soft prompt');
}

/** The options that were given; undefined if there are none. */
export function softAsked({ softTokens: tokens, softStart: start, textOnly }: SoftOptions): SoftPromptChoice | undefined {
  if (tokens === undefined && start === undefined && !textOnly) return undefined;
  return { ...(tokens !== undefined && { tokens }), ...(start && { start }), ...(textOnly && { keep: false }) };
}

/** @file Options that say what soft prompt a simultaneous run trains. */
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
    .option('--soft-tokens <n>', 'virtual tokens of the soft prompt; by default as many as the instruction has', wholeNumber(1))
    .addOption(new Option('--soft-start <from>', "what its rows begin as; by default the instruction's text").choices(softStarts))
    .option('--text-only', 'keep no soft prompt: only a text may stay');
}

/** What was given; undefined where nothing was. */
export function softAsked({ softTokens: tokens, softStart: start, textOnly }: SoftOptions): SoftPromptChoice | undefined {
  if (tokens === undefined && start === undefined && !textOnly) return undefined;
  return { ...(tokens !== undefined && { tokens }), ...(start && { start }), ...(textOnly && { keep: false }) };
}

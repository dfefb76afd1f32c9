/** @file `tandem accept`: writes a run's prompt and adapter to the workspace. */
import { Command } from 'commander';
import { accept, proposalsOf } from '../run/accept.ts';
import { readRejected } from '../run/record/decisions.ts';
import { findRun, readState } from '../run/record/runDirectory.ts';
import { withExamples } from './examples.ts';
import { summary } from './followRun.ts';
import { stdout } from './terminal.ts';

export function acceptCommand(): Command {
  const command = new Command('accept')
    .description("write a run's prompt and adapter to your files, except changes that you rejected in the editor")
    .argument('[run]', "a run's name or folder; by default the latest run")
    .action((run: string | undefined) => {
      const directory = findRun(process.cwd(), run);
      const state = readState(directory);
      const accepted = accept(proposalsOf(directory, state), readRejected(directory));
      stdout.say(summary(directory, state, accepted));
    });
  return withExamples(command, [
    ['tandem accept', 'write what the latest run found'],
    ['tandem accept 2026-11-25-101500-intent', 'write what this run found'],
  ]);
}

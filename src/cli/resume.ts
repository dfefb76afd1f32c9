/** @file `tandem resume`: goes on with a run that was killed or failed. */
import { Command } from 'commander';
import { findRun } from '../run/runDirectory.ts';
import { followRun, type FollowOptions } from './followRun.ts';
import { allowModules, type SessionOptions } from './options.ts';

export function resumeCommand(): Command {
  return new Command('resume')
    .description('go on with a run that was killed, from its last checkpoint')
    .argument('[run]', "a run's name or folder; the latest by default")
    .option('--apply', 'write the accepted prompt and adapter')
    .option('--json', 'print the events, one JSON object a line')
    .option(...allowModules)
    .action(async (run: string | undefined, options: FollowOptions & Pick<SessionOptions, 'allowModules'>) => {
      const directory = findRun(process.cwd(), run);
      const { allowModules } = options;
      await followRun((client) => client.call('resume', { directory: directory.path, allowModules }), options);
    });
}

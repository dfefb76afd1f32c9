/** @file `tandem resume`: goes on with a run that was killed or failed. */
import { Command } from 'commander';
import { findRun } from '../run/runDirectory.ts';
import { withExamples } from './examples.ts';
import { followRun, type FollowOptions } from './followRun.ts';
import { allowModules, type SessionOptions } from './options.ts';

export function resumeCommand(): Command {
  const command = new Command('resume')
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
  return withExamples(
    command,
    [['tandem resume', 'the latest run of this workspace']],
    'The outcome is the same as if the run had never been interrupted. It goes on with the prompt, the data and the model that it began with: where one of them is another now, it says so and changes nothing.',
  );
}

/** @file `tandem resume`: continues a run that was killed or failed. */
import { Command } from 'commander';
import { findRun, readRecord } from '../run/record/runDirectory.ts';
import { withExamples } from './examples.ts';
import { followRun, type FollowOptions } from './followRun.ts';
import { allowModules, type SessionOptions } from './options.ts';
import { askConsent, writerConsent, type WriterOptions } from './writerOptions.ts';

type ResumeOptions = FollowOptions & Pick<SessionOptions, 'allowModules'> & Pick<WriterOptions, 'writerConsent'>;

export function resumeCommand(): Command {
  const command = new Command('resume')
    .description('continue a run that was killed, from its last checkpoint')
    .argument('[run]', "a run's name or folder; by default the latest run")
    .option('--apply', 'write the accepted prompt and adapter to your files')
    .option('--json', 'print the events, one JSON object per line')
    .option(...allowModules)
    .option(...writerConsent)
    .action(async (run: string | undefined, options: ResumeOptions) => {
      const directory = findRun(process.cwd(), run);
      const { allowModules } = options;
      const { writer, prompt } = readRecord(directory).spec;
      // The record may have come with the workspace, so it cannot give consent.
      if (writer) await askConsent(prompt, writer, options.writerConsent === true);
      const agreed = writer && { writerConsent: true as const };
      await followRun((client) => client.call('resume', { directory: directory.path, allowModules, ...agreed }), options);
    });
  return withExamples(
    command,
    [['tandem resume', 'continue the latest run of this workspace']],
    'The outcome is the same as if the run had never been interrupted. The run continues with the prompt, the data and the model that it began with. If one of them has changed, the command says so and changes nothing.',
  );
}

/** @file `tandem report`: prints a run's report, rebuilt from its journal. */
import { Command } from 'commander';
import { reportOf } from '../run/report.ts';
import { writeReport } from '../run/reportFile.ts';
import { findRun, listRuns, readState } from '../run/runDirectory.ts';
import { workspaceOf } from '../run/tandemFolder.ts';
import { withExamples } from './examples.ts';
import { stdout } from './terminal.ts';

export function reportCommand(): Command {
  const command = new Command('report')
    .description("print a run's report and write it to its folder")
    .argument('[run]', "a run's name or folder; the latest by default")
    .option('--json', "print the run's state as JSON instead")
    .option('--list', 'list the runs instead')
    .action((run: string | undefined, { json, list }: { json?: boolean; list?: boolean }) => {
      if (list) {
        for (const name of listRuns(workspaceOf(`${process.cwd()}/_`))) stdout.say(name + '\n');
        return;
      }
      const directory = findRun(process.cwd(), run);
      const state = readState(directory);
      writeReport(directory, state);
      if (json) stdout.json(state);
      else stdout.say(reportOf(state));
    });
  return withExamples(command, [
    ['tandem report | less', 'read the latest'],
    ['tandem report --list', 'the names of all'],
    ['tandem report --json intent', "the state of a prompt's latest run"],
  ]);
}

/** @file `tandem report`: prints a run's report, rebuilt from its journal. */
import { Command } from 'commander';
import { writeReport } from '../run/words/reportFile.ts';
import { findRun, readState } from '../run/record/runDirectory.ts';
import { readRunList, unreadableText, type UnreadableRun } from '../run/record/runList.ts';
import { workspaceOf } from '../run/record/tandemFolder.ts';
import { withExamples } from './examples.ts';
import { stderr, stdout } from './terminal.ts';

export function reportCommand(): Command {
  const command = new Command('report')
    .description("print a run's report and write it to the run's folder")
    .argument('[run]', "a run's name or folder; by default the latest run")
    .option('--json', "print the run's state as JSON instead")
    .option('--list', 'list the runs instead')
    .action(async (run: string | undefined, { json, list }: { json?: boolean; list?: boolean }) => {
      if (list) {
        await listAll();
        return;
      }
      const directory = findRun(process.cwd(), run);
      const state = readState(directory);
      const report = writeReport(directory, state);
      if (json) stdout.json(state);
      else stdout.say(report);
    });
  return withExamples(command, [
    ['tandem report | less', 'read the latest report'],
    ['tandem report --list', 'list the names of all runs'],
    ['tandem report --json intent', "the state of a prompt's latest run"],
  ]);
}

async function listAll(): Promise<void> {
  const unreadable: UnreadableRun[] = [];
  const list = await readRunList(workspaceOf(`${process.cwd()}/_`), (each) => unreadable.unshift(each));
  for (const { directory } of list.reverse()) stdout.say(directory.run + '\n');
  for (const each of unreadable) stderr.say(unreadableText(each) + '\n');
}

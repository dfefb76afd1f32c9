/** @file `tandem evaluate`: measures a prompt, and fails if its score is below --min. */
import { Command, Option } from 'commander';
import { relative } from 'node:path';
import { percent, rowCount } from '../run/words/format.ts';
import { measuredText } from '../run/words/measuredText.ts';
import { measurePrompt, rowsText, type PromptMeasurement } from '../run/measure.ts';
import type { Split } from '../run/spec.ts';
import { withExamples } from './examples.ts';
import { exitCodeHelp, exitCodes } from './exitCodes.ts';
import { aboutPrompt, share, withSessionOptions, type SessionOptions } from './options.ts';
import { stderr, stdout } from './terminal.ts';
import { withSession } from './withSession.ts';

interface EvaluateOptions extends SessionOptions {
  readonly split: Split;
  readonly min?: number;
  readonly json?: boolean;
}

export function evaluateCommand(): Command {
  const command = withSessionOptions(new Command('evaluate').argument('<prompt>', aboutPrompt))
    .description('measure a prompt with its adapter')
    .option('--adapter <folder>', 'a PEFT directory; overrides the prompt file')
    .addOption(
      new Option('--split <name>', 'which rows to measure; test uses the held-out test rows').choices(['val', 'test']).default('val'),
    )
    .option('--min <share>', 'exit with code 1 if the score is below this, such as 0.8', share)
    .option('--json', 'print the result and every row as JSON')
    .action((prompt: string, options: EvaluateOptions) =>
      withSession(prompt, options, async (session, progress) => {
        const measured = await measurePrompt(session, options.split, { onBusy: progress.busy });
        progress.close();
        for (const notice of session.notices) progress.note(`Notice: ${notice}`);
        if (options.json) stdout.json({ version: 1, prompt: session.file.path, answerEnds: session.answerEnds, ...measured });
        else
          stdout.say(measuredText({ name: shownPath(session.file), rows: rowsText(session, options.split) }, measured, session.answerEnds));
        check(measured, options.min);
      }),
    );
  return withExamples(
    command,
    [
      ['tandem evaluate intent.prompt.md', 'on the validation rows'],
      ['tandem evaluate intent.prompt.md --min 0.8', 'in CI: exit with code 1 below 80%'],
      ['tandem evaluate intent.prompt.md --split test --json', 'every test row, as JSON'],
    ],
    'If the prompt file has several metrics, --min applies to the first. The interval is a 95% interval over the rows. If it begins below --min, a notice says so; the exit code depends only on the score itself.',
  ).addHelpText('after', `\n${exitCodeHelp()}`);
}

/** The path as people would type it here. */
export const shownPath = ({ path }: { readonly path: string }): string => relative(process.cwd(), path) || path;

function check({ score }: PromptMeasurement, least: number | undefined): void {
  if (least === undefined) return;
  if (score.mean >= least) {
    if (score.low >= least) return;
    const on = `${percent(score.mean)} on ${rowCount(score.rows)}`;
    stderr.say(
      `Notice: ${on} meets --min ${percent(least)}, but other rows might not: the 95% interval begins at ${percent(score.low)}.\n`,
    );
    return;
  }
  stderr.say(`${percent(score.mean)} is below --min ${percent(least)} (95% interval ${percent(score.low)} to ${percent(score.high)}).\n`);
  process.exitCode = exitCodes.checkFailed;
}

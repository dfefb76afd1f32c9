/** @file `tandem attribute`: what each line of a prompt, or of a program's prompts, is worth. */
import { Command, Option } from 'commander';
import { linesText } from '../run/words/measuredText.ts';
import { measureLines, rowsText } from '../run/measure.ts';
import type { Split } from '../run/spec.ts';
import { shownPath } from './evaluate.ts';
import { withExamples } from './examples.ts';
import { aboutPrompt, withSessionOptions, type SessionOptions } from './options.ts';
import { stderr, stdout } from './terminal.ts';
import { withSession } from './withSession.ts';

interface AttributeOptions extends SessionOptions {
  readonly split: Split;
  readonly json?: boolean;
}

export function attributeCommand(): Command {
  const command = withSessionOptions(new Command('attribute').argument('<prompt>', aboutPrompt))
    .description('measure what each line of a prompt is worth by leaving it out')
    .option('--adapter <folder>', 'a PEFT directory; overrides the prompt file')
    .addOption(
      new Option('--split <name>', 'which rows to measure; test uses the held-out test rows').choices(['val', 'test']).default('val'),
    )
    .option('--json', 'print JSON')
    .action((prompt: string, options: AttributeOptions) =>
      withSession(prompt, options, async (session, progress) => {
        const { file } = session;
        // A log shows only that measuring began; a terminal shows each line.
        const onBusy = (what: string, share?: number): void => (share === undefined || stderr.isTTY ? progress.busy(what) : undefined);
        const measured = await measureLines(session, options.split, { onBusy });
        progress.close();
        for (const notice of session.notices) progress.note(`Notice: ${notice}`);
        const { evaluation, lines, items } = measured;
        if (options.json) stdout.json({ version: 1, prompt: file.path, ...evaluation, lines, items });
        else stdout.say(linesText({ name: shownPath(file), rows: rowsText(session, options.split) }, measured));
      }),
    );
  return withExamples(command, [['tandem attribute intent.prompt.md', 'the gain from each line, with its interval']]);
}

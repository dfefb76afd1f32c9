/** @file `tandem headroom`: which lever is likely to help, before a run is paid for. */
import { Command } from 'commander';
import { count } from '../run/format.ts';
import { sessionHeadroom } from '../run/headroom.ts';
import { headroomText } from '../run/headroomText.ts';
import { runDefaults } from '../run/spec.ts';
import { shownPath } from './evaluate.ts';
import { withExamples } from './examples.ts';
import { loraAsked, withLoraOptions, type LoraOptions } from './loraOptions.ts';
import { sessionSpec, withSessionOptions, type SessionOptions } from './options.ts';
import { stderr, stdout } from './terminal.ts';
import { withSession } from './withSession.ts';

interface HeadroomOptions extends SessionOptions, LoraOptions {
  readonly json?: boolean;
}

export function headroomCommand(): Command {
  const command = new Command('headroom').argument(
    '<prompt>',
    'a .prompt.md or .prompty file with the `tandem:` key, or a tandem.program.yaml',
  );
  withLoraOptions(withSessionOptions(command))
    .description('say which lever is likely to help, from ten prompts and a moment of training on a few rows')
    .option('--adapter <folder>', "a PEFT directory; overrides the prompt file's")
    .option('--json', 'print JSON')
    .action((prompt: string, options: HeadroomOptions) =>
      withSession(prompt, options, async (session, progress) => {
        const lora = loraAsked(options);
        const spec = { ...runDefaults, ...sessionSpec(prompt, options), ...(lora && { lora }) };
        // A log is told once that measuring began, a terminal each prompt.
        const onBusy = (what: string, share?: number): void => (share && !stderr.isTTY ? undefined : progress.busy(what));
        const headroom = await sessionHeadroom(session, spec, { onBusy });
        progress.close();
        for (const notice of session.notices) progress.note(`Notice: ${notice}`);
        if (options.json) stdout.json({ version: 1, prompt: session.file.path, ...headroom });
        else
          stdout.say(
            `${shownPath(session.file)} with ${session.model.name}\n${headroomText(headroom)}\nIt cost ${count(headroom.passes)} token passes.\n`,
          );
      }),
    );
  return withExamples(command, [['tandem headroom intent.prompt.md', 'weights, prompt, both or neither']]);
}

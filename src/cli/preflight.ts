/** @file `tandem preflight`: whether the prompt, the weights or both are likely to improve, before you pay for a run. */
import { Command } from 'commander';
import { count } from '../run/words/format.ts';
import { sessionPreflight } from '../run/preflight.ts';
import { preflightText } from '../run/words/preflightText.ts';
import { runDefaults } from '../run/spec.ts';
import { shownPath } from './evaluate.ts';
import { withExamples } from './examples.ts';
import { loraAsked, withLoraOptions, type LoraOptions } from './loraOptions.ts';
import { aboutPrompt, sessionSpec, withSessionOptions, type SessionOptions } from './options.ts';
import { stderr, stdout } from './terminal.ts';
import { withSession } from './withSession.ts';

interface PreflightOptions extends SessionOptions, LoraOptions {
  readonly json?: boolean;
}

export function preflightCommand(): Command {
  const command = new Command('preflight').argument('<prompt>', aboutPrompt);
  withLoraOptions(withSessionOptions(command))
    .description(
      'estimate whether the prompt, the weights or both are likely to improve, with ten prompts and a short training on a few rows',
    )
    .option('--adapter <folder>', 'a PEFT directory; overrides the prompt file')
    .option('--json', 'print JSON')
    .action((prompt: string, options: PreflightOptions) =>
      withSession(prompt, options, async (session, progress) => {
        const lora = loraAsked(options);
        const spec = { ...runDefaults, ...sessionSpec(prompt, options), ...(lora && { lora }) };
        // A log shows only that measuring began; a terminal shows each prompt.
        const onBusy = (what: string, share?: number): void => (share && !stderr.isTTY ? undefined : progress.busy(what));
        const preflight = await sessionPreflight(session, spec, { onBusy });
        progress.close();
        for (const notice of session.notices) progress.note(`Notice: ${notice}`);
        if (options.json) stdout.json({ version: 1, prompt: session.file.path, ...preflight });
        else
          stdout.say(
            `${shownPath(session.file)} with ${session.model.name}\n${preflightText(preflight)}\nThis took ${count(preflight.tokensUsed)} tokens.\n`,
          );
      }),
    );
  return withExamples(command, [['tandem preflight intent.prompt.md', 'decide what to tune']]);
}

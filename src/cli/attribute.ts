/** @file `tandem attribute`: what each line of a prompt, or of a program's prompts, is worth. */
import { Command, Option } from 'commander';
import { cutText } from '../evaluate/cuts.ts';
import type { Attribution } from '../evaluate/attribution.ts';
import { count, likelihoodPart, percentWithInterval, points, sureness } from '../run/words/format.ts';
import { measureLines, rowsText } from '../run/measure.ts';
import type { LineWorth } from '../run/record/results.ts';
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
        const { evaluation, lines, items } = await measureLines(session, options.split, { onBusy });
        progress.close();
        for (const notice of session.notices) progress.note(`Notice: ${notice}`);
        if (options.json) stdout.json({ version: 1, prompt: file.path, ...evaluation, lines, items });
        else {
          stdout.say(
            `${shownPath(file)} with ${evaluation.model}: ${percentWithInterval(evaluation.score)} on ${rowsText(session, options.split)}\n${(evaluation.cuts ?? []).map((cut) => `${cutText(cut)}.\n`).join('')}\n`,
          );
          stdout.say(lines.map((line, i) => headingOf(lines, i) + lineText(line, items[i])).join(''));
        }
      }),
    );
  return withExamples(command, [['tandem attribute intent.prompt.md', 'the gain from each line, with its interval']]);
}

/** Names the prompt file of a program's step, above its first line. */
function headingOf(lines: readonly LineWorth[], place: number): string {
  const { file } = lines[place];
  if (file === undefined || (lines.at(place - 1)?.file === file && place > 0)) return '';
  return `${place > 0 ? '\n' : ''}${file}\n`;
}

function lineText({ line, text, score, logLikelihood }: LineWorth, { tokensSaved }: Attribution): string {
  const shown = text.length > 60 ? `${text.slice(0, 59)}…` : text;
  return `${String(line).padStart(4)}  ${shown}\n      ${points(score)}, P(better) ${sureness(score)}${likelihoodPart(logLikelihood)}, ${count(tokensSaved)} tokens\n`;
}

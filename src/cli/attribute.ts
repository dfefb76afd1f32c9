/** @file `tandem attribute`: what each line of a prompt is worth. */
import { Command, Option } from 'commander';
import { attributeLines, type Attribution } from '../evaluate/attribution.ts';
import { count, natsGained, percentWithInterval, points, sureness } from '../run/format.ts';
import { writeResults, type LineWorth } from '../run/results.ts';
import { openSession } from '../run/session.ts';
import { measuredWith, rowsText, shownPath } from './evaluate.ts';
import { sessionSpec, withSessionOptions, type SessionOptions } from './options.ts';
import { makeProgress } from './progress.ts';

interface AttributeOptions extends SessionOptions {
  readonly split: 'val' | 'test';
  readonly json?: boolean;
}

export function attributeCommand(): Command {
  return withSessionOptions(new Command('attribute').argument('<prompt>', 'a .prompt.md file with the `tandem:` key'))
    .description('measure what each line of a prompt is worth, by leaving it out')
    .option('--adapter <folder>', "a PEFT directory; overrides the prompt file's")
    .addOption(new Option('--split <name>', 'the rows to measure on; test opens the sealed split').choices(['val', 'test']).default('val'))
    .option('--json', 'print JSON')
    .action(async (prompt: string, options: AttributeOptions) => {
      const progress = makeProgress(process.stderr, { quiet: options.json });
      const session = await openSession(sessionSpec(prompt, options), { onBusy: progress.busy });
      try {
        const { file, adapter, evaluator } = session;
        progress.busy(`Measuring on ${rowsText(session, options.split)}`);
        const rows = options.split === 'test' ? session.openTest('tandem attribute') : session.valset;
        const { whole, items } = await attributeLines(evaluator, { prompt: file.prompt, adapter }, rows, {
          onItem: (_, done, total) =>
            process.stderr.isTTY && progress.busy(`Measured ${done} of ${total} lines on ${rowsText(session, options.split)}`),
        });
        progress.close();
        const firstLine = file.text.slice(0, file.bodyOffset).split('\n').length;
        const lines = items.map((item) => worthOf(item, firstLine));
        const about = measuredWith(session, options.split);
        const evaluation = { ...about, score: whole.score, logLikelihood: whole.logLikelihood };
        writeResults(file.path, file.text, { evaluation, lines: { ...about, lines } });
        if (options.json)
          process.stdout.write(JSON.stringify({ version: 1, prompt: file.path, ...evaluation, lines, items }, null, 2) + '\n');
        else {
          process.stdout.write(
            `${shownPath(file)} with ${session.model.name}: ${percentWithInterval(evaluation.score)} on ${rowsText(session, options.split)}\n\n`,
          );
          process.stdout.write(lines.map((line, i) => lineText(line, items[i])).join(''));
        }
      } finally {
        progress.close();
        await session.dispose();
      }
    });
}

/** @param firstLine the prompt file's line where the body starts */
function worthOf({ line, text, score, logLikelihood }: Attribution, firstLine: number): LineWorth {
  return { line: firstLine + line - 1, text, score, logLikelihood };
}

function lineText({ line, text, score, logLikelihood }: LineWorth, { tokensSaved }: Attribution): string {
  const shown = text.length > 60 ? `${text.slice(0, 59)}…` : text;
  return `${String(line).padStart(4)}  ${shown}\n      ${points(score)}, P(better) ${sureness(score)}, log-likelihood ${natsGained(logLikelihood)}, ${count(tokensSaved)} tokens\n`;
}

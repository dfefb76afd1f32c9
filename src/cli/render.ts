/** @file `tandem render`: prints exactly what the model is asked for one row. */
import { Command, Option } from 'commander';
import { renderPrompt, type Rendered, type RenderedStep, type RenderOptions } from '../run/render.ts';
import { splitWords } from '../run/spec.ts';
import { shownPath } from './evaluate.ts';
import { withExamples } from './examples.ts';
import { aboutPrompt, sessionSpec, withSessionOptions, wholeNumber, type SessionOptions } from './options.ts';
import { makeProgress } from './progress.ts';
import { stderr, stdout } from './terminal.ts';

interface Options extends SessionOptions {
  readonly row: number;
  readonly split: RenderOptions['split'];
  readonly special?: boolean;
  readonly json?: boolean;
}

export function renderCommand(): Command {
  const command = withSessionOptions(new Command('render').argument('<prompt>', aboutPrompt))
    .description('print exactly what the model is asked for one row')
    .option('--row <n>', 'which row of the split, counted from 1', wholeNumber(1), 1)
    .addOption(new Option('--split <name>', 'the split that the row is from').choices(['train', 'val', 'test']).default('val'))
    .addOption(new Option('--special', "print the exact text with the model's special tokens").conflicts('json'))
    .option('--adapter <folder>', 'a PEFT directory for the earlier steps of a program; overrides the prompt file')
    .option('--json', 'print turns, text and token counts as JSON')
    .action(async (prompt: string, { row, split, special, json, ...options }: Options) => {
      const progress = makeProgress(stderr, { quiet: json });
      try {
        const rendered = await renderPrompt(sessionSpec(prompt, options), { row, split }, { onBusy: progress.busy });
        progress.close();
        if (!json) progress.note(about(rendered, prompt));
        if (json) stdout.json({ version: 1, ...rendered });
        else stdout.say(asText(rendered, special === true));
      } finally {
        progress.close();
      }
    });
  return withExamples(
    command,
    [
      ['tandem render intent.prompt.md', 'the first validation row'],
      ['tandem render chat.prompty --row 7 --special', 'as the model gets it, with special tokens'],
      ['tandem render tandem.program.yaml --json', 'every step, as JSON'],
    ],
    'Nothing is measured. In a program, the earlier steps answer first, so that the last step gets its real input.',
  );
}

/** `a.prompty with nano, validation row 1 of 12 (rows.jsonl:4): 43 tokens` */
function about({ model, split, row, rows, file, line, steps }: Rendered, prompt: string): string {
  const tokens = steps.map((step) => step.tokens).join(' + ');
  return `${prompt} with ${model}, ${splitWords[split]} row ${row} of ${rows} (${shownPath({ path: file })}:${line}): ${tokens} tokens`;
}

function asText({ steps }: Rendered, special: boolean): string {
  const texts = steps.map((step) => (special ? step.text : turns(step)));
  if (steps.length === 1) return ended(texts[0]);
  return texts.map((text, place) => ended(`--- ${shownPath({ path: steps[place].prompt })} -> ${steps[place].output}\n${text}`)).join('\n');
}

/** Each turn under its role, or the plain text. */
const turns = ({ template, messages, text }: RenderedStep): string =>
  template === 'text' ? text : messages.map(({ role, content }) => `${role}:\n${content}\n`).join('\n');

const ended = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`);

/** @file The options for a writer, and the question whether rows may be sent to it. */
import { Option, type Command } from 'commander';
import { TandemError } from '../errors.ts';
import { chooseWriter, destinationText } from '../run/chooseWriter.ts';
import { usualWriterBudget } from '../run/recordingWriter.ts';
import { parseWriterBudget, type RunSpec, type WriterChoice } from '../run/spec.ts';
import { workspaceOf } from '../run/record/tandemFolder.ts';
import { consentText, hasConsent, keepConsent } from '../run/writerConsent.ts';
import { writerExample } from '../run/writerExample.ts';
import { canAsk, confirm, stderr } from './terminal.ts';

export interface WriterOptions {
  readonly writer?: string;
  readonly writerModel?: string;
  readonly writerBudget?: number;
  readonly writerConsent?: true;
}

export const writerConsent = ['--writer-consent', 'agree to send training rows to the writer, without being asked'] as const;

export const withWriterOptions = (command: Command): Command =>
  command
    .option(
      '--writer <which>',
      'a larger model that writes new instructions: the address of an OpenAI-compatible server, auto for a server on this machine, or none',
      'none',
    )
    .option('--writer-model <name>', "the writer's model; by default the first that the server lists")
    .addOption(
      new Option('--writer-budget <tokens>', 'writer tokens that the run may spend, such as 50k; they do not count towards --budget')
        .argParser(parseWriterBudget)
        .default(usualWriterBudget, '50k'),
    )
    .option(...writerConsent);

type Asked = Pick<RunSpec, 'writer' | 'writerBudget' | 'writerConsent'>;

/**
 * Finds the writer, and asks before rows are sent to it for the first time.
 * @throws TandemError reasons 'bad-writer', 'no-writer-consent' and those of the server
 */
export async function writerAsked(
  prompt: string,
  { writer = 'none', writerModel, writerBudget, writerConsent }: WriterOptions,
): Promise<Asked> {
  const { choice, found } = await chooseWriter(writer, { ...(writerModel !== undefined && { model: writerModel }) });
  if (found !== undefined) stderr.say(`${found}\n`);
  if (!choice) return {};
  await askConsent(prompt, choice, writerConsent === true);
  return { writer: choice, ...(writerBudget !== undefined && { writerBudget }), writerConsent: true };
}

/**
 * Asks once for each workspace and host, and shows first what would be sent.
 * @throws TandemError reason 'no-writer-consent' if the user does not agree or cannot be asked
 */
export async function askConsent(prompt: string, choice: WriterChoice, given: boolean): Promise<void> {
  const workspace = workspaceOf(prompt);
  if (hasConsent(workspace, choice)) return;
  const to = destinationText(choice);
  const { text, rows } = await writerExample({ prompt });
  stderr.say(`${[`The writer is ${to}.`, consentText(rows), '', ...text.split('\n').map((line) => `  | ${line}`), ''].join('\n')}\n`);
  if (!given && !canAsk()) {
    throw new TandemError(
      'no-writer-consent',
      `Tandem needs your consent to send training rows to ${to}, and cannot ask for it without a terminal.`,
      {
        hint: 'To agree, pass --writer-consent. To run without a writer, pass --writer none.',
      },
    );
  }
  if (!given && !(await confirm(`Send such requests to ${to} from this workspace from now on?`))) {
    throw new TandemError('no-writer-consent', 'Nothing was sent, and no run was started.', {
      hint: 'To run without a writer, pass --writer none.',
    });
  }
  keepConsent(workspace, choice);
}

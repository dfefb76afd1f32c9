/** @file The entry of dist/cli.js: runs the command, and reports the outcome as the exit code. */
import { CommanderError, type Command } from 'commander';
import { describeError, TandemError } from '../errors.ts';
import { explainedError } from '../run/record/fileErrors.ts';
import { coloursFor } from './colours.ts';
import { exitCodes } from './exitCodes.ts';
import { makeProgram } from './program.ts';
import { withNewNames } from './renamed.ts';
import { onOutputError, stderr, stdout } from './terminal.ts';

// A reader such as `head` may close the pipe early.
onOutputError(({ code }) => process.exit(code === 'EPIPE' ? exitCodes.ok : exitCodes.internalError));

const program = makeProgram();
prepare(program);

try {
  const args = withNewNames(program, process.argv.slice(2), (notice) => stderr.say(`${notice}\n`));
  await program.parseAsync(args, { from: 'user' });
} catch (error) {
  process.exitCode = report(explainedError(error));
}

/** @returns the exit code */
function report(error: unknown): number {
  // Commander has already printed it.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.userError;
  if (error instanceof Error && error.name === 'AbortError') return exitCodes.interrupted;
  if (error instanceof TandemError && error.reason === 'stopped') return exitCodes.interrupted;
  const [first, ...rest] = describeError(error).split('\n');
  stderr.say([coloursFor(stderr).red(first), ...rest].join('\n') + '\n');
  return error instanceof TandemError ? exitCodes.userError : exitCodes.internalError;
}

/** Makes Commander throw instead of exiting, and print only through `terminal.ts`. */
function prepare(command: Command): void {
  command.exitOverride().configureOutput({ writeOut: stdout.say, writeErr: stderr.say });
  command.commands.forEach(prepare);
}

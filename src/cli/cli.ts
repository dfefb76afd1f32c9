/** @file The entry of dist/cli.js: runs the command, and says what became of it by the exit code. */
import { CommanderError, type Command } from 'commander';
import { describeError, TandemError } from '../errors.ts';
import { explainedError } from '../run/fileErrors.ts';
import { coloursFor } from './colours.ts';
import { exitCodes } from './exitCodes.ts';
import { makeProgram } from './program.ts';

// A reader such as `head` may go away.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? exitCodes.ok : exitCodes.internalError));

const program = makeProgram();
throwInsteadOfExit(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(explainedError(error));
}

/** @returns the exit code */
function report(error: unknown): number {
  // Commander has said it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.userError;
  if (error instanceof Error && error.name === 'AbortError') return exitCodes.interrupted;
  if (error instanceof TandemError && error.reason === 'stopped') return exitCodes.interrupted;
  const [first, ...rest] = describeError(error).split('\n');
  process.stderr.write([coloursFor(process.stderr).red(first), ...rest].join('\n') + '\n');
  return error instanceof TandemError ? exitCodes.userError : exitCodes.internalError;
}

function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  command.commands.forEach(throwInsteadOfExit);
}

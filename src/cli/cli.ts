/** @file The `tandem` command: the table of its subcommands, and what becomes of errors. */
import { Command, CommanderError } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { describeError, TandemError } from '../errors.ts';
import { acceptCommand } from './accept.ts';
import { attributeCommand } from './attribute.ts';
import { evaluateCommand } from './evaluate.ts';
import { exitCodes } from './exitCodes.ts';
import { exportCommand } from './export.ts';
import { headroomCommand } from './headroom.ts';
import { modelCommand } from './model.ts';
import { optimizeCommand } from './optimize.ts';
import { reportCommand } from './report.ts';
import { resumeCommand } from './resume.ts';

const commands = [
  evaluateCommand,
  attributeCommand,
  headroomCommand,
  optimizeCommand,
  resumeCommand,
  acceptCommand,
  reportCommand,
  exportCommand,
  modelCommand,
];

const program = new Command('tandem').description(manifest.description).version(manifest.version);
for (const command of commands) program.addCommand(command());
program.addHelpText(
  'after',
  `\nExit codes: ${exitCodes.ok} done, ${exitCodes.checkFailed} a check such as --min failed, ${exitCodes.userError} something is wrong with the input, ` +
    `${exitCodes.internalError} a defect of Tandem, ${exitCodes.interrupted} interrupted.`,
);
throwInsteadOfExit(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** @returns the exit code */
function report(error: unknown): number {
  // Commander has said it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.userError;
  if (error instanceof Error && error.name === 'AbortError') return exitCodes.interrupted;
  if (error instanceof TandemError && error.reason === 'stopped') return exitCodes.interrupted;
  process.stderr.write(`${describeError(error)}\n`);
  return error instanceof TandemError ? exitCodes.userError : exitCodes.internalError;
}

function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  command.commands.forEach(throwInsteadOfExit);
}

/** @file The `tandem` command: the table of its subcommands, and their common help. */
import { Command } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { acceptCommand } from './accept.ts';
import { attributeCommand } from './attribute.ts';
import { compareCommand } from './compare.ts';
import { cleanCommand } from './clean.ts';
import { completionCommand } from './completion.ts';
import { evaluateCommand } from './evaluate.ts';
import { exitCodeHelp } from './exitCodes.ts';
import { withExamples } from './examples.ts';
import { exportCommand } from './export.ts';
import { initCommand } from './init.ts';
import { mcpCommand } from './mcp.ts';
import { modelCommand } from './model.ts';
import { optimizeCommand, tuneCommand } from './optimize.ts';
import { preflightCommand } from './preflight.ts';
import { renderCommand } from './render.ts';
import { reportCommand } from './report.ts';
import { resumeCommand } from './resume.ts';
import { warmStartCommand } from './warmStart.ts';

/** In the order in which people need them. */
const commands = [
  initCommand,
  renderCommand,
  evaluateCommand,
  attributeCommand,
  preflightCommand,
  optimizeCommand,
  tuneCommand,
  resumeCommand,
  acceptCommand,
  reportCommand,
  compareCommand,
  exportCommand,
  warmStartCommand,
  cleanCommand,
  modelCommand,
  mcpCommand,
  completionCommand,
];

export function makeProgram(): Command {
  const program = new Command('tandem').description(manifest.description).version(manifest.version);
  for (const command of commands) program.addCommand(command());
  withExamples(program, [
    ['tandem init data/messages.csv', 'write a first prompt file for your data'],
    ['tandem evaluate messages.prompt.md', 'measure it'],
    ['tandem optimize messages.prompt.md --budget 5m', 'tune the prompt and the weights'],
    ['tandem accept', 'write what the latest run found to your files'],
  ]);
  program.addHelpText('after', `\n${exitCodeHelp()}\n\nHelp for a command: tandem <command> --help`);
  return program;
}

/** @file `tandem mcp`: offers Tandem's tools to an MCP client on standard input and output. */
import { Command } from 'commander';
import { realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { describeError, TandemError } from '../errors.ts';
import { withExamples } from './examples.ts';
import { workerFile } from './followRun.ts';
import { allowModules, type SessionOptions } from './options.ts';
import { stderr } from './terminal.ts';

interface McpOptions extends Pick<SessionOptions, 'allowModules'> {
  readonly workspace: string;
}

export function mcpCommand(): Command {
  const command = new Command('mcp')
    .description('serve Tandem as tools for agents, over the Model Context Protocol on stdin and stdout')
    .option('--workspace <folder>', 'the folder that agents may work in; paths outside it are refused', '.')
    .option(...allowModules)
    .action(async ({ workspace, allowModules }: McpOptions) => {
      const folder = workspaceFolder(workspace);
      // A bundle of its own: no other command loads the protocol.
      const { serveMcp } = await import('../mcp/serve.ts');
      await serveMcp({
        workspace: folder,
        allowModules: allowModules === true,
        workerFile: workerFile(),
        onTrouble: (error) => stderr.say(`${describeError(error)}\n`),
      });
    });
  return withExamples(
    command,
    [['tandem mcp --workspace ~/prompts', 'as an MCP client starts it']],
    'An MCP client such as Claude Desktop, Cursor or VS Code starts this command; docs/mcp.md has the settings to paste. The tools are render, evaluate, measure_lines, optimize and results. They read prompt files and data in the workspace and write only to its .tandem folder: what a run finds is accepted by you, with `tandem accept` or in the editor. No writer is used.',
  );
}

/** @throws TandemError reason 'not-a-folder' */
function workspaceFolder(given: string): string {
  const path = resolve(given);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return realpathSync(path);
  throw new TandemError('not-a-folder', 'There is no folder here.', {
    where: { file: path },
    hint: 'Name the folder with your prompt files.',
  });
}

/** @file `tandem completion`: a script that completes command lines in a shell. */
import { Argument, Command } from 'commander';
import { completionScript, shells, type Shell } from './completionScripts.ts';
import { withExamples } from './examples.ts';
import { stdout } from './terminal.ts';

export function completionCommand(): Command {
  const command = new Command('completion')
    .description('print a script that completes commands, options and files in your shell')
    .addArgument(new Argument('<shell>', 'your shell').choices(shells));
  command.action((shell: Shell) => stdout.say(completionScript(shell, command.parent!)));
  return withExamples(command, [
    ['source <(tandem completion bash)', 'in ~/.bashrc'],
    ['tandem completion zsh > "${fpath[1]}/_tandem"', 'once, for zsh'],
    ['tandem completion fish > ~/.config/fish/completions/tandem.fish', 'once, for fish'],
  ]);
}

/** @file `tandem model`: the models on this machine. */
import { Command } from 'commander';
import type { DownloadProgress } from '../model/store/download.ts';
import { addModel, listModels, removeModel, shortNames } from '../model/store/store.ts';
import { workspaceOf } from '../run/record/tandemFolder.ts';
import { withExamples } from './examples.ts';
import { makeProgress } from './progress.ts';
import { stderr, stdout } from './terminal.ts';

export function modelCommand(): Command {
  const command = new Command('model').description('list, add and remove models');
  command
    .command('list')
    .description('list the installed models')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const models = await listModels();
      if (json) stdout.json({ version: 1, models });
      else if (models.length === 0) stdout.say(`No model is installed. Add one, e.g.:  tandem model add ${Object.keys(shortNames)[0]}\n`);
      else for (const { name, bytes, source, path } of models) stdout.say(`${name}\t${megabytes(bytes)}\t${source}\t${path}\n`);
    });
  command
    .command('add')
    .description(
      `download a model, or register a folder or .gguf file by its name, if Tandem can run it; short names: ${Object.keys(shortNames).join(', ')}`,
    )
    .argument('<model>', 'a short name, a Hugging Face id, a folder or a .gguf file')
    .action(async (name: string) => {
      const progress = makeProgress(stderr);
      const stop = new AbortController();
      const onInterrupt = (): void => stop.abort();
      for (const signal of interrupts) process.once(signal, onInterrupt);
      try {
        const {
          name: added,
          path,
          source,
        } = await addModel(name, {
          signal: stop.signal,
          workspaces: [workspaceOf(`${process.cwd()}/_`)],
          onProgress: (download) => progress.busy(downloading(download, stderr.isTTY)),
        });
        progress.close();
        stdout.say(`${added}: ${path} (from ${source})\n`);
      } finally {
        progress.close();
        for (const signal of interrupts) process.off(signal, onInterrupt);
      }
    });
  command
    .command('remove')
    .description('remove an installed model; your own folders and files are kept')
    .argument('<model>', 'the name that `tandem model list` prints')
    .action(async (name: string) => {
      await removeModel(name);
      stdout.say(`Removed ${name}.\n`);
    });
  return withExamples(command, [
    ['tandem model list', 'what is installed'],
    ['tandem model add smollm2-135m', 'download a model'],
    ['tandem model add ./llama.gguf', 'register a file of your own by its name'],
  ]);
}

const interrupts = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A log shows only steps of 10%, so that it stays short. */
function downloading({ what, received, total }: DownloadProgress, fine: boolean): string {
  if (!fine) return total ? `Downloading ${what}, ${Math.floor((received / total) * 10) * 10}%` : `Downloading ${what}`;
  return `Downloading ${what}, ${megabytes(received)}${total ? ` of ${megabytes(total)}` : ''}`;
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** @file `tandem export`: writes a tuned adapter in formats that other tools load. */
import { Command, Option } from 'commander';
import { formChoices, type FormChoice } from '../model/frozen/table.ts';
import { exportAdapter, exportFormats, type ExportFormat } from '../run/exportAdapter.ts';
import { shellWord } from '../run/words/shellWord.ts';
import { withExamples } from './examples.ts';
import { makeProgress } from './progress.ts';
import { stderr, stdout } from './terminal.ts';

interface ExportOptions {
  readonly to: ExportFormat;
  readonly out?: string;
  readonly model?: string;
  readonly weights?: FormChoice;
}

export function exportCommand(): Command {
  const command = new Command('export')
    .description('write a tuned adapter in a format that other tools load')
    .argument('[source]', "a run's name or folder, a prompt file with an adapter, or a PEFT directory; by default the latest run")
    .addOption(new Option('--to <format>', 'the format to write').choices(Object.keys(exportFormats)).default('peft'))
    .option('--out <path>', 'the file or folder to write, which must not exist yet; by default named after the prompt and the format')
    .option('--model <model>', 'the model that the adapter was tuned on, if it is not the one that the source names')
    .addOption(
      new Option(
        '--weights <form>',
        "the form of the model's weights that the adapter was tuned on; by default the run's, or auto",
      ).choices(formChoices),
    )
    .action(async (source: string | undefined, { to, out, model, weights }: ExportOptions) => {
      const progress = makeProgress(stderr);
      try {
        const spec = { format: to, cwd: process.cwd(), ...(source !== undefined && { source }), ...(out !== undefined && { out }) };
        const exported = await exportAdapter(
          { ...spec, ...(model !== undefined && { model }), ...(weights && { weights }) },
          progress.busy,
        );
        progress.close();
        const { path, steps, model: base } = exported;
        const called = steps ? steps.map((each) => uses[to]({ path: each, model: base })) : [uses[to](exported)];
        stdout.say(`${path}: ${exportFormats[to]}${steps ? ', one for each step' : ''}\n${called.join('\n')}\n`);
      } finally {
        progress.close();
      }
    });
  return withExamples(
    command,
    [
      ['tandem export', "the latest run's adapter for peft"],
      ['tandem export intent.prompt.md --to gguf-lora', 'for llama.cpp'],
      ['tandem export --to ollama --out support-model', 'a folder for ollama create'],
    ],
    Object.entries(exportFormats)
      .map(([name, what]) => `${name}: ${what}.`)
      .join(' ') +
      ' If the prompt has labels, the adapter was tuned to choose among them. A tool that generates freely begins with the label, and then writes on.',
  );
}

/** How to load it in the other tool. */
const uses: Readonly<Record<ExportFormat, (exported: { readonly path: string; readonly model: string }) => string>> = {
  peft: ({ path, model }) =>
    /\.gguf$/i.test(model)
      ? `Its model is ${model}, which peft cannot read. For transformers, export with --to safetensors.`
      : `PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(${JSON.stringify(model)}), ${JSON.stringify(path)})`,
  safetensors: ({ path }) => `AutoModelForCausalLM.from_pretrained(${JSON.stringify(path)})`,
  'gguf-lora': ({ path, model }) =>
    /\.gguf$/i.test(model)
      ? `llama-cli -m ${shellWord(model)} --lora ${shellWord(path)}`
      : `llama-cli -m <the GGUF file of ${model}> --lora ${shellWord(path)}`,
  ollama: ({ path }) => `cd ${shellWord(path)} && ollama create my-model -f Modelfile`,
};

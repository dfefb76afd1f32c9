/** @file `tandem init`: writes a first prompt file for data. */
import { Command, Option } from 'commander';
import { writeFileSync } from 'node:fs';
import { basename, dirname, extname, relative, resolve } from 'node:path';
import { firstPrompt, type FirstPrompt } from '../data/firstPrompt.ts';
import { openDataset } from '../data/openDataset.ts';
import { dataEndings } from '../data/dataEndings.ts';
import { readDataset } from '../data/readDataset.ts';
import { TandemError } from '../errors.ts';
import { endingsOf, isPromptPath, promptKindOf } from '../prompt/kinds/table.ts';
import { parsePromptFile } from '../prompt/readPrompt.ts';
import { portable } from '../run/record/runDirectory.ts';
import { shellWord } from '../run/words/shellWord.ts';
import { withExamples } from './examples.ts';
import { tandemHere } from './followRun.ts';
import { stdout } from './terminal.ts';

interface InitOptions {
  readonly output?: string;
  readonly kind?: 'labels' | 'text';
  readonly prompt?: string;
}

export function initCommand(): Command {
  const endings = endingsOf('prompt').join(' or ');
  const command = new Command('init')
    .description('write a first prompt file for your data')
    .argument('<data>', `a file of rows with inputs and the right answer: ${dataEndings.join(', ')}`)
    .option('--output <column>', 'the column to predict; by default the most likely one')
    .addOption(new Option('--kind <kind>', 'whether the answers are labels to choose from or free text').choices(['labels', 'text']))
    .option('--prompt <file>', `the file to write, ending in ${endings}; by default in the current folder and named after the data`)
    .action(async (path: string, { output, kind, prompt }: InitOptions) => {
      const file = resolve(path);
      const data = await readDataset(file);
      const target = resolve(prompt ?? `${basename(file, extname(file))}${endingsOf('prompt')[0]}`);
      if (!isPromptPath(target)) {
        throw new TandemError('bad-option', `'${prompt}' is not the name of a prompt file.`, {
          hint: `Choose a name that ends in ${endings}.`,
        });
      }
      const first = firstPrompt(data, portable(dirname(target), file), { output, kind, fileKind: promptKindOf(target) });
      writeNew(target, first.text);
      const splits = await openDataset(parsePromptFile(target, first.text).settings, target);
      const rows = `${splits.train.length} training, ${splits.val.length} validation and ${splits.test.size} test rows`;
      const name = relative(process.cwd(), target);
      stdout.say(`Written: ${name}\n${guessText(first)}\n  ${rows}\n\nMeasure it:  ${tandemHere()} evaluate ${shellWord(name)}\n`);
    });
  return withExamples(
    command,
    [
      ['tandem init data/messages.csv', 'guess the column to predict and its inputs'],
      ['tandem init data/messages.csv --output intent --kind labels', 'choose the column and the kind of answer'],
      ['tandem init reviews.tsv --prompt prompts/review.prompt.md', 'write the file to another folder'],
    ],
    'Existing files are never overwritten. Tandem prints what it guessed and writes it to the front matter of the file, where you can change it.',
  );
}

/** @throws TandemError reason 'file-exists' */
function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new TandemError('file-exists', 'This file already exists. It was not changed.', {
      where: { file },
      hint: 'Choose another name with --prompt.',
    });
  }
}

function guessText({ output, inputs, labels, metric }: FirstPrompt): string {
  const kind = labels === undefined ? `free text, scored by ${metric ?? 'exact-match'}` : `one of ${labels} labels`;
  return `  predicts "${output}" (${kind}) from ${inputs.map((input) => `"${input}"`).join(', ')}`;
}

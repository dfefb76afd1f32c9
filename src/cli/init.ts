/** @file `tandem init`: writes a first prompt file for data, or sets up a skill. */
import { Command, Option } from 'commander';
import { basename, dirname, extname, relative, resolve } from 'node:path';
import { firstPrompt, type FirstPrompt } from '../data/firstPrompt.ts';
import { openDataset } from '../data/openDataset.ts';
import { dataEndings } from '../data/dataEndings.ts';
import { readDataset } from '../data/readDataset.ts';
import { TandemError } from '../errors.ts';
import { beginnableEndings, beginnableKindOf } from '../prompt/kinds/table.ts';
import { parsePromptFile } from '../prompt/readPrompt.ts';
import { portable } from '../run/record/runDirectory.ts';
import { setUpSkill } from '../run/setUpSkill.ts';
import { shellWord } from '../run/words/shellWord.ts';
import { writeNew } from '../run/writeNew.ts';
import { withExamples } from './examples.ts';
import { tandemHere } from './followRun.ts';
import { stdout } from './terminal.ts';

interface InitOptions {
  readonly output?: string;
  readonly kind?: 'labels' | 'text';
  readonly prompt?: string;
  readonly skill?: string;
}

export function initCommand(): Command {
  const endings = beginnableEndings().join(' or ');
  const command = new Command('init')
    .description('write a first prompt file for your data')
    .argument('[data]', `a file of rows with inputs and the right answer: ${dataEndings.join(', ')}`)
    .option('--output <column>', 'the column to predict; by default the most likely one')
    .addOption(new Option('--kind <kind>', 'whether the answers are labels to choose from or free text').choices(['labels', 'text']))
    .option('--prompt <file>', `the file to write, ending in ${endings}; by default in the current folder and named after the data`)
    .addOption(
      new Option('--skill <file>', 'set up a SKILL.md, so that its description can be tuned; the data are its labelled queries').conflicts([
        'output',
        'kind',
        'prompt',
      ]),
    )
    .action((data: string | undefined, { skill, ...options }: InitOptions) =>
      skill === undefined ? writePrompt(data, options) : setUp(skill, data),
    );
  return withExamples(
    command,
    [
      ['tandem init data/messages.csv', 'guess the column to predict and its inputs'],
      ['tandem init data/messages.csv --output intent --kind labels', 'choose the column and the kind of answer'],
      ['tandem init reviews.tsv --prompt prompts/review.prompt.md', 'write the file to another folder'],
      ['tandem init --skill skills/pdf/SKILL.md', 'set up a skill: its queries, and where they are'],
    ],
    'Existing files are never overwritten; a SKILL.md gets one line in its metadata. Tandem prints what it guessed and writes it to the front matter of the file, where you can change it.',
  );
}

async function writePrompt(path: string | undefined, { output, kind, prompt }: InitOptions): Promise<void> {
  if (path === undefined) {
    throw new TandemError('bad-option', 'Which data is the prompt for?', { hint: 'Name a file: tandem init messages.csv' });
  }
  const file = resolve(path);
  const data = await readDataset(file);
  const [usual] = beginnableEndings();
  const target = resolve(prompt ?? `${basename(file, extname(file))}${usual}`);
  const fileKind = beginnableKindOf(target);
  if (!fileKind) {
    throw new TandemError('bad-option', `'${prompt}' is not the name of a prompt file.`, {
      hint: `Choose a name that ends in ${beginnableEndings().join(' or ')}.`,
    });
  }
  const first = firstPrompt(data, portable(dirname(target), file), { output, kind, fileKind });
  writeNew(target, first.text);
  const name = relative(process.cwd(), target);
  stdout.say(`Written: ${name}\n${guessText(first)}\n  ${await rowsIn(target, first.text)}\n\n${measureIt(name)}`);
}

async function setUp(path: string, queries: string | undefined): Promise<void> {
  const file = resolve(path);
  const { text, data, isNew } = setUpSkill(file, queries && resolve(queries));
  const name = relative(process.cwd(), file);
  const own = relative(process.cwd(), data);
  const what = isNew
    ? `Written: ${own}\n  20 examples. Replace each by a query that should, or should not, load the skill.`
    : `Queries: ${own}`;
  stdout.say(`${what}\n  ${await rowsIn(file, text)}\n\n${measureIt(name)}`);
}

async function rowsIn(file: string, text: string): Promise<string> {
  const { train, val, test } = await openDataset(parsePromptFile(file, text).settings, file);
  return `${train.length} training, ${val.length} validation and ${test.size} test rows`;
}

const measureIt = (name: string): string => `Measure it:  ${tandemHere()} evaluate ${shellWord(name)}\n`;

function guessText({ output, inputs, labels, metric }: FirstPrompt): string {
  const kind = labels === undefined ? `free text, scored by ${metric ?? 'exact-match'}` : `one of ${labels} labels`;
  return `  predicts "${output}" (${kind}) from ${inputs.map((input) => `"${input}"`).join(', ')}`;
}

/** @file Opens a prompt file or a program, and derives what its steps need from the data. */
import type { Row } from '../data/dataset.ts';
import { TandemError } from '../errors.ts';
import type { Task } from '../evaluate/evaluation.ts';
import { taskFor } from '../evaluate/taskFor.ts';
import { openProgram, type Program } from '../prompt/program.ts';
import { isProgramPath } from '../prompt/kinds/table.ts';
import { parsePromptFile } from '../prompt/readPrompt.ts';
import { requireUsable, type PromptFile } from '../prompt/promptFile.ts';
import { columnsOf } from '../prompt/template.ts';
import type { Values } from '../prompt/values.ts';
import { readSource, sourceOf } from './record/runDirectory.ts';

export interface PromptTexts {
  /** The text of the prompt file or the program, if it differs from the one on disk. */
  readonly source?: string;
  /** Texts of all of a program's prompt files by their absolute paths, if they differ from those on disk. */
  readonly sources?: Readonly<Record<string, string>>;
}

/** The prompt file or the program, ready to evaluate. @throws TandemError what is wrong with it */
export function openPrompt(path: string, { source, sources }: PromptTexts = {}): { readonly file: PromptFile; readonly program?: Program } {
  const text = source ?? readSource(path);
  if (!isProgramPath(path)) return { file: requireUsable(parsePromptFile(path, text)) };
  const program = openProgram(path, text, (each) => (sources ? sourceOf(sources, each) : readSource(each)));
  return { file: program.whole, program };
}

/** An earlier step is judged by the final answer. Its labels must be known without reading the data, unless the data has its answers. */
export function stepTask(step: PromptFile, rows: readonly Row[]): Task {
  const { settings, path, ranges } = step;
  if (settings.labels === 'from-data' && !rows.some(({ values }) => Object.hasOwn(values, settings.output))) {
    const { line, column } = ranges.labels;
    throw new TandemError('no-output', `The labels of this step are unknown: the data has no column "${settings.output}" for them.`, {
      where: { file: path, line, column },
      hint: 'List them in the prompt file: labels: [one, other].',
    });
  }
  return taskFor({ ...step, settings: { ...settings, metric: settings.labels ? 'accuracy' : 'exact-match' } }, rows);
}

/** The values of columns that the prompts read and the data lacks, the same in every row: the samples of a `.prompty`. */
export function samplesOf(files: readonly PromptFile[], columns: readonly string[]): Values {
  return Object.fromEntries(
    files.flatMap(({ prompt, samples = {} }) =>
      columnsOf(prompt).flatMap((column) =>
        !columns.includes(column) && Object.hasOwn(samples, column) ? [[column, samples[column]] as const] : [],
      ),
    ),
  );
}

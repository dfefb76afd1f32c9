/** @file A prompt file or a program with what was measured of it, and whether that is still about the same text. */
import { basename } from 'node:path';
import { TandemError } from '../../errors.ts';
import { openProgram, type Program } from '../../prompt/program.ts';
import { stepPaths, type ProgramFile } from '../../prompt/programFile.ts';
import { isProgramPath } from '../../prompt/kinds/table.ts';
import { parseProgramFile, parsePromptFile } from '../../prompt/readPrompt.ts';
import type { Problem, PromptFile } from '../../prompt/promptFile.ts';
import { rangesOf, type TextRange } from '../../prompt/textRange.ts';
import { hashPrompt, programText, type Results } from '../../run/record/results.ts';
import { dataFilesOf } from './dataSample.ts';

export interface MeasuredFile {
  /** Of a program: the whole of it, as if it were one prompt file; as far as it can be read. */
  readonly file: PromptFile;
  /** Of a program, first to last. */
  readonly steps?: readonly StepPlace[];
  /** Of a program that can be read. */
  readonly program?: Program;
  readonly results?: Results;
  /** The results are of another text. */
  readonly stale: boolean;
}

/** A step as the program file names it. */
export interface StepPlace {
  /** Absolute path of its prompt file. */
  readonly path: string;
  /** What its answer is called. */
  readonly output: string;
  /** 0-based line of the program file. */
  readonly line: number;
}

/** @param read the text of a program's prompt file by its absolute path, as it is now; throws where there is none */
export function measuredFile(path: string, text: string, results: Results | undefined, read: (path: string) => string): MeasuredFile {
  return withResults(isProgramPath(path) ? readProgram(path, text, read) : { file: parsePromptFile(path, text) }, results);
}

/** The same file with other results. */
export function withResults({ file, steps, program }: FileRead, results: Results | undefined): MeasuredFile {
  const known = { file, ...(steps && { steps }), ...(program && { program }) };
  const measured = program ? programText(program) : file.text;
  return { ...known, ...(results && { results }), stale: results !== undefined && results.textHash !== hashPrompt(measured) };
}

type FileRead = Pick<MeasuredFile, 'file' | 'steps' | 'program'>;

/** Whether it says on which rows it is to be measured. */
export const hasData = ({ file }: MeasuredFile): boolean => file.hasSettings && dataFilesOf(file.settings, file.path).length > 0;

/** Where a prompt file stands in a program, from 0. */
export const stepIn = ({ steps = [] }: MeasuredFile, path: string): number => steps.findIndex((step) => step.path === path);

function readProgram(path: string, text: string, read: (path: string) => string): FileRead {
  const parsed = parseProgramFile(path, text);
  const paths = stepPaths(parsed);
  const steps = parsed.steps.map(({ output, promptRange }, place): StepPlace => {
    return { path: paths[place], output, line: promptRange.line - 1 };
  });
  try {
    const program = openProgram(path, text, read);
    return { file: program.whole, steps, program };
  } catch (error) {
    if (!(error instanceof TandemError)) throw error;
    return { file: brokenProgram(parsed, error), steps };
  }
}

/** What is known of a program that cannot be opened. */
function brokenProgram({ path, text, problems, ranges, data, metric, model, adapter }: ProgramFile, error: TandemError): PromptFile {
  const nothing = parsePromptFile('none.prompt.md', '');
  const { where, hint } = error;
  const here = where?.file === path;
  const problem: Problem = {
    severity: 'error',
    // A defect within a prompt file is reported at the top.
    message: here || !where ? error.message : `${basename(where.file)}: ${error.message}`,
    range: lineRange(text, here ? (where.line ?? 1) : 1),
    ...(hint !== undefined && { hint }),
  };
  return {
    ...nothing,
    path,
    text,
    settings: {
      ...nothing.settings,
      ...(data !== undefined && { data }),
      ...(metric !== undefined && { metric }),
      ...(model !== undefined && { model }),
      ...(adapter !== undefined && { adapter }),
    },
    hasSettings: true,
    problems: problems.length > 0 ? problems : [problem],
    ranges,
  };
}

function lineRange(text: string, line: number): TextRange {
  const lines = text.split('\n');
  const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  return rangesOf(text)(start, start + (lines[line - 1] ?? '').trimEnd().length);
}

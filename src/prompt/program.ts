/** @file A program with the prompt files that its steps name: the program as one prompt, and the problems between its steps. */
import { dirname, resolve } from 'node:path';
import { TandemError } from '../errors.ts';
import { lacksAnswers } from './answersNeeded.ts';
import { nearestNames } from './nearest.ts';
import { asProgram } from './prompt.ts';
import type { ProgramFile } from './programFile.ts';
import { parseProgramFile, parsePromptFile } from './readPrompt.ts';
import { bodyRanges, checkColumns, requireUsable, type Problem, type PromptFile } from './promptFile.ts';
import type { DataSource } from './settings.ts';
import { variablesOf } from './template.ts';

export interface Program {
  readonly file: ProgramFile;
  /** First to last. Each step's settings name its own output. */
  readonly steps: readonly PromptFile[];
  /**
   * The program as if it were one prompt file: its prompt includes the earlier steps' prompts, and its settings are the last step's except
   * for what the program file sets.
   */
  readonly whole: PromptFile;
}

/**
 * Reads a program and its prompt files.
 * @param read the text of a file by its absolute path
 * @throws TandemError reasons 'bad-program' for the first defect of the program file, 'no-prompt' for a missing prompt file,
 *   'bad-prompt-file' for the first defect of one of them
 */
export function openProgram(path: string, text: string, read: (path: string) => string): Program {
  const file = parseProgramFile(path, text);
  const problem = file.problems.find(({ severity }) => severity === 'error');
  if (problem) throw placed('bad-program', path, problem);
  const steps = file.steps.map(({ prompt, output, promptRange }): PromptFile => {
    const stepPath = resolve(dirname(path), prompt);
    let source: string;
    try {
      source = read(stepPath);
    } catch (cause) {
      const { line, column } = promptRange;
      throw new TandemError('no-prompt', `There is no prompt file ${prompt}.`, {
        where: { file: path, line, column },
        hint: 'Check the path. It is relative to the program file.',
        cause,
      });
    }
    const step = parsePromptFile(stepPath, source);
    return { ...step, settings: { ...step.settings, output } };
  });
  const last = steps[steps.length - 1];
  for (const step of steps) {
    // Only the last step needs data, and the program may name it instead.
    const problems = step.problems.filter(({ missing }) => missing === undefined);
    requireUsable({ ...step, problems, hasSettings: true });
  }
  for (const { path: stepPath, settings } of steps) {
    if (settings.adapter === undefined || (stepPath === last.path && file.adapter === undefined)) continue;
    const { line, column } = steps.find((step) => step.path === stepPath)!.ranges.adapter;
    throw new TandemError('adapter-of-step', 'This step names its own adapter. All steps of a program run with one adapter.', {
      where: { file: stepPath, line, column },
      hint: 'Name the adapter in the program file and remove it here.',
    });
  }
  const fromStep = (source: DataSource): DataSource => {
    const absolute = (each: string): string => resolve(dirname(last.path), each);
    if (typeof source === 'string') return source === '' ? '' : absolute(source);
    const { train, val, test } = source;
    return {
      train: absolute(train),
      ...(val !== undefined && { val: absolute(val) }),
      ...(test !== undefined && { test: absolute(test) }),
    };
  };
  const { adapter, ...settings } = last.settings;
  const ownAdapter = file.adapter ?? (adapter === undefined ? undefined : resolve(dirname(last.path), adapter));
  const whole: PromptFile = {
    path,
    text,
    prompt: asProgram(steps.map(({ prompt }) => prompt)),
    settings: {
      ...settings,
      data: file.data ?? fromStep(settings.data),
      metric: file.metric ?? settings.metric,
      model: file.model ?? settings.model,
      ...(ownAdapter !== undefined && { adapter: ownAdapter }),
    },
    hasSettings: true,
    problems: [...file.problems, ...steps.flatMap(({ problems }) => problems.filter(({ missing }) => missing === undefined))],
    bodyOffset: 0,
    ranges: { ...file.ranges, output: file.steps[file.steps.length - 1].outputRange },
  };
  if (whole.settings.data === '') {
    throw new TandemError('bad-program', 'Neither the program nor its last prompt file names the data.', {
      where: { file: path, line: 1 },
      hint: 'Add `data: rows.jsonl` to the program file.',
    });
  }
  return { file, steps, whole };
}

/**
 * Problems between the steps and the data: a column that neither the data nor an earlier step has, an answer that is given away, an answer
 * that no later step reads.
 * @returns problems with the file that each is in
 */
export function checkProgram({ file, steps, whole }: Program, columns: readonly string[]): (Problem & { readonly path: string })[] {
  const output = file.steps[file.steps.length - 1].output;
  const found: (Problem & { readonly path: string })[] = [];
  const lacking = lacksAnswers(whole.settings, columns);
  if (lacking !== undefined) {
    const range = file.steps[file.steps.length - 1].outputRange;
    const message = `The data has no column "${output}" (columns: ${columns.join(', ')}).`;
    found.push({
      severity: 'error',
      message,
      range,
      hint: lacking,
      fix: { range, instead: nearestNames(output, columns) },
      path: file.path,
    });
  }
  for (const [place, step] of steps.entries()) {
    const earlier = file.steps.slice(0, place).map((each) => each.output);
    const known = [...new Set([...columns.filter((column) => column !== output), ...earlier, step.settings.output])];
    const rangeOf = bodyRanges(step);
    const given = variablesOf(step.prompt)
      .filter(({ name }) => name === output && name !== step.settings.output)
      .map(({ name, start, end }): Problem => {
        const range = rangeOf(start, end);
        const hint = 'Remove it. The last step has to predict it.';
        return { severity: 'error', message: `The body reads "${name}", the column to predict.`, range, hint };
      });
    const others = checkColumns(step, known).filter(
      ({ severity, range }) => severity !== 'information' && !given.some((problem) => problem.range.start === range.start),
    );
    const problems = [...given, ...others].sort((a, b) => a.range.start - b.range.start);
    found.push(...problems.map((problem) => ({ ...problem, path: step.path })));
    const later = steps.slice(place + 1);
    const { output: own } = file.steps[place];
    if (later.length > 0 && !later.some(({ prompt }) => variablesOf(prompt).some(({ name }) => name === own))) {
      const range = file.steps[place].outputRange;
      found.push({
        severity: 'warning',
        message: `No later step reads "${own}".`,
        range,
        hint: 'Use it as a variable in a later step, or remove this step.',
        path: file.path,
      });
    }
  }
  return found;
}

/** A problem as an error with its place. */
export function placed(reason: string, path: string, { message, range, hint }: Problem): TandemError {
  return new TandemError(reason, message, { where: { file: path, line: range.line, column: range.column }, hint });
}

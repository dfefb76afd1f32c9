/** @file What a task of tasks.json asks for, as a line of the `tandem` command. */
import { parseBudget } from '../../run/spec.ts';
import { TandemError } from '../../errors.ts';

/** As tasks.json has it; the manifest says what each is. */
export interface TandemTask {
  readonly command: 'evaluate' | 'optimize';
  /** The prompt file, from the workspace folder. */
  readonly prompt: string;
  /** evaluate: the task fails below this value. */
  readonly min?: number;
  /** optimize: how long. */
  readonly budget?: string;
}

/** @throws TandemError reasons 'bad-task', 'bad-budget' */
export function readTask(definition: Readonly<Record<string, unknown>>): TandemTask {
  const { command, prompt, min, budget } = definition;
  const own = (key: string, owner: TandemTask['command']): string => `"${key}" applies only to the command ${owner}.`;
  if (command !== 'evaluate' && command !== 'optimize') throw badTask('"command" must be evaluate or optimize.');
  if (typeof prompt !== 'string' || prompt === '') throw badTask('"prompt" must be the path of the prompt file.');
  if (min !== undefined && command !== 'evaluate') throw badTask(own('min', 'evaluate'));
  if (budget !== undefined && command !== 'optimize') throw badTask(own('budget', 'optimize'));
  if (min !== undefined && (typeof min !== 'number' || min < 0 || min > 1)) throw badTask('"min" must be a number from 0 to 1.');
  if (budget !== undefined && typeof budget !== 'string') throw badTask('"budget" must be a text such as "5m".');
  if (budget !== undefined) parseBudget(budget);
  return { command, prompt, ...(min !== undefined && { min }), ...(budget !== undefined && { budget }) };
}

/** What follows `tandem`. */
export function taskLine({ command, prompt, min, budget }: TandemTask): string[] {
  return [
    command,
    // A name that begins with a dash is none of the options.
    ...(min === undefined ? [] : ['--min', String(min)]),
    ...(budget === undefined ? [] : ['--budget', budget]),
    '--',
    prompt,
  ];
}

/** `Evaluate prompts/intent.prompt.md`. */
export function taskName({ command, prompt }: TandemTask): string {
  return `${command === 'evaluate' ? 'Evaluate' : 'Optimize'} ${prompt}`;
}

const badTask = (message: string): TandemError => new TandemError('bad-task', `A task of type tandem is invalid: ${message}`);

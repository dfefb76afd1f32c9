/** @file A prompt as the optimizer sees it: immutable text and demonstrations, independent of the file that contains them. */
import type { Decoding } from './decoding.ts';
import type { Values } from './values.ts';

export interface Demonstration {
  /** Values of the input columns. */
  readonly inputs: Values;
  readonly output: string;
}

/** From label to words, for every label. */
export type LabelWords = Readonly<Record<string, string>>;

export interface Prompt {
  /** The exact body of the prompt file. `{{demos}}` marks where demonstrations go, `${input:name}` (in Jinja `{{name}}`) a column's value. */
  readonly body: string;
  readonly demonstrations: readonly Demonstration[];
  /** The language of the body, by its name in `languages/table.ts`: 'jinja' for `.prompty`. Absent for the language of `.prompt.md`. */
  readonly syntax?: string;
  /** The words that the model uses for labels, if they differ: in demonstrations, as choices and in training. */
  readonly labelWords?: LabelWords;
  /** The decoding settings that differ from the file, chosen by an optimizer. */
  readonly decoding?: Partial<Decoding>;
  /** The prompts of a program's earlier steps, first to last. Their answers are inputs of this prompt, which is the last step. */
  readonly earlier?: readonly Prompt[];
}

/** The prompts of a program's steps, first to last. For a single prompt, only itself. */
export function stepsOf(prompt: Prompt): Prompt[] {
  const { earlier = [], ...last } = prompt;
  return [...earlier, last];
}

/** The same program with another prompt for a step. */
export function withStep(prompt: Prompt, step: number, next: Prompt): Prompt {
  return asProgram(stepsOf(prompt).map((each, place) => (place === step ? next : each)));
}

/** Steps as one prompt. */
export function asProgram(steps: readonly Prompt[]): Prompt {
  const last = steps[steps.length - 1];
  return steps.length === 1 ? last : { ...last, earlier: steps.slice(0, -1) };
}

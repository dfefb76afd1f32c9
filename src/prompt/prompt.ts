/** @file A prompt as the optimizer sees it: immutable text and demonstrations, apart from the file that they stand in. */
import type { Decoding } from './decoding.ts';
import type { Values } from './values.ts';

export interface Demonstration {
  /** Values of the input columns. */
  readonly inputs: Values;
  readonly output: string;
}

/** Label to words, of every label. */
export type LabelWords = Readonly<Record<string, string>>;

export interface Prompt {
  /** The body of the prompt file, exactly; `{{demos}}` marks where demonstrations go, `${input:name}` (in Jinja `{{name}}`) a column's value. */
  readonly body: string;
  readonly demonstrations: readonly Demonstration[];
  /** The language of the body, by its name in `languages/table.ts`: 'jinja' for `.prompty`. Absent for that of `.prompt.md`. */
  readonly syntax?: string;
  /** What the model says for labels, where that is not the label itself: in demonstrations, as choices and in training. */
  readonly labelWords?: LabelWords;
  /** What is decoded otherwise than the file says; an optimizer's choice. */
  readonly decoding?: Partial<Decoding>;
  /** The prompts of a program's earlier steps, first to last: their answers are inputs of this one, which is the last step. */
  readonly earlier?: readonly Prompt[];
}

/** The prompts of a program's steps, first to last; of a single prompt that one. */
export function stepsOf(prompt: Prompt): Prompt[] {
  const { earlier = [], ...last } = prompt;
  return [...earlier, last];
}

/** The same program with another prompt at a step. */
export function withStep(prompt: Prompt, step: number, next: Prompt): Prompt {
  return asProgram(stepsOf(prompt).map((each, place) => (place === step ? next : each)));
}

/** Steps as one prompt. */
export function asProgram(steps: readonly Prompt[]): Prompt {
  const last = steps[steps.length - 1];
  return steps.length === 1 ? last : { ...last, earlier: steps.slice(0, -1) };
}

/** @file A prompt as the optimizer sees it: immutable text and demonstrations, apart from the file that they stand in. */

export interface Demonstration {
  /** Values of the input columns. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly output: string;
}

export interface Prompt {
  /** The body of the prompt file, exactly; `{{demos}}` marks where demonstrations go, `${input:name}` a column's value. */
  readonly body: string;
  readonly demonstrations: readonly Demonstration[];
}

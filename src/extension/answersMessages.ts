/** @file What the page of the answers and the extension say to each other. The page imports this file too, so it imports no `vscode`. */
import type { Answers } from '../run/record/answers.ts';

export type AnswersToPage =
  | ({ readonly type: 'answers'; readonly name: string; readonly answers: Answers } & AboutPrompt & Age)
  /** The text was edited, or is the measured one again. */
  | ({ readonly type: 'stale' } & AboutPrompt & Age)
  /** There are no answers to show, and why. */
  | ({ readonly type: 'none'; readonly name: string; readonly message: string } & AboutPrompt);

interface AboutPrompt {
  /** What names the prompt file to the extension; the page only hands it back. */
  readonly prompt: string;
}

interface Age {
  /** The text is not the one that was measured. */
  readonly stale: boolean;
}

export type AnswersFromPage =
  /** The page listens; it showed this prompt before it was closed or hidden. */
  { readonly type: 'ready'; readonly prompt?: string } | AnswersAction;

/** What the user asks for. */
export type AnswersAction =
  | ({ readonly type: 'openPrompt' | 'evaluate' } & AboutPrompt)
  /** Opens the data file at this line, or answers this row again. */
  | ({ readonly type: 'openRow' | 'tryRow'; readonly line: number } & AboutPrompt);

/** @file What the page of Try It and the extension say to each other. The page imports this file too, so it imports no `vscode`. */
import type { RowAnswer } from '../run/answerRow.ts';

export type TryItToPage = TriedPrompt | RowToTry | TriedSides;

/** The prompt file as it reads now, and what its answer can be compared with. */
export interface TriedPrompt extends AboutPrompt {
  readonly type: 'prompt';
  readonly name: string;
  /** The columns that the prompt reads. */
  readonly columns: readonly string[];
  /** Why the prompt cannot be tried as it is. */
  readonly problem?: string;
  /** What the accepted adapter is called, where the prompt has one. */
  readonly adapter?: string;
  /** Other models that are installed. */
  readonly models: readonly string[];
}

/** A row of the data to fill the fields with. */
export interface RowToTry extends AboutPrompt {
  readonly type: 'row';
  readonly values: Readonly<Record<string, string>>;
  /** `Validation row in line 12`. */
  readonly from: string;
  /** The right answer, where it may be shown. */
  readonly gold?: string;
}

/** The answers beside each other, as far as they are. */
export interface TriedSides extends AboutPrompt {
  readonly type: 'sides';
  readonly sides: readonly Side[];
  /** The text is another one by now. */
  readonly stale: boolean;
}

export interface Side {
  /** `nano`, or `nano + adapter`. */
  readonly title: string;
  readonly state: SideState;
}

export type SideState =
  | { readonly kind: 'working'; readonly what: string; /** What is written so far. */ readonly text?: string }
  | { readonly kind: 'answered'; readonly answer: RowAnswer }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'stopped' };

interface AboutPrompt {
  /** What names the prompt file to the extension; the page only hands it back. */
  readonly prompt: string;
}

/** What the answer of the model alone is compared with. */
export type Beside = { readonly kind: 'nothing' } | { readonly kind: 'adapter' } | { readonly kind: 'model'; readonly model: string };

export type TryItFromPage =
  /** The page listens; it showed this prompt before it was closed or hidden. */
  | { readonly type: 'ready'; readonly prompt?: string }
  | ({ readonly type: 'chooseRow' | 'stop' | 'openPrompt' } & AboutPrompt)
  | ({ readonly type: 'try'; readonly values: Readonly<Record<string, string>>; readonly beside: Beside } & AboutPrompt);

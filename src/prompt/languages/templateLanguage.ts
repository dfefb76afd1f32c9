/** @file What a template language is: how a prompt's body reads columns, and all that other code asks of how a body is written. */
import type { Place } from '../../errors.ts';
import type { Values } from '../values.ts';

/**
 * A language that a body can be written in. Every language shares the line `{{demos}}`. What a language leaves out, its bodies cannot have:
 * no roles, no soft prompt, no keys of values.
 */
export interface TemplateLanguage {
  /** What `Prompt.syntax` says of a body in it; absent for the language of `.prompt.md`. Journals have this name, so it never changes. */
  readonly syntax?: string;
  /**
   * 'literal': each variable is replaced by its value's text, and the rest of the body stays as it is.
   * 'computed': the template gets the values themselves, with their types, and its text may depend on them in any way. Filling it in may fail.
   */
  readonly values: 'literal' | 'computed';
  /** The places of a body that read a column, first to last. */
  readonly variables: (body: string) => readonly Variable[];
  /** What reads a column: `${input:name}`. */
  readonly write: (column: string) => string;
  /** Variables, statements and comments: what a template has that are not words for the model. */
  readonly tags: (body: string) => readonly Span[];
  /** Makes parts of a body ready to be filled in with a row. */
  readonly filler: (body: string) => Filler;
  /** What is wrong with the body in this language. @param demos the line `{{demos}}`, if there is one */
  readonly problems: (body: string, demos?: Span) => BodyProblem[];
  /** What an editor needs while someone writes a variable. */
  readonly typing: Typing;
  /** Where the outermost block starts that a variable of the body stands in, e.g. a loop. @param from where to start looking */
  readonly blockAround?: (body: string, variable: Span, from: number) => number;
  /** Lines that name a role, such as `user:`, and the sections below them. */
  readonly roles?: {
    readonly lines: (body: string) => readonly RoleLine[];
    /** First to last, at least one. */
    readonly sections: (body: string) => readonly Section[];
  };
  /** The line that stands for an adapter's soft prompt, in the place of an instruction. */
  readonly softLine?: { readonly text: string; readonly pattern: RegExp };
  /** The keys that a body reads of columns whose values are objects. */
  readonly keysRead?: (body: string) => readonly KeyRead[];
}

/** A stretch of the body: [start, end). */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A tag that reads a column; offsets into the body. */
export interface Variable extends Span {
  readonly name: string;
  readonly placeholder?: string;
  /** Where the name itself stands. */
  readonly nameStart: number;
}

/** The text of a part of a body for one row. @throws TandemError reasons 'unknown-column', 'bad-template', 'too-slow' */
export type Fill = (values: Values, origin?: Place) => string;

/** @param text a part of the body, whose first character may stand after `from`, but not before it */
export type Filler = (text: string, from: number) => Fill;

export type Severity = 'error' | 'warning' | 'information';

export interface BodyProblem extends Span {
  readonly severity: Severity;
  readonly message: string;
  readonly hint?: string;
  /** What could stand at a place of the body instead. */
  readonly fix?: Span & { readonly instead: readonly string[]; readonly title?: string };
}

export interface Typing {
  /** The characters after which an editor suggests columns. */
  readonly triggers: readonly string[];
  /** The variable that someone has begun at the end of `before`, if any. @param after the rest of the line */
  readonly begun: (before: string, after: string) => Begun | undefined;
  /** What the editor writes for a column. @param closed whether what ends a variable is already there */
  readonly complete: (column: string, closed: boolean) => string;
}

/** How many characters of a variable stand before the cursor, and how many of its name after it. */
export interface Begun {
  readonly before: number;
  readonly after: number;
  readonly closed: boolean;
}

export type Role = 'system' | 'user' | 'assistant';

export interface RoleLine extends Span {
  readonly name: string;
}

export interface Section extends Span {
  readonly role: Role;
  /** The line that names the role, line ending included; empty for text before the first one, which is the system's. */
  readonly marker: Span;
}

/** A key that a tag reads; the offsets are the tag's. */
export interface KeyRead extends Span {
  /** The column, then keys; `anyItem` stands for the items of a list. */
  readonly path: readonly string[];
}

export const anyItem = '[]';

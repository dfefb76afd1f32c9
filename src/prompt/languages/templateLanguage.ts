/** @file What a template language is: how a prompt's body reads columns, and everything that other code needs to know about how a body is written. */
import type { Place } from '../../errors.ts';
import type { Values } from '../values.ts';

/**
 * A language for bodies. Every language shares the line `{{demos}}`. Bodies cannot use what their language leaves out:
 * roles, a soft prompt, keys of values.
 */
export interface TemplateLanguage {
  /** The value of `Prompt.syntax` for its bodies; absent for the language of `.prompt.md`. Journals store this name, so it never changes. */
  readonly syntax?: string;
  /**
   * 'literal': each variable is replaced by its value's text, and the rest of the body stays as it is.
   * 'computed': the template gets the values themselves, with their types, and its text may depend on them in any way. Filling it in may fail.
   */
  readonly values: 'literal' | 'computed';
  /** The places in a body that read a column, first to last. */
  readonly variables: (body: string) => readonly Variable[];
  /** The notation that reads a column: `${input:name}`. */
  readonly write: (column: string) => string;
  /** Variables, statements and comments: the parts of a template that are not words for the model. */
  readonly tags: (body: string) => readonly Span[];
  /** Prepares parts of a body to be filled in with a row. */
  readonly filler: (body: string) => Filler;
  /** What is wrong with the body in this language. @param demos the line `{{demos}}`, if there is one */
  readonly problems: (body: string, demos?: Span) => BodyProblem[];
  /** What an editor needs while someone writes a variable. */
  readonly typing: Typing;
  /** Where the outermost block around a variable of the body starts, e.g. a loop. @param from where to start searching */
  readonly blockAround?: (body: string, variable: Span, from: number) => number;
  /** Lines that name a role, such as `user:`, and the sections below them. */
  readonly roles?: {
    readonly lines: (body: string) => readonly RoleLine[];
    /** The sections, first to last, at least one. */
    readonly sections: (body: string) => readonly Section[];
  };
  /** The line for an adapter's soft prompt, in place of an instruction. */
  readonly softLine?: { readonly text: string; readonly pattern: RegExp };
  /** For bodies that are a text of the author in a fixed frame: nothing but that text may change. */
  readonly framed?: {
    /** The author's text. Undefined if something in the frame is not as it should be. */
    readonly text: (body: string) => Span | undefined;
    readonly maxCharacters: number;
  };
  /** The keys that a body reads from columns whose values are objects. */
  readonly keysRead?: (body: string) => readonly KeyRead[];
}

/** A range of the body: [start, end). */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A tag that reads a column; offsets into the body. */
export interface Variable extends Span {
  readonly name: string;
  readonly placeholder?: string;
  /** The place of the name itself. */
  readonly nameStart: number;
}

/** The text of a part of a body for one row. @throws TandemError reasons 'unknown-column', 'bad-template', 'too-slow' */
export type Fill = (values: Values, origin?: Place) => string;

/** @param text a part of the body, whose first character may come after `from`, but not before it */
export type Filler = (text: string, from: number) => Fill;

export type Severity = 'error' | 'warning' | 'information';

export interface BodyProblem extends Span {
  readonly severity: Severity;
  readonly message: string;
  readonly hint?: string;
  /** Alternatives for a place of the body. */
  readonly fix?: Span & { readonly instead: readonly string[]; readonly title?: string };
}

export interface Typing {
  /** The characters after which an editor suggests columns. */
  readonly triggers: readonly string[];
  /** The unfinished variable at the end of `before`, if any. @param after the rest of the line */
  readonly begun: (before: string, after: string) => Begun | undefined;
  /** What the editor inserts for a column. @param closed whether the end of the variable is already there */
  readonly complete: (column: string, closed: boolean) => string;
}

/** How many characters of a variable precede the cursor, and how many of its name follow it. */
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
  /** The line that names the role, including its line ending; empty for text before the first one, which belongs to the system. */
  readonly marker: Span;
}

/** A key that a tag reads. The offsets are those of the tag. */
export interface KeyRead extends Span {
  /** The column, then keys. `anyItem` means the items of a list. */
  readonly path: readonly string[];
}

export const anyItem = '[]';

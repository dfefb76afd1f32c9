/** @file The one error type: what went wrong (a reason to branch on), where, and what to do about it. */

export interface Place {
  readonly file: string;
  /** 1-based. */
  readonly line?: number;
  /** 1-based, in UTF-16 units. */
  readonly column?: number;
}

export class TandemError extends Error {
  override readonly name = 'TandemError';
  /** Stable kebab-case identifier, e.g. 'bad-row'; code branches on this, never on the message. */
  readonly reason: string;
  readonly where?: Place;
  /** One sentence: what the user can do. */
  readonly hint?: string;

  constructor(reason: string, message: string, detail: { where?: Place; hint?: string; cause?: unknown } = {}) {
    super(message, { cause: detail.cause });
    this.reason = reason;
    this.where = detail.where;
    this.hint = detail.hint;
  }
}

/** `file:line:column: message`, which terminals and editors turn into a link, and the hint on a line of its own. */
export function describeError(error: unknown): string {
  if (!(error instanceof TandemError)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const { where, hint, message } = error;
  const place = where ? [where.file, where.line, where.column].filter((part) => part !== undefined).join(':') + ': ' : '';
  return `${place}${message}${hint ? `\n  ${hint}` : ''}`;
}

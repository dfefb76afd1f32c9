/** @file What a chat template renders: turns, and its other inputs. */

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** What a chat template gets besides the turns. */
export interface ChatOptions {
  /** The date that `strftime_now` returns, YYYY-MM-DD. `defaultChatDate` if absent. Never the clock's: the same inputs give the same numbers. */
  readonly date?: string;
  /** Other names that the template may read, e.g. `enable_thinking`. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** @file What a chat template renders: turns, and what it may read beside them. */

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** What a chat template gets besides the turns. */
export interface ChatOptions {
  /** The day that `strftime_now` gives, YYYY-MM-DD; `defaultChatDate` where absent. Never the clock's: the same inputs give the same numbers. */
  readonly date?: string;
  /** Other names that it may read, e.g. `enable_thinking`. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

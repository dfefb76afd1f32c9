/** @file What a model does with texts: counting their tokens, and rendering its chat template. Code above `model/` needs no more than this. */
import type { ChatMessage, ChatOptions } from './chatMessages.ts';
import { encodeWithSoft } from './softPrompt.ts';
import { beginning, continuationTokens, type Tokenizer } from './tokenizer.ts';

/** A soft prompt, whose place in a text is a mark. */
export interface VirtualTokens {
  readonly tokens: number;
}

export interface Texts {
  /** The chat template's source, if the model has one. */
  readonly chatTemplate?: string;
  /**
   * Renders the model's chat template, up to the start of the assistant's answer.
   * @throws TandemError 'no-chat-template', 'no-system-role', 'bad-template', 'too-slow'
   */
  chat(messages: readonly ChatMessage[], options?: ChatOptions): string;
  /** Tokens of a text by itself. A virtual token counts like any other. */
  count(text: string, soft?: VirtualTokens): number;
  /** Tokens of a text that follows a prompt. */
  countAnswer(text: string): number;
  /**
   * Tokens of the distinct texts, with their common beginning counted once. The beginning is cut before white space, where tokens end too, so that
   * it and the remainders are tokenized separately.
   */
  countShared(texts: readonly string[], soft?: VirtualTokens): number;
  /** Tokens of the answers, with common beginnings counted once, i.e. the nodes of their trie. */
  countBranches(answers: readonly string[]): number;
  /** The model's input for a prompt, including its begin token, if it has one, and the number of tokens. */
  asRead(prompt: string, soft?: VirtualTokens): { readonly text: string; readonly tokens: number };
}

export function textsOf(tokenizer: Tokenizer): Texts {
  // Without a soft prompt its mark counts as text, because a prompt is counted before its weights are known.
  const encode = (text: string, soft?: VirtualTokens): number[] =>
    soft ? encodeWithSoft(tokenizer, text, soft, tokenizer.vocabularySize) : tokenizer.encode(text);
  const count: Texts['count'] = (text, soft) => encode(text, soft).length;
  return {
    ...(tokenizer.chatTemplate !== undefined && { chatTemplate: tokenizer.chatTemplate }),
    chat: (messages, options) => tokenizer.applyChatTemplate(messages, options),
    count,
    countAnswer: (text) => continuationTokens(tokenizer, text).length,
    countShared(texts, soft) {
      const distinct = [...new Set(texts)];
      if (distinct.length === 0) return 0;
      const shared = distinct.length === 1 ? distinct[0].length : commonBeginning(distinct);
      const countPart = (text: string): number => (text === '' ? 0 : count(text, soft));
      return distinct.reduce((sum, text) => sum + countPart(text.slice(shared)), countPart(distinct[0].slice(0, shared)));
    },
    countBranches(answers) {
      const nodes = new Set<string>();
      for (const answer of answers) {
        const tokens = tokenizer.encode(answer);
        tokens.forEach((_, place) => nodes.add(tokens.slice(0, place + 1).join(' ')));
      }
      return nodes.size;
    },
    asRead(prompt, soft) {
      const own = encode(prompt, soft);
      const tokens = beginning(tokenizer, own);
      const added = tokens.length > own.length ? tokenizer.decode(tokens.slice(0, 1)) : '';
      return { text: added + prompt, tokens: tokens.length };
    },
  };
}

/** The number of characters that all texts have in common at their beginning, up to a place where white space follows in each. */
function commonBeginning(texts: readonly string[]): number {
  const first = texts[0];
  let length = Math.min(...texts.map((text) => text.length));
  for (const text of texts) {
    let same = 0;
    while (same < length && text[same] === first[same]) same++;
    length = same;
  }
  const isBoundary = (text: string): boolean => length === text.length || (/\s/.test(text[length]) && /\S/.test(text[length - 1]));
  while (length > 0 && !texts.every(isBoundary)) length--;
  return length;
}

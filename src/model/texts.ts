/** @file What a model makes of texts: how many tokens they are, and what its chat template makes of turns. Above `model/` nothing needs more. */
import type { ChatMessage, ChatOptions } from './chatMessages.ts';
import { encodeWithSoft } from './softPrompt.ts';
import { beginning, continuationTokens, type Tokenizer } from './tokenizer.ts';

/** A soft prompt, for which a text has a mark. */
export interface VirtualTokens {
  readonly tokens: number;
}

export interface Texts {
  /** The chat template's own text, where the model has one. */
  readonly chatTemplate?: string;
  /**
   * Renders the model's chat template, up to where the assistant's answer starts.
   * @throws TandemError 'no-chat-template', 'no-system-role', 'bad-template', 'too-slow'
   */
  chat(messages: readonly ChatMessage[], options?: ChatOptions): string;
  /** Tokens of a text by itself; a virtual token counts like any other. */
  count(text: string, soft?: VirtualTokens): number;
  /** Tokens of a text as it stands after a prompt. */
  countAnswer(text: string): number;
  /**
   * Tokens of the distinct texts, their common beginning counted once. The beginning is cut before white space, where tokens end too, so that
   * it and the rests are tokenized apart.
   */
  countShared(texts: readonly string[], soft?: VirtualTokens): number;
  /** Tokens of the answers, common beginnings of tokens counted once: the nodes of their trie. */
  countBranches(answers: readonly string[]): number;
  /** What the model reads of a prompt: with its begin token, if it has one, and how many tokens that is. */
  asRead(prompt: string, soft?: VirtualTokens): { readonly text: string; readonly tokens: number };
}

export function textsOf(tokenizer: Tokenizer): Texts {
  // Without a soft prompt its mark counts as the text that it is: a prompt is counted before anybody knows its weights.
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

/** How many letters all texts begin with, up to where white space follows in each. */
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

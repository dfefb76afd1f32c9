/** @file Accepted prompts as models of the editor's chat: which prompt files are offered, and what of a conversation they answer. */
import { basename } from 'node:path';
import type { MeasuredFile } from './measuredFile.ts';
import { columnsToFill } from './tries.ts';

/** A prompt file whose prompt and adapter can answer a message. */
export interface ChatPrompt {
  /** Path of the prompt file. */
  readonly prompt: string;
  /** The column that takes the message. */
  readonly column: string;
  /** Name of the model that answers. */
  readonly model: string;
  /** Name of the adapter's folder, which is another one after each run that is accepted. */
  readonly adapter: string;
}

/** Those with an adapter that read one column: a message has no place for a second one. */
export function chatPrompts(files: readonly MeasuredFile[]): ChatPrompt[] {
  return files.flatMap((each) => {
    const { path, settings } = each.file;
    const [column, ...others] = columnsToFill(each);
    if (settings.adapter === undefined || column === undefined || others.length > 0) return [];
    return [{ prompt: path, column, model: basename(settings.model), adapter: basename(settings.adapter) }];
  });
}

/** A part of a message. The editor has more kinds of parts than texts. */
export const textOfPart = (part: unknown): string =>
  typeof part === 'object' && part !== null && 'value' in part && typeof part.value === 'string' ? part.value : '';

/** The text of the last message that holds one: each message is a row of its own, and what came before is not read. */
export function lastText(messages: readonly { readonly content: readonly unknown[] }[]): string {
  const texts = messages.map(({ content }) => content.map(textOfPart).join('').trim());
  return texts.findLast((text) => text !== '') ?? '';
}

/** Tokens of a text, about: English has four characters to a token. The editor asks while a user types; the worker counts exactly when it answers. */
export const tokensAbout = (text: string): number => Math.ceil(text.length / 4);

/** @file What a session passes to a chat template: the date, and notices about it. */
import type { Asked } from '../evaluate/question.ts';
import { defaultChatDate, readsClock, readsName } from '../model/chatTemplate.ts';
import type { LanguageModel } from '../model/languageModel.ts';
import type { PromptFile } from '../prompt/promptFile.ts';

/** The task with its date: the prompt file's own, or the one requested for the session. */
export function withDate<T extends Asked>(task: T, date = defaultChatDate): T {
  return task.template === 'chat' ? { ...task, chat: { date, ...task.chat } } : task;
}

/** The date that the template puts into the model's input. Undefined if the template reads none. */
export function chatDateOf(tasks: readonly Asked[], { texts }: Pick<LanguageModel, 'texts'>): string | undefined {
  return readsClock(texts.chatTemplate ?? '') ? tasks.find(({ template }) => template === 'chat')?.chat?.date : undefined;
}

/** Notices about a date that nobody chose, and about variables that the template does not read. */
export function chatNotices(files: readonly PromptFile[], { name, texts }: Pick<LanguageModel, 'name' | 'texts'>): string[] {
  const template = texts.chatTemplate;
  const chats = files.map(({ settings }) => settings).filter((settings) => settings.template === 'chat');
  if (template === undefined || chats.length === 0) return [];
  const names = new Set(chats.flatMap(({ chat }) => Object.keys(chat?.variables ?? {})));
  const unread = [...names].filter((variable) => !readsName(template, variable));
  const isChosen = chats.every(({ chat }) => chat?.date !== undefined || chat?.variables?.date_string !== undefined);
  return [
    ...unread.map((variable) => `The chat template of ${name} does not use the variable "${variable}", so it has no effect.`),
    ...(readsClock(template) && !isChosen ? [dateNotice(name)] : []),
  ];
}

const dateNotice = (name: string): string =>
  `The chat template of ${name} includes the date. Tandem always uses ${defaultChatDate}, so that the same inputs give the same numbers. Set another with \`template: {kind: chat, date: …}\`.`;

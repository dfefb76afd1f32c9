/** @file A model's chat template: turns in the text format that the model was trained on, with a date that does not change by itself. */
import { Environment, Interpreter, parse, tokenize } from '@huggingface/jinja';
import { TandemError } from '../errors.ts';
import { withinTime } from '../timeLimit.ts';
import { jinjaGlobals } from './jinjaGlobals.ts';
import type { ChatMessage, ChatOptions } from './chatMessages.ts';

/** The default date for templates: the one that Llama's own templates fall back to. */
export const defaultChatDate = '2024-07-26';

/** Names in a template that cannot be set from outside. */
export const ownNames: ReadonlySet<string> = new Set([
  ...['messages', 'add_generation_prompt', 'bos_token', 'eos_token', 'unk_token', 'pad_token'],
  ...['range', 'raise_exception', 'strftime_now', 'namespace', 'loop', 'true', 'false', 'none', 'True', 'False', 'None'],
]);

/** Whether a template reads the date. */
export const readsClock = (template: string): boolean => /\bstrftime_now\b/.test(template);

/** Whether a template may read a name. */
export const readsName = (template: string, name: string): boolean =>
  new RegExp(`(?<![\\w.])${name.replaceAll(/[^\w]/g, '')}(?!\\w)`).test(template);

export type ChatTemplate = (messages: readonly ChatMessage[], options?: ChatOptions & { readonly answered?: boolean }) => string;

/**
 * @param specialTexts texts that the template may read: bos_token, eos_token, …
 * @param file named in errors
 * @returns a function that renders turns, up to the start of the assistant's answer, or if `answered` to the end of the last turn
 * @throws TandemError reason 'bad-chat-template', here and when it renders; then also 'no-system-role' and 'too-slow'
 */
export function chatTemplate(source: string, specialTexts: Readonly<Record<string, string>>, file: string): ChatTemplate {
  const program = parsed(source, file);
  const run = (
    messages: readonly ChatMessage[],
    { date = defaultChatDate, variables = {}, answered }: Parameters<ChatTemplate>[1] = {},
  ): string => {
    const environment = new Environment();
    const names = {
      ...variables,
      ...globals(date),
      ...specialTexts,
      messages: messages.map((message) => ({ ...message })),
      add_generation_prompt: answered !== true,
    };
    for (const [name, value] of Object.entries(names)) environment.set(name, value);
    const render = (): string => String((new Interpreter(environment).run(program) as { value: unknown }).value);
    return withinTime({ what: `Filling in the chat template of ${file}`, hint: 'Use another model.' }, render);
  };
  return (messages, options) => {
    const system = messages.find(({ role, content }) => role === 'system' && content.trim() !== '');
    try {
      const text = run(messages, options);
      if (!system || text.includes(opening(system.content))) return text;
    } catch (cause) {
      if (cause instanceof TandemError) throw cause;
      const refused = system && succeeds(() => run(withoutSystem(messages), options));
      if (!refused) throw bad(`The chat template rejected these messages: ${messageOf(cause)}`, file, cause);
      throw noSystemRole(`The model's chat template rejects a system turn: ${messageOf(cause)}`, file, cause);
    }
    throw noSystemRole("The model's chat template ignores the system turn.", file);
  };
}

/**
 * The text that follows an answer of the assistant. Undefined if the template cannot be queried.
 */
export function afterAnswer(template: ChatTemplate): string | undefined {
  const answer = 'tandem-answer';
  try {
    const text = template(
      [
        { role: 'user', content: 'tandem-question' },
        { role: 'assistant', content: answer },
      ],
      { answered: true },
    );
    const at = text.lastIndexOf(answer);
    return at < 0 ? undefined : text.slice(at + answer.length);
  } catch {
    return undefined;
  }
}

function parsed(source: string, file: string): ReturnType<typeof parse> {
  try {
    return parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true }));
  } catch (cause) {
    throw bad(`The chat template cannot be read: ${messageOf(cause)}`, file, cause);
  }
}

/** As in `transformers`. */
const globals = (date: string): Readonly<Record<string, unknown>> => ({
  ...jinjaGlobals,
  raise_exception: (message: unknown) => {
    throw new Error(String(message));
  },
  strftime_now: (format: string) => strftime(date, format),
});

const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** Python's strftime at midnight of a day, in English on every machine. @param date YYYY-MM-DD */
function strftime(date: string, format: string): string {
  const day = new Date(`${date}T00:00:00Z`);
  const [year, month, ofMonth] = [day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate()];
  const two = (n: number): string => String(n).padStart(2, '0');
  const ofYear = 1 + (Date.UTC(year, month, ofMonth) - Date.UTC(year, 0, 1)) / 86_400_000;
  const parts: Readonly<Record<string, string>> = {
    ...{
      Y: String(year),
      y: two(year % 100),
      m: two(month + 1),
      d: two(ofMonth),
      e: String(ofMonth).padStart(2),
      j: String(ofYear).padStart(3, '0'),
    },
    ...{
      B: months[month],
      b: months[month].slice(0, 3),
      h: months[month].slice(0, 3),
      A: days[day.getUTCDay()],
      a: days[day.getUTCDay()].slice(0, 3),
    },
    ...{ H: '00', I: '12', M: '00', S: '00', p: 'AM', f: '000000', Z: 'UTC', z: '+0000', '%': '%' },
    ...{ F: date, T: '00:00:00', D: `${two(month + 1)}/${two(ofMonth)}/${two(year % 100)}`, R: '00:00' },
  };
  return format.replace(/%(-?)([A-Za-z%])/g, (whole, plain: string, letter: string) => {
    if (!Object.hasOwn(parts, letter)) return whole;
    return plain ? parts[letter].replace(/^[0 ]+(?=\d)/, '') : parts[letter];
  });
}

/** The beginning of a text, because templates may trim and wrap the rest. */
const opening = (text: string): string => text.trim().split('\n', 1)[0].slice(0, 20);

/** Moves the system's text to the beginning of the user's first turn. */
function withoutSystem(messages: readonly ChatMessage[]): ChatMessage[] {
  const system = messages.filter(({ role }) => role === 'system').map(({ content }) => content);
  const others = messages.filter(({ role }) => role !== 'system');
  return [{ role: 'user', content: [...system, ...others.slice(0, 1).map(({ content }) => content)].join('\n\n') }, ...others.slice(1)];
}

function succeeds(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

const bad = (message: string, file: string, cause: unknown): TandemError =>
  new TandemError('bad-chat-template', message, {
    where: { file },
    hint: 'Use another model, or write `template: text` under `tandem:`.',
    cause,
  });

const noSystemRole = (message: string, file: string, cause?: unknown): TandemError =>
  new TandemError('no-system-role', message, {
    where: { file },
    hint: 'Delete the line `system:`, and move its text to the start of the text under `user:`.',
    cause,
  });

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

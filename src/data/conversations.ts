/**
 * @file Rows that contain conversations, as chat models are trained on them: `messages` with `role` and `content` (OpenAI, Hugging Face), or
 * `conversations` with `from` and `value` (ShareGPT). Each becomes columns that a prompt can read, and one to predict.
 */
import { TandemError } from '../errors.ts';
import { isList, type Value, type Values } from '../prompt/values.ts';
import type { Entries, Entry } from './jsonl.ts';

/** The columns that replace a conversation. The last is the answer. */
export const turnColumns = ['system', 'history', 'user', 'assistant'] as const;

interface Turn {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly text: string;
}

/**
 * Replaces a column of conversations by columns for its turns: `assistant`, the last turn, which is the one to predict; `user`, the turn
 * before it; `history`, the earlier turns one after the other, if any row has some; `system`, if any row has such a turn. Rows whose
 * conversation does not end with these turns are bad: reason 'bad-row'. Data without conversations is returned unchanged.
 */
export function withTurns(file: string, { entries, bad }: Entries): Entries {
  const column = conversationColumn(entries);
  if (column === undefined) return { entries, bad };
  const faults: TandemError[] = [];
  const read = entries.flatMap((entry) => {
    const turns = turnsOf(entry.values[column]);
    const fault = typeof turns === 'string' ? turns : faultOf(turns);
    if (typeof turns !== 'string' && fault === undefined) return [{ entry, turns }];
    const message = `The conversation in "${column}" ${fault}.`;
    faults.push(
      new TandemError('bad-row', message, {
        where: { file, line: entry.line },
        hint: 'It should end with a user turn and the answer to it.',
      }),
    );
    return [];
  });
  const some = (role: Turn['role'] | 'history'): boolean =>
    read.some(({ turns }) => (role === 'history' ? historyOf(turns).length > 0 : turns.some((turn) => turn.role === role)));
  const [hasSystem, hasHistory] = [some('system'), some('history')];
  const expanded = read.map(({ entry, turns }): Entry => {
    const { [column]: whole, ...others } = entry.values;
    const values = {
      ...(hasSystem && { system: turns.flatMap(({ role, text }) => (role === 'system' ? [text] : [])).join('\n\n') }),
      ...(hasHistory && { history: historyOf(turns).map(spoken).join('\n') }),
      user: turns.at(-2)!.text,
      assistant: turns.at(-1)!.text,
    };
    return { line: entry.line, values: { ...others, ...values }, identity: { ...others, [column]: whole } };
  });
  return { entries: expanded, bad: [...bad, ...faults] };
}

/** The turns before the last question and its answer. */
const historyOf = (turns: readonly Turn[]): Turn[] => turns.slice(0, -2).filter(({ role }) => role !== 'system');

const spoken = ({ role, text }: Turn): string => `${role[0].toUpperCase()}${role.slice(1)}: ${text}`;

/** The first column that contains turns in at least half of the rows. */
function conversationColumn(entries: readonly Entry[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { values } of entries) {
    for (const [column, value] of Object.entries(values)) {
      if (looksLikeTurns(value)) counts.set(column, (counts.get(column) ?? 0) + 1);
    }
  }
  return [...counts].find(([, count]) => count * 2 >= entries.length)?.[0];
}

const looksLikeTurns = (value: Value): boolean =>
  typeof value === 'object' && value !== null && isList(value) && value.length > 0 && value.every((turn) => roleOf(turn) !== undefined);

const roles: Readonly<Record<string, Turn['role']>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  human: 'user',
  assistant: 'assistant',
  gpt: 'assistant',
  model: 'assistant',
  bot: 'assistant',
  tool: 'tool',
  function: 'tool',
  function_call: 'assistant',
  observation: 'tool',
};

const recordOf = (value: Value): Values | undefined => (typeof value === 'object' && value !== null && !isList(value) ? value : undefined);

function roleOf(turn: Value): Turn['role'] | undefined {
  const { role, from } = recordOf(turn) ?? {};
  const name = role ?? from;
  return typeof name === 'string' && Object.hasOwn(roles, name) ? roles[name] : undefined;
}

/** The turns, or a message that says what is wrong with them. */
function turnsOf(value: Value): Turn[] | string {
  if (!looksLikeTurns(value)) return 'is not a list of turns with "role" and "content", or "from" and "value"';
  const turns: Turn[] = [];
  for (const turn of value as readonly Value[]) {
    const { content, value: said } = recordOf(turn)!;
    const text = textOfContent(content ?? said ?? null);
    if (text === undefined) return 'has a turn that is not text';
    turns.push({ role: roleOf(turn)!, text });
  }
  return turns;
}

/** The text of a content that is a text or a list of text parts; undefined if it calls a tool. */
function textOfContent(content: Value): string | undefined {
  if (typeof content === 'string') return content;
  if (content === null) return '';
  if (typeof content !== 'object' || !isList(content)) return undefined;
  const texts = content.map((part) => (typeof part === 'string' ? part : recordOf(part)?.text));
  return texts.every((text): text is string => typeof text === 'string') ? texts.join('\n') : undefined;
}

function faultOf(turns: readonly Turn[]): string | undefined {
  const [question, answer] = [turns.at(-2), turns.at(-1)];
  if (answer?.role !== 'assistant') return 'does not end with an assistant turn';
  if (answer.text === '') return 'ends with an empty answer';
  return question?.role === 'user' ? undefined : 'has no user turn before the last answer';
}

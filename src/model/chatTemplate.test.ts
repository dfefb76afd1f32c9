/** @file Chat templates: a fixed date, variables, the end of a turn, families without a system role. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { afterAnswer, chatTemplate, readsClock, readsName } from './chatTemplate.ts';
import { clocked, dated, deafToSystem, thinking, withoutSystem } from './chatTemplates.fixture.ts';
import { tokenizerOf } from './files/huggingFaceDirectory.ts';
import type { ChatMessage, ChatOptions } from './chatMessages.ts';

const asked: readonly ChatMessage[] = [
  { role: 'system', content: 'You help.' },
  { role: 'user', content: 'Hi' },
];
const [, user] = asked;
const render = (source: string, options?: ChatOptions, messages = asked): string =>
  chatTemplate(source, { bos_token: '<s>' }, 'chat_template.jinja')(messages, options);

describe('the date', () => {
  afterEach(() => void vi.useRealTimers());

  test.each([dated, clocked])('is the same one today and in three years', (source) => {
    const now = render(source);
    vi.useFakeTimers({ now: new Date('2029-03-01T23:30:00Z') });
    expect(render(source)).toBe(now);
    expect(now).toMatch(/26 Jul 2024|July 26, 2024/);
    expect(readsClock(source)).toBe(true);
  });

  test('may be set to another one', () => {
    expect(render(dated, { date: '2026-11-03' })).toContain('Today: 03 Nov 2026');
    expect(render(clocked, { date: '2026-11-03' })).toContain('It is November 3, 2026.');
    expect(render(dated, { variables: { date_string: 'the first day' } })).toContain('Today: the first day');
  });

  test.each([
    ['%A %a %d %-d %e %j', 'Sunday Sun 01 1  1 060'],
    ['%F %D %y %m/%-m', '2026-03-01 03/01/26 26 03/3'],
    ['%H:%M:%S %p %Z %%Y %Q', '00:00:00 AM UTC %Y %Q'],
  ])('%s is formatted as in Python', (format, text) => {
    expect(render(`{{ strftime_now('${format}') }}`, { date: '2026-03-01' }, [user])).toBe(text);
  });
});

test('variables reach the template but cannot replace its built-in names', () => {
  expect(render(thinking)).toMatch(/assistant\n$/);
  expect(render(thinking, { variables: { enable_thinking: false } })).toMatch(/assistant\n<think>\n\n<\/think>\n\n$/);
  expect(render(thinking, { variables: { messages: [], add_generation_prompt: false } })).toBe(render(thinking));
  expect(readsName(thinking, 'enable_thinking')).toBe(true);
  expect(readsName(thinking, 'thinking')).toBe(false);
});

describe('a family without a system role', () => {
  test.each([
    [withoutSystem, 'rejects a system turn: There is no system role'],
    [deafToSystem, 'ignores the system turn.'],
  ])('is reported with a remedy', (source, message) => {
    expect(() => render(source)).toThrow(
      expect.objectContaining({
        reason: 'no-system-role',
        message: `The model's chat template ${message}`,
        hint: 'Delete the line `system:`, and move its text to the start of the text under `user:`.',
      }),
    );
    expect(render(source, {}, [{ role: 'user', content: 'You help.\n\nHi' }])).toContain('user\nYou help.\n\nHi<|turn|>');
  });

  test('other refusals are reported unchanged', () => {
    expect(() => render(withoutSystem, {}, [user, user])).toThrow(
      expect.objectContaining({ reason: 'bad-chat-template', message: 'The chat template rejected these messages: Roles must take turns' }),
    );
    expect(() => render('{% for %}')).toThrow(expect.objectContaining({ reason: 'bad-chat-template' }));
  });
});

describe('the end of a turn', () => {
  test.each([
    [dated, '<|turn|>'],
    [clocked, '<|turn|>\n'],
    [thinking, '<|im_end|>\n'],
    [withoutSystem, '<|turn|>\n'],
    [deafToSystem, '<|turn|>\n'],
    ["{{ raise_exception('no') }}", undefined],
    ['{{ messages[0].content }}', undefined],
  ])('%#', (source, end) => {
    expect(afterAnswer(chatTemplate(source, { bos_token: '' }, 'a'))).toBe(end);
  });

  const json = JSON.parse(readFileSync('test/fixtures/tiny-tied/tokenizer.json', 'utf8')) as { added_tokens: object[] };
  const special = (id: number, content: string): object => ({ ...json.added_tokens[0], id, content, special: true });
  const source = {
    ...json,
    added_tokens: [...json.added_tokens, special(300, '<|text-end|>'), special(301, '<|turn|>'), special(302, '<|turn')],
  };
  const tokenizer = (template: string | undefined, ends: readonly number[]) => tokenizerOf(source, {}, ends, template, 'a').tokenizer;

  test('is the token that the template writes, not the first of two that end a generation', () => {
    const { turnEndToken, endTokens } = tokenizer(dated, [300, 301]);
    expect(turnEndToken).toBe(301);
    expect(endTokens.slice(0, 2)).toEqual([300, 301]);
  });

  test('ends a generation if the settings do not name it', () => {
    expect(tokenizer(withoutSystem, [300]).endTokens).toContain(301);
    expect(tokenizer(undefined, [300]).endTokens).not.toContain(301);
    expect(tokenizer(undefined, [300]).turnEndToken).toBeUndefined();
    expect(tokenizer("{{ raise_exception('no') }}", [300]).turnEndToken).toBeUndefined();
  });
});

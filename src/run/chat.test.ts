/** @file Sessions of chats: the date of a measurement, families without a system role, rows of structured values. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { questionText } from '../evaluate/question.ts';
import { clocked, dated, thinking, withoutSystem } from '../model/chatTemplates.fixture.ts';
import { defaultChatDate } from '../model/chatTemplate.ts';
import { loadModelFiles } from '../model/files/modelFiles.ts';
import { endOf } from '../model/trainingText.ts';
import { measurePrompt } from './measure.ts';
import { readRecord, readState } from './record/runDirectory.ts';
import { openSession, type Session } from './session.ts';
import { runDefaults, type RunSpec } from './spec.ts';
import { startRun } from './startRun.ts';

const tinyModel = join(import.meta.dirname, '..', '..', 'test', 'fixtures', 'tiny-tied');
const temporary = mkdtempSync(join(tmpdir(), 'tandem-chat-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

let workspace: string;
let spec: RunSpec;
const sessions: Session[] = [];
beforeEach(() => {
  workspace = mkdtempSync(join(temporary, 'workspace-'));
  mkdirSync(join(workspace, '.tandem'));
  const rows = Array.from({ length: 20 }, (_, i) => ({
    customer: { firstName: 'Ann', age: 30 + i },
    documentation: [{ name: 'RainGuard', price: 9.5 }, { name: `Boots ${i}` }],
    vip: i % 2 === 1,
    question: `Question ${i}?`,
    answer: i % 2 ? 'no' : 'yes',
  }));
  writeFileSync(join(workspace, 'rows.jsonl'), rows.map((row) => JSON.stringify(row) + '\n').join(''));
  spec = { ...runDefaults, prompt: join(workspace, 'a.prompty'), threads: 1 };
});
afterEach(async () => {
  vi.useRealTimers();
  for (const session of sessions.splice(0)) await session.dispose();
});

/** The body begins on line 9. */
function write(template: string, body: string, setting = ''): void {
  const model = join(workspace, 'model');
  cpSync(tinyModel, model, { recursive: true });
  writeFileSync(join(model, 'chat_template.jinja'), template);
  const front = `model: {api: chat}\ntandem:\n  data: rows.jsonl\n  output: answer\n  model: ./model\n  decoding: {maxTokens: 4}${setting}`;
  writeFileSync(spec.prompt, `---\n${front}\n---\n${body}`);
}

async function open(more: Partial<RunSpec> = {}): Promise<Session> {
  const session = await openSession({ ...spec, ...more });
  sessions.push(session);
  return session;
}

const textOf = ({ evaluator, model, file, valset }: Session): string =>
  questionText(evaluator.task, model.texts, file.prompt, valset[0].values);

const plain = 'system:\nYou help.\nuser:\n{{question}}\n';

describe('the date', () => {
  test('does not change between measurements, is reported, and is kept with the numbers', async () => {
    write(dated, plain);
    const session = await open();
    const today = await measurePrompt(session, 'val');
    vi.useFakeTimers({ now: Date.now() + 40 * 86_400_000, toFake: ['Date'] });
    const later = await open();
    expect(textOf(later)).toBe(textOf(session));
    expect((await measurePrompt(later, 'val')).logLikelihood).toEqual(today.logLikelihood);
    expect(today.chatDate).toBe(defaultChatDate);
    expect(session.notices).toContainEqual(expect.stringContaining(`Tandem always uses ${defaultChatDate}`));
  });

  test('comes from the prompt file, or else from the run. A chosen date brings no notice', async () => {
    write(clocked, plain);
    expect(textOf(await open({ chatDate: '2025-01-02' }))).toContain('It is January 2, 2025.');
    write(clocked, plain, '\n  template: {kind: chat, date: 2026-11-29}');
    const session = await open({ chatDate: '2025-01-02' });
    expect(textOf(session)).toContain('It is November 29, 2026.');
    expect(session.notices.join()).not.toContain('told');
  });

  test('is recorded by a run and used when it resumes. A template that reads no date records none', { tags: 'long' }, async () => {
    for (const [template, date] of [
      [clocked, defaultChatDate],
      [thinking, undefined],
    ] as const) {
      write(template, plain);
      const { directory } = await startRun({ ...spec, tune: 'prompt', budget: { tokens: 3000 }, rows: { train: 4, val: 4, test: 0 } });
      expect(readRecord(directory).spec.chatDate).toBe(date);
      expect(readState(directory).config?.chatDate).toBe(date);
    }
  });
});

test('variables reach the chat template, and one that it does not read brings a notice', async () => {
  write(thinking, plain, '\n  template: {kind: chat, variables: {enable_thinking: false, other: 1}}');
  const session = await open();
  expect(textOf(session)).toMatch(/<think>\n\n<\/think>\n\n$/);
  expect(session.notices).toEqual([expect.stringContaining('does not use the variable "other"')]);
});

test('a family without a system role names the line of the prompt file and the remedy', async () => {
  write(withoutSystem, `\n${plain}`);
  await expect(open()).rejects.toMatchObject({
    reason: 'no-system-role',
    where: { file: spec.prompt, line: 10 },
    hint: expect.stringContaining('Delete the line `system:`') as string,
  });
  write(withoutSystem, 'user:\nYou help.\n\n{{question}}\n');
  expect(textOf(await open())).toContain('user\nYou help.\n\nQuestion');
});

test('training ends a chat answer with the token of its template, and a text answer with the first token that ends one', async () => {
  write(thinking, plain);
  const { tokenizer } = await loadModelFiles(join(workspace, 'model'));
  const ends = { ...tokenizer, endTokens: [0, 2], turnEndToken: tokenizer.turnEndToken };
  expect(tokenizer.decode(endOf('turn', ends))).toBe('<|im_end|>');
  expect(endOf('text', ends)).toEqual([0]);
});

describe('structured values', () => {
  const shop =
    'system:\n{% for item in documentation %}\n- {{item.name}}\n{% endfor %}\n{{customer.firstName}} is {{customer.age}}.{% if vip %} A good customer.{% endif %}\nuser:\n{{question}}\n';

  test('are measured and trained on', async () => {
    write(thinking, shop);
    const session = await open();
    expect((await measurePrompt(session, 'val')).rows.length).toBeGreaterThan(0);
    expect(textOf(session)).toMatch(/- RainGuard\n\n- Boots \d+\n\nAnn is \d+\./);
  });

  test('a value that a template cannot take is named by its place in the file and its row', async () => {
    write(thinking, shop.replace('in documentation', 'in question'));
    await expect(open()).rejects.toMatchObject({
      reason: 'bad-template',
      message: expect.stringMatching(/a loop needs a list, not text\. The row: rows\.jsonl:\d+\.$/) as string,
      where: { file: spec.prompt, line: 10, column: 1 },
    });
  });

  test('a row that differs in structure from the first is a bad row', async () => {
    write(thinking, shop);
    const lines = Array.from({ length: 20 }, (_, i) => ({
      documentation: i === 7 ? null : [],
      customer: {},
      vip: false,
      question: `${i}`,
      answer: 'x',
    }));
    writeFileSync(join(workspace, 'rows.jsonl'), lines.map((row) => JSON.stringify(row) + '\n').join(''));
    await expect(open()).rejects.toMatchObject({
      reason: 'bad-template',
      message: expect.stringMatching(/^a\.prompty:10: .*a loop needs a list, not none\.$/) as string,
      where: { file: join(workspace, 'rows.jsonl'), line: 8 },
    });
    const { notices } = await open({ skipBadRows: true });
    expect(notices.join()).toContain('Skipped 1 bad row: rows.jsonl:8');
  });
});

/** @file One row is answered as in a measurement: labels with their probabilities, free text while it is written. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { answerRow, type RowAnswer } from './answerRow.ts';
import type { PromptTexts } from './openPrompt.ts';
import { renderPrompt } from './render.ts';
import { openSession, type Session } from './session.ts';
import { sessionDefaults, type SessionSpec } from './spec.ts';
import { keepOneModel } from './worker/modelKeeper.ts';
import { openModel } from './worker/openModel.ts';

const fixtures = join(import.meta.dirname, '..', '..', 'test', 'fixtures');
const temporary = mkdtempSync(join(tmpdir(), 'tandem-answer-'));
const models = keepOneModel(openModel);
afterAll(async () => {
  await models.dispose();
  rmSync(temporary, { recursive: true, force: true });
});

let workspace: string;
const at = (name: string): string => join(workspace, name);
const spec = (name = 'kind.prompt.md'): SessionSpec => ({ ...sessionDefaults, prompt: at(name), threads: 1 });
const front = (more = '  labels: [odd, even]\n'): string =>
  `---\ntandem:\n  data: rows.jsonl\n  output: kind\n  model: ${join(fixtures, 'tiny-tied')}\n${more}---\n`;

beforeEach(() => {
  workspace = mkdtempSync(join(temporary, 'workspace-'));
  mkdirSync(at('.tandem'));
  const rows = Array.from({ length: 40 }, (_, i) => JSON.stringify({ text: `thing ${i}`, tags: [`t${i}`], kind: i % 2 ? 'odd' : 'even' }));
  writeFileSync(at('rows.jsonl'), rows.join('\n'));
  writeFileSync(at('kind.prompt.md'), `${front()}Text: \${input:text}\nKind:\n`);
});

async function inSession<T>(work: (session: Session) => Promise<T>, texts: PromptTexts = {}, name?: string): Promise<T> {
  const session = await openSession(spec(name), { models, ...texts });
  try {
    return await work(session);
  } finally {
    await session.dispose();
  }
}

const answer = (values: Readonly<Record<string, string>>, texts: PromptTexts = {}, name?: string): Promise<RowAnswer[]> =>
  inSession((session) => answerRow(session, { values, weights: ['model', 'adapter'] }), texts, name);

test('a row of the data gets the same answer as in a measurement, and each label its probability', async () => {
  const { measured, answered, row } = await inSession(async (session) => {
    const [row] = session.valset;
    const values = { text: row.values.text as string };
    const [measured] = (await session.evaluator.evaluate({ prompt: session.file.prompt }, [row])).rows;
    return { row, measured, answered: (await answerRow(session, { values, weights: ['model'] }))[0] };
  });
  expect(answered).toMatchObject({ weights: 'model', model: 'tiny-tied', text: measured.prediction });
  expect(answered.labels!.map(({ label }) => label).sort()).toEqual(['even', 'odd']);
  expect(answered.labels!.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1);
  const { steps } = await renderPrompt(spec(), { split: 'val', row: 1 });
  expect(row.line).toBeGreaterThan(0);
  expect(Math.abs(answered.promptTokens - steps[0].tokens)).toBeLessThan(4);
});

test('the text in the editor counts, not the one on disk', async () => {
  const source = `${front('  labels: [red, blue, green]\n')}Longer now. Text: \${input:text}\nKind:\n`;
  const [before] = await answer({ text: 'thing' });
  const [after] = await answer({ text: 'thing' }, { source });
  expect(after.labels).toHaveLength(3);
  expect(after.promptTokens).toBeGreaterThan(before.promptTokens);
});

test('if the prompt has an adapter there are two answers, the one without it first', async () => {
  cpSync(join(fixtures, 'peft', 'gaussian'), at('adapter'), { recursive: true });
  writeFileSync(at('kind.prompt.md'), `${front('  labels: [odd, even]\n  adapter: adapter\n')}Text: \${input:text}\nKind:\n`);
  const answers = await answer({ text: 'thing 1' });
  expect(answers.map(({ weights }) => weights)).toEqual(['model', 'adapter']);
  expect(answers[0].labels).not.toEqual(answers[1].labels);
});

test('free text is reported while it is written, and not again once it is known', async () => {
  writeFileSync(at('free.prompt.md'), `${front('  decoding: {maxTokens: 5, stop: []}\n')}Tell of \${input:text}`);
  const heard = async (): Promise<[RowAnswer, string[]]> => {
    const texts: string[] = [];
    const [only] = await inSession(
      (session) => answerRow(session, { values: { text: 'the sea' }, weights: ['model'] }, { onText: (_, text) => texts.push(text) }),
      {},
      'free.prompt.md',
    );
    return [only, texts];
  };
  const [{ text, labels }, texts] = await heard();
  expect(labels).toBeUndefined();
  expect(texts.length).toBeGreaterThan(1);
  expect(texts.at(-1)!.trim()).toBe(text);
  for (const [place, each] of texts.slice(1).entries()) expect(each.startsWith(texts[place].replace(/\ufffd+$/, ''))).toBe(true);
  expect(await heard()).toEqual([{ ...(await heard())[0], milliseconds: expect.any(Number) as number }, []]);
});

test('a text is converted to the type of its column: a list is a list', async () => {
  writeFileSync(at('tags.prompty'), `${front()}user:\n{% for tag in tags %}<{{ tag }}>{% endfor %}\nKind:\n`);
  const one = await answer({ tags: '["x"]' }, {}, 'tags.prompty');
  const four = await answer({ tags: '["x","x","x","x"]' }, {}, 'tags.prompty');
  expect(four[0].promptTokens).toBeGreaterThan(one[0].promptTokens);
});

test('a program reports the answers of its earlier steps', async () => {
  writeFileSync(at('first.prompt.md'), `---\ntandem:\n  labels: [hot, icy]\n---\n\${input:text} is`);
  writeFileSync(at('last.prompt.md'), `${front()}Hint: \${input:hint}\nKind:\n`);
  writeFileSync(at('a.program.yaml'), 'steps:\n  - {prompt: first.prompt.md, output: hint}\n  - {prompt: last.prompt.md, output: kind}\n');
  const [only] = await answer({ text: 'the sea' }, {}, 'a.program.yaml');
  expect(only.earlier).toEqual([{ output: 'hint', text: expect.stringMatching(/hot|icy/) as string }]);
  expect(['odd', 'even']).toContain(only.text);
});

/**
 * @file A new prompt kind and a new template language: with one entry each in their tables they are found, filled in, measured, optimized
 * and written.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeRow } from '../data/dataset.ts';
import { firstPrompt } from '../data/firstPrompt.ts';
import { wholeVariableAt, placeAt } from '../prompt/placeAt.ts';
import { angles } from '../prompt/languages/angles.fixture.ts';
import { languages } from '../prompt/languages/table.ts';
import { withoutEnding, type BeginnableKind } from '../prompt/kinds/promptKind.ts';
import { endingsOf, isPromptPath, patternOf, promptKinds, shortName } from '../prompt/kinds/table.ts';
import { checkColumns, requireUsable } from '../prompt/promptFile.ts';
import { parseProgramFile, parsePromptFile } from '../prompt/readPrompt.ts';
import { defaultSettings } from '../prompt/settings.ts';
import { columnsOf, instructionSpan, render } from '../prompt/template.ts';
import { rangesOf } from '../prompt/textRange.ts';
import { applyPrompt } from '../prompt/writePrompt.ts';
import { measurePrompt } from './measure.ts';
import { readResults } from './record/results.ts';
import { openSession } from './session.ts';
import { runDefaults } from './spec.ts';
import { startRun } from './startRun.ts';

const tinyModel = join(import.meta.dirname, '..', '..', 'test', 'fixtures', 'tiny-tied');

/** `# rows.jsonl, kind: odd|even, model` and the body below it. It has no place for demonstrations. */
const toy: BeginnableKind = {
  holds: 'prompt',
  endings: ['.toy.txt'],
  shortName: (name) => withoutEnding(name, toy.endings),
  resultsName: (name) => name,
  language: angles,
  help: { about: '' },
  read(path, text) {
    const [line, data, output, labels, model] = /^# (.*), (.*): (.*), (.*)\n/.exec(text)!;
    return {
      path,
      text,
      prompt: { body: text.slice(line.length), demonstrations: [], syntax: 'angles' },
      settings: { ...defaultSettings, data, output, labels: labels.split('|'), metric: 'accuracy', model },
      hasSettings: true,
      problems: [],
      bodyOffset: line.length,
      ranges: { output: rangesOf(text)(0, line.length) },
    };
  },
  write: ({ text, bodyOffset }, { body }) => text.slice(0, bodyOffset) + body,
  begin: ({ settings: { data, output }, body }) => `# ${data}, ${output}: odd|even, ${tinyModel}\n${body}`,
};

const temporary = mkdtempSync(join(tmpdir(), 'tandem-toy-'));
const path = join(temporary, 'kind.toy.txt');
const text = `# rows.jsonl, kind: odd|even, ${tinyModel}\nLook at the text.\nSay whether it is odd.\n\nText: <text>\nKind:\n`;
const file = () => parsePromptFile(path, text);

beforeAll(() => {
  languages.push(angles);
  promptKinds.push(toy);
  mkdirSync(join(temporary, '.tandem'));
  const rows = Array.from({ length: 60 }, (_, i) => `{"text": "thing ${i}", "kind": "${i % 2 ? 'odd' : 'even'}"}\n`);
  writeFileSync(join(temporary, 'rows.jsonl'), rows.join(''));
  writeFileSync(path, text);
});
afterAll(() => {
  languages.splice(languages.indexOf(angles), 1);
  promptKinds.splice(promptKinds.indexOf(toy), 1);
  rmSync(temporary, { recursive: true, force: true });
});

test('its name is that of a prompt: it is found, a program may name it, and people see it without its ending', () => {
  expect(isPromptPath(path)).toBe(true);
  expect(patternOf()).toContain(',*.toy.txt}');
  expect(shortName('prompts/kind.toy.txt')).toBe('prompts/kind');
  const steps = (prompt: string) => parseProgramFile('a.program.yaml', `steps: [{prompt: ${prompt}, output: a}]`).problems;
  expect(steps('kind.toy.txt')).toEqual([]);
  expect(endingsOf('prompt').at(-1)).toBe('.toy.txt');
  expect(steps('kind.txt')).toMatchObject([{ hint: `The name should end in ${endingsOf('prompt').join(' or ')}.` }]);
});

test('its body is read, filled in and written', () => {
  const { prompt } = requireUsable(file());
  expect(columnsOf(prompt)).toEqual(['text']);
  expect(render(prompt, { text: '<text>' })).toBe('Look at the text.\nSay whether it is odd.\n\nText: <text>\nKind:');
  const shown = { ...prompt, demonstrations: [{ inputs: { text: 'a' }, output: 'odd' }] };
  expect(render(shown, { text: 'b' })).toMatch(/odd\.\n\nText: a\nKind: odd\n\nText: b\nKind:$/);
  const { start, end } = instructionSpan(prompt);
  expect(prompt.body.slice(start, end)).toBe('Look at the text.\nSay whether it is odd.\n\n');
  const next = applyPrompt(file(), { ...prompt, body: prompt.body.replace('Look at', 'Read') });
  expect(next).toBe(text.replace('Look at', 'Read'));
  expect(checkColumns(file(), ['text', 'more', 'kind'])).toMatchObject([{ hint: 'If it helps, write <more> where its value belongs.' }]);
});

test('a first file of it is written for data, with new names for columns that its language cannot read', async () => {
  const data = {
    file: 'a.csv',
    columns: ['the text', 'kind'],
    rows: [1, 2].map((n) => makeRow({ 'the text': `thing ${n}`, kind: 'odd' }, n)),
  };
  const first = firstPrompt(data, 'rows.jsonl', { output: 'kind', fileKind: toy });
  expect(first.text).toBe(
    `# rows.jsonl, kind: odd|even, ${tinyModel}\nRead the the text and give the kind.\n\n{{demos}}\nThe text: <the_text>\nKind:\n`,
  );
  expect(columnsOf(requireUsable(parsePromptFile(path, first.text)).prompt)).toEqual(['the_text']);
});

test('an editor lists its variables', () => {
  const at = text.indexOf('<text>');
  expect(wholeVariableAt(text, at + 3, 'angles')).toMatchObject({ name: 'text', start: at });
  expect(placeAt(text, at + 2, 'angles')).toEqual({ kind: 'variable', span: { start: at, end: at + 5 }, closed: true });
});

test('it is measured, and its numbers have a separate name', async () => {
  const session = await openSession({ ...runDefaults, prompt: path, threads: 1 });
  const measured = await measurePrompt(session, 'val');
  await session.dispose();
  expect(measured.rows).toHaveLength(session.valset.length);
  for (const { prediction } of measured.rows) expect(['odd', 'even']).toContain(prediction);
  expect(readResults(path)!.evaluation).toMatchObject({ metric: 'accuracy', score: measured.score });
  expect(existsSync(join(temporary, '.tandem', 'results', 'kind.toy.txt.json'))).toBe(true);
});

test('it is optimized: the journal names its language, and its candidates are files of its kind', { tags: 'long' }, async () => {
  const spec = { ...runDefaults, prompt: path, threads: 1, tune: 'prompt', budget: { tokens: 20_000 } } as const;
  const { directory, state } = await startRun(spec);
  expect(state.start?.prompt.syntax).toBe('angles');
  expect(readFileSync(directory.journal, 'utf8')).toContain('"syntax":"angles"');
  const candidates = readdirSync(directory.candidates);
  expect(candidates.length).toBeGreaterThan(0);
  for (const name of candidates) {
    expect(name).toMatch(/\.toy\.txt$/);
    expect(columnsOf(parsePromptFile(name, readFileSync(join(directory.candidates, name), 'utf8')).prompt)).toEqual(['text']);
  }
});

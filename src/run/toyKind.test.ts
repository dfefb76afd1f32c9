/**
 * @file A new prompt kind and a new template language: with one entry each in their tables they are found, filled in, measured, optimized
 * and written.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { wholeVariableAt, placeAt } from '../prompt/placeAt.ts';
import { languages } from '../prompt/languages/table.ts';
import type { TemplateLanguage } from '../prompt/languages/templateLanguage.ts';
import { withoutEnding, type SinglePromptKind } from '../prompt/kinds/promptKind.ts';
import { isPromptPath, patternOf, promptKinds, shortName } from '../prompt/kinds/table.ts';
import { checkColumns, requireUsable } from '../prompt/promptFile.ts';
import { parseProgramFile, parsePromptFile } from '../prompt/readPrompt.ts';
import { defaultSettings } from '../prompt/settings.ts';
import { columnsOf, instructionSpan, render } from '../prompt/template.ts';
import { rangesOf } from '../prompt/textRange.ts';
import { textOf, valueOf } from '../prompt/values.ts';
import { applyPrompt } from '../prompt/writePrompt.ts';
import { measurePrompt } from './measure.ts';
import { readResults } from './record/results.ts';
import { openSession } from './session.ts';
import { runDefaults } from './spec.ts';
import { startRun } from './startRun.ts';

const pattern = /<(\w+)>/g;
const variables: TemplateLanguage['variables'] = (body) =>
  [...body.matchAll(pattern)].map(({ 0: tag, 1: name, index: start }) => ({ name, start, end: start + tag.length, nameStart: start + 1 }));

/** `<column>`, and nothing else. */
const angles: TemplateLanguage = {
  syntax: 'angles',
  values: 'literal',
  variables,
  write: (column) => `<${column}>`,
  tags: variables,
  filler: () => (text) => (values) => text.replaceAll(pattern, (_, name: string) => textOf(valueOf(values, name))),
  problems: () => [],
  typing: {
    triggers: ['<'],
    begun(before, after) {
      const begun = /<\w*$/.exec(before);
      const rest = /^\w*/.exec(after)![0].length;
      return begun ? { before: begun[0].length, after: rest, closed: after[rest] === '>' } : undefined;
    },
    complete: (column, closed) => `<${column}${closed ? '' : '>'}`,
  },
};

/** `# rows.jsonl, kind: odd|even, model` and the body below it. It has no place for demonstrations. */
const toy: SinglePromptKind = {
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
};

const tinyModel = join(import.meta.dirname, '..', '..', 'test', 'fixtures', 'tiny-tied');
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
  expect(steps('kind.txt')).toMatchObject([{ hint: 'The name should end in .prompt.md or .prompty or SKILL.md or .toy.txt.' }]);
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

test('it is optimized: the journal names its language, and its candidates are files of its kind', async () => {
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

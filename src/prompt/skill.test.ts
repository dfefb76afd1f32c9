/** @file A SKILL.md: what it says of its description, what may change in it, and that everything else stays. */
import { describe, expect, test } from 'vitest';
import { isWritable } from './frame.ts';
import { instructionSpan as bareInstruction } from './instruction.ts';
import { isPromptPath, kindOf, patternOf, shortName } from './kinds/table.ts';
import { descriptionSpan, skillBody } from './languages/skill.ts';
import { bodyRanges, checkColumns, fileLine, requireUsable } from './promptFile.ts';
import { parsePromptFile } from './readPrompt.ts';
import { columnsOf, instructionSpan, messagesOf } from './template.ts';
import { applyPrompt } from './writePrompt.ts';

const path = '/skills/pdf/SKILL.md';
const text = `---
name: pdf # as its folder
description: >-
  Fills forms in PDF files.
  Use it for anything with \${input:query} or PDF.
license: MIT
metadata:
  author: someone
  tandem-data: evals/queries.json
  tandem-model: some-model
---

# PDF

Read \${input:query}.
`;
const description = 'Fills forms in PDF files. Use it for anything with ${input:query} or PDF.';
const file = parsePromptFile(path, text);
const withDescription = (next: string) => ({ ...file.prompt, body: skillBody('pdf', next) });

test('its whole name says what it is', () => {
  expect(isPromptPath(path)).toBe(true);
  expect(isPromptPath('SKILL.md')).toBe(true);
  expect(isPromptPath('C:\\skills\\pdf\\SKILL.md')).toBe(true);
  expect(kindOf('.tandem/runs/x/candidates/3.1.SKILL.md')).toBe(kindOf(path));
  for (const other of ['MY-SKILL.md', 'skill.md', 'SKILL.mdx', 'SKILL.md.txt']) expect(isPromptPath(other)).toBe(false);
  expect(patternOf('prompt')).toBe('**/{*.prompt.md,*.prompty,SKILL.md}');
  expect(shortName('skills/pdf/SKILL.md')).toBe('skills/pdf');
});

describe('reading', () => {
  test('the description in its frame, and the settings in the metadata', () => {
    requireUsable(file);
    expect(file.problems).toEqual([]);
    expect(file.settings).toMatchObject({
      ...{ data: 'evals/queries.json', model: 'some-model', output: 'should_trigger', metric: 'accuracy' },
      ...{ labels: ['true', 'false'], labelWords: { true: 'yes', false: 'no' } },
    });
    const { start, end } = descriptionSpan(file.prompt.body)!;
    expect(file.prompt.body.slice(start, end)).toBe(description);
    expect(instructionSpan(file.prompt)).toEqual({ start, end });
    expect(bareInstruction(file.prompt)).toEqual({ start, end });
  });

  test('only the frame reads the query, whatever the description says', () => {
    expect(columnsOf(file.prompt)).toEqual(['query']);
    const [system, user] = messagesOf(file.prompt, { query: 'Fill in form.pdf' });
    expect(system).toMatchObject({ role: 'system', content: expect.stringContaining(`Skill: pdf\n${description}`) as string });
    expect(user).toMatchObject({ role: 'user', content: expect.stringContaining('Request: Fill in form.pdf\n') as string });
    const roles = { ...file.prompt, body: skillBody('pdf', 'Fills forms.\nuser:\nNot a turn.') };
    expect(messagesOf(roles, { query: 'x' }).map(({ role }) => role)).toEqual(['system', 'user']);
  });

  test('a skill without settings is no problem, and says how to set it up when it is evaluated', () => {
    const other = parsePromptFile(path, text.replaceAll(/ {2}tandem.*\n/g, ''));
    expect(other.hasSettings).toBe(false);
    expect(() => requireUsable(other)).toThrow('This skill is not set up for Tandem.');
  });

  test.each([
    ['no data', '---\nname: a\ndescription: b\nmetadata: {tandem-model: nano}\n---\n', '`tandem-data` is missing.'],
    ['no description', '---\nname: a\nmetadata: {tandem-data: a.json}\n---\n', 'The skill has no description.'],
    [
      'another key',
      '---\ndescription: b\nmetadata:\n  tandem-data: a.json\n  tandem-dta: b\n---\n',
      '`tandem-dta` is not a setting of Tandem.',
    ],
    ['too long', `---\ndescription: ${'a'.repeat(1025)}\nmetadata: {tandem-data: a.json}\n---\n`, 'has 1025 characters'],
    ['broken YAML', '---\ndescription: a: b\nmetadata: {tandem-data: a.json}\n---\n', ''],
  ])('%s', (_, source, message) => {
    expect(parsePromptFile(path, source).problems[0].message).toContain(message);
  });

  test('problems of the body are at the description', () => {
    const inBody = bodyRanges(file);
    expect(text.slice(inBody(0, 1).start, inBody(0, 1).end)).toBe(
      'Fills forms in PDF files.\n  Use it for anything with ${input:query} or PDF.',
    );
    const [problem] = checkColumns(file, ['text', 'should_trigger']).filter(({ severity }) => severity === 'error');
    expect(problem).toMatchObject({ message: expect.stringContaining('no column "query"') as string, range: { line: 4 } });
    const line = file.prompt.body.slice(0, descriptionSpan(file.prompt.body)!.start).split('\n').length;
    expect(fileLine(file, line)).toBe(4);
    const literal = parsePromptFile(path, '---\ndescription: |\n  one\n  two\n---\n');
    expect([line, line + 1, line + 2].map((each) => fileLine(literal, each))).toEqual([3, 4, 4]);
  });
});

describe('writing', () => {
  test('changes the description alone', () => {
    const next = description.replace('Fills', 'Fills in');
    expect(applyPrompt(file, withDescription(next))).toBe(text.replace('Fills', 'Fills in'));
    expect(applyPrompt(file, file.prompt, { adapter: null })).toBe(text);
  });

  test('a text of 1024 characters, and not one more, and not none', () => {
    for (const [length, fits] of [
      [1024, true],
      [1025, false],
      [0, false],
    ] as const) {
      const next = withDescription('a'.repeat(length));
      expect(isWritable(next, file.prompt)).toBe(fits);
      const write = (): string => applyPrompt(file, next);
      if (fits) expect(parsePromptFile(path, write()).prompt).toEqual(next);
      else expect(write).toThrow('Only the description of a skill can be changed.');
    }
  });

  test('nothing else can be written: the frame, demonstrations, words for labels, decoding, an adapter', () => {
    const { prompt } = file;
    const others = [
      { ...prompt, body: prompt.body.replace('an agent', 'you') },
      { ...prompt, body: prompt.body.replace('Request:', 'Query:') },
      { ...prompt, demonstrations: [{ inputs: { query: 'x' }, output: 'true' }] },
      { ...prompt, labelWords: { true: 'load', false: 'skip' } },
      { ...prompt, decoding: { calibration: 'domain' as const } },
    ];
    for (const other of others) {
      expect(isWritable(other, prompt)).toBe(false);
      expect(() => applyPrompt(file, other)).toThrow('Only the description of a skill can be changed.');
    }
    expect(() => applyPrompt(file, prompt, { adapter: 'adapters/a' })).toThrow('Only the description of a skill can be changed.');
  });

  test('an over-long description of the author can be shortened', () => {
    const long = parsePromptFile(path, `---\nname: pdf\ndescription: ${'word '.repeat(300)}\n---\n`);
    expect(isWritable(withDescription('short'), { ...long.prompt, labelWords: file.prompt.labelWords })).toBe(true);
  });

  test('what YAML repeats is not edited', () => {
    const anchored = parsePromptFile(path, '---\nname: pdf\ndescription: &d Old\nmetadata: {tandem-data: a.json, other: *d}\n---\n');
    expect(() => applyPrompt(anchored, withDescription('New'))).toThrow('cannot edit in place');
  });
});

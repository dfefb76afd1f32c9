/** @file Front matter that is not YAML, or not the YAML that its author meant: where it is wrong, and what to write instead. */
import { describe, expect, test } from 'vitest';
import { parseProgramFile, parsePromptFile } from './readPrompt.ts';

const parsed = (source: string) =>
  parsePromptFile('a.prompt.md', source)
    .problems.filter(({ severity }) => severity === 'error')
    .map(({ message, hint, range, fix }) => ({
      message,
      hint,
      at: `${range.line}:${range.column} ${source.slice(range.start, range.end)}`,
      instead: fix?.instead,
      replaced: fix && source.slice(fix.range.start, fix.range.end),
    }));
const withSetting = (line: string): string => `---\ntandem:\n  output: y\n  ${line}\n---\nQ: \${input:x}\n`;

describe('an alias of nothing', () => {
  test.each([
    ['data: *.jsonl', '4:9 *.jsonl', '"*.jsonl"'],
    ['metric: *m', '4:11 *m', '"*m"'],
    ['adapter: *x # ours', '4:12 *x', '"*x # ours"'],
    ['labels: [a, *b]', '4:15 *b', undefined],
  ])('%s is a problem at its place, with quotes as the remedy', (line, at, instead) => {
    const [problem] = parsed(withSetting(line)).filter(({ message }) => message.includes('refers to the anchor'));
    expect(problem).toMatchObject({ at, hint: expect.stringContaining('in quotes') as string });
    if (instead !== undefined) expect(problem.instead).toEqual([instead]);
  });

  test('is reported once, and not reported as empty too', () => {
    expect(parsed(withSetting('data: *.jsonl')).map(({ message }) => message)).toEqual([
      '"*.jsonl" refers to the anchor &.jsonl, which is not in the file.',
    ]);
  });

  test('is a problem at its place in a program', () => {
    const { problems } = parseProgramFile('p.program.yaml', 'data: *.jsonl\nsteps:\n  - prompt: a.prompt.md\n    output: *y\n  - *step\n');
    expect(problems.map(({ range, message }) => [range.line, message.slice(0, 20)])).toEqual(
      expect.arrayContaining([
        [1, '"*.jsonl" refers to '],
        [4, '"*y" refers to the a'],
        [5, '"*step" refers to th'],
      ]),
    );
  });

  test('above its anchor it refers to nothing, and below it to the last anchor of that name', () => {
    const file = (yaml: string) => parsePromptFile('a.prompt.md', `---\n${yaml}---\nQ: \${input:x}\n`);
    expect(file('tandem: {data: *d, output: y}\nother: &d rows.jsonl\n').problems.map(({ message }) => message)).toContain(
      '"*d" refers to the anchor &d, which is not in the file.',
    );
    const twice = file('a: &d one.jsonl\nb: &d two.jsonl\ntandem: {data: *d, output: y}\n');
    expect(twice.problems).toEqual([]);
    expect(twice.settings.data).toBe('two.jsonl');
  });
});

describe('a text that YAML parses as something else', () => {
  test.each([
    ['description: Review: find the fault', '"Review: find the fault"'],
    ['argument-hint: [path] or name', '"[path] or name"'],
    ['mode: @agent', '"@agent"'],
  ])('%s: the hint is the correct line, and the fix writes it', (line, instead) => {
    const source = `---\n${line}\ntandem: {data: a.jsonl, output: y}\n---\nQ: \${input:x}\n`;
    const [problem] = parsed(source);
    const key = line.slice(0, line.indexOf(':'));
    expect(problem).toMatchObject({ hint: `Put the text in quotes: ${key}: ${instead}`, instead: [instead] });
    expect(parsed(source.replace(problem.replaced!, instead))).toEqual([]);
  });

  test('without a value to quote, the hint says what is wrong', () => {
    expect(parsed('---\n}\n---\nQ: ${input:x}\n')[0].hint).toBe('The front matter is not valid YAML.');
  });
});

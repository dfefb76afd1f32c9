/** @file Programs: what is read from the file and its prompt files, where defects are reported, and that writing changes nothing else. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stepsOf, withStep } from './prompt.ts';
import { checkProgram, openProgram } from './program.ts';
import { isProgramPath } from './kinds/table.ts';
import { parseProgramFile } from './readPrompt.ts';
import { applyProgram } from './writePrompt.ts';

const text = `# mine
description: Two steps   # for people
data: rows.jsonl
steps:
  - prompt: area.prompt.md
    output: area
  - {prompt: sub/intent.prompty, output: intent}
`;
const files: Readonly<Record<string, string>> = {
  '/w/area.prompt.md': '---\ntandem:\n  labels: [card, other]\n---\nMessage: ${input:message}\nArea:\n',
  '/w/sub/intent.prompty': '---\ntandem:\n  labels: from-data\n  model: base\n---\nuser:\n{{ area }}: {{ message }}\nIntent:\n',
};
const read = (given: Readonly<Record<string, string>>) => (path: string) => {
  if (Object.hasOwn(given, path)) return given[path];
  throw new Error('none');
};
const open = (source = text, changed: Readonly<Record<string, string>> = {}) =>
  openProgram('/w/tandem.program.yaml', source, read({ ...files, ...changed }));
const thrown = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return error;
  }
};

describe('reading', () => {
  test('the steps are in order, each with its prompt file, and the whole is one prompt', () => {
    const { steps, whole } = open();
    expect(steps.map(({ path, settings }) => [path, settings.output])).toEqual([
      ['/w/area.prompt.md', 'area'],
      ['/w/sub/intent.prompty', 'intent'],
    ]);
    expect(whole.settings).toMatchObject({ data: 'rows.jsonl', output: 'intent', metric: 'accuracy', labels: 'from-data', model: 'base' });
    expect(stepsOf(whole.prompt).map(({ syntax }) => syntax)).toEqual([undefined, 'jinja']);
    const next = { body: 'Other ${input:message}', demonstrations: [] };
    expect(stepsOf(withStep(whole.prompt, 0, next))).toEqual([next, steps[1].prompt]);
    expect(stepsOf(withStep(whole.prompt, 1, next))).toEqual([steps[0].prompt, next]);
  });

  test('data of the last step is relative to that prompt file if the program names none', () => {
    const { whole } = open(text.replace('data: rows.jsonl\n', ''), {
      '/w/sub/intent.prompty': files['/w/sub/intent.prompty'].replace(
        'tandem:',
        'tandem:\n  data: {train: a.jsonl, test: ../b.csv}\n  output: intent',
      ),
    });
    expect(whole.settings.data).toEqual({ train: '/w/sub/a.jsonl', test: '/w/b.csv' });
  });

  test.each(['tandem.program.yaml', 'a/b/route.program.yml'])('%s is a program', (path) => expect(isProgramPath(path)).toBe(true));
  test.each(['program.yaml', 'a.prompt.md', 'tandem.program.yaml.bak'])('%s is not a program', (path) =>
    expect(isProgramPath(path)).toBe(false),
  );
});

describe('problems', () => {
  const complaints = (source: string) =>
    parseProgramFile('p.program.yaml', source).problems.map(({ message, range, hint }) => [
      source.slice(range.start, range.end),
      message,
      hint,
    ]);

  test.each([
    ['stepz:', 'stepz', '`stepz` is not a key of a program.', 'Did you mean "steps"?'],
    ['version: 2\nsteps:', '2', 'This file was written for a newer Tandem (version 2; this one supports 1).', 'Update Tandem.'],
    ['version: one\nsteps:', 'one', '`version` should be 1, not "one".', undefined],
  ])('%s', (to, at, message, hint) => expect(complaints(text.replace('steps:', to))).toContainEqual([at, message, hint]));

  test.each([
    ['area.prompt.md', 'area.md', 'area.md', '"area.md" is not a prompt file.'],
    ['output: area', 'output: "a:b"', '"a:b"', '"a:b" cannot be the name of an answer.'],
    ['output: area', 'output: intent', 'intent', 'The answer of an earlier step is also called "intent".'],
    ['output: area', 'output: [a]', '[a]', '`output` should be a string, not a list.'],
    ['output: area', 'ouput: area', 'ouput', '`ouput` is not a key of a program.'],
  ])('%s -> %s', (from, to, at, message) => {
    expect(complaints(text.replace(from, to)).map(([where, what]) => [where, what])).toContainEqual([at, message]);
  });

  test.each([
    ['', 'a map'],
    ['[1]', 'a map'],
    ['data: x', '`steps`'],
    ['steps: []', 'a list'],
    ['steps: [1]', 'Step 1 should be a map'],
    ['steps: {', 'flow'],
  ])('%j reports what is missing', (source, part) =>
    expect(complaints(source).some(([, message]) => message!.toLowerCase().includes(part.toLowerCase()))).toBe(true),
  );

  test('a missing or defective prompt file is reported with file and line', () => {
    expect(thrown(() => openProgram('/w/tandem.program.yaml', text, read({})))).toMatchObject({
      reason: 'no-prompt',
      where: { file: '/w/tandem.program.yaml', line: 5, column: 13 },
      hint: 'Check the path. It is relative to the program file.',
    });
    expect(thrown(() => open(text, { '/w/area.prompt.md': '---\ntandem: {metirc: x}\n---\n${input:message}' }))).toMatchObject({
      reason: 'bad-prompt-file',
      where: { file: '/w/area.prompt.md', line: 2, column: 10 },
      hint: 'Did you mean "metric"?',
    });
    expect(thrown(() => open(text.replace('data: rows.jsonl\n', '')))).toMatchObject({ reason: 'bad-program' });
    expect(
      thrown(() => open(text, { '/w/area.prompt.md': files['/w/area.prompt.md'].replace('labels:', 'adapter: x\n  labels:') })),
    ).toMatchObject({
      reason: 'adapter-of-step',
      where: { file: '/w/area.prompt.md', line: 3 },
    });
  });

  test('variables must be columns of the data or answers of earlier steps', () => {
    expect(checkProgram(open(), ['message', 'intent'])).toEqual([]);
    const late = open(text, {
      '/w/area.prompt.md': files['/w/area.prompt.md'].replace('${input:message}', '${input:intent} ${input:areas}'),
    });
    expect(
      checkProgram(late, ['message', 'intent']).map(({ path, severity, message, range }) => [path, severity, message, range.line]),
    ).toEqual([
      ['/w/area.prompt.md', 'error', 'The body reads "intent", the column to predict.', 5],
      ['/w/area.prompt.md', 'error', 'The data has no column "areas" (columns: message, area).', 5],
    ]);
    const unread = open(text, { '/w/sub/intent.prompty': files['/w/sub/intent.prompty'].replace('{{ area }}: ', '') });
    expect(checkProgram(unread, ['message', 'intent'])).toMatchObject([
      { severity: 'warning', message: 'No later step reads "area".', path: '/w/tandem.program.yaml' },
    ]);
    expect(checkProgram(open(), ['message', 'intend'])[0]).toMatchObject({
      severity: 'error',
      hint: 'Did you mean "intend"?',
      range: { line: 7 },
    });
  });
});

const piece = fc.constantFrom(
  'steps:\n',
  '- ',
  '  - prompt: a.prompt.md\n',
  '    output: b\n',
  'data: x\n',
  'version: 1\n',
  '{',
  '}',
  '[',
  '&a ',
  '*a',
  '\uFEFF',
  '\r\n',
  '# c\n',
  '"',
  ': ',
  '? ',
  '---\n',
  '...\n',
);

test('never throws, whatever the file contains', { tags: 'long' }, () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 6 })), { maxLength: 20 }), (pieces) => {
      const source = pieces.join('');
      const { problems, steps } = parseProgramFile('p.program.yaml', source);
      for (const { range } of problems) expect(range.start).toBeLessThanOrEqual(source.length);
      if (problems.length === 0) expect(steps.length).toBeGreaterThan(0);
    }),
    { numRuns: 1500 },
  );
});

test('the adapter is added and removed, and every other byte stays', () => {
  const sources = [
    text,
    text.trimEnd(),
    `\uFEFF${text.replaceAll('\n', '\r\n')}`,
    'steps: [{prompt: a.prompt.md, output: b}]',
    '{steps: [{prompt: a.prompt.md, output: b}]}\n',
  ];
  for (const source of sources) {
    const written = applyProgram({ path: 'p.program.yaml', text: source }, { adapter: '.tandem/adapters/x', model: 'nano' });
    expect(parseProgramFile('p.program.yaml', written)).toMatchObject({ adapter: '.tandem/adapters/x', model: 'nano', problems: [] });
    expect(applyProgram({ path: 'p.program.yaml', text: written }, { adapter: null, model: null })).toBe(source);
    for (const line of source.split(/\r?\n/).filter((each) => each.startsWith('#'))) expect(written).toContain(line);
  }
});

/** @file What is read from a prompt file, and where defects are reported. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkColumns, requireUsable } from './promptFile.ts';
import { parsePromptFile } from './readPrompt.ts';

const text = `---
description: Route a message
tandem:
  data: data/messages.jsonl   # rows
  output: intent
  labels: from-data
  decoding: {calibration: prior, seed: 7}
  demos:
    - message: "Where: is it?"
      intent: card arrival
    - {message: 5.0, intent: yes}
---
Read it.

Message: \${input:message}
Intent:
`;
const parse = (source: string) => parsePromptFile('a.prompt.md', source);
const complaints = (source: string) =>
  parse(source).problems.map(({ message, range, hint }) => ({
    message,
    at: source.slice(range.start, range.end),
    hint,
    line: range.line,
    column: range.column,
  }));
const withSettings = (settings: string) => `---\ntandem:\n  data: a.jsonl\n  output: y\n${settings}---\nQ: \${input:x}\n`;

describe('reading', () => {
  test('a template is a name, or a map with the inputs of the chat template', () => {
    const settings = (template: string) => parse(withSettings(`  template: ${template}\n`)).settings;
    expect(settings('chat')).toMatchObject({ template: 'chat' });
    expect(settings('chat').chat).toBeUndefined();
    const read = settings('{kind: chat, date: 2026-11-29, variables: {enable_thinking: false, depth: 2, names: [a]}}');
    expect(read).toMatchObject({
      template: 'chat',
      chat: { date: '2026-11-29', variables: { enable_thinking: false, depth: 2, names: ['a'] } },
    });
  });

  test('reads settings, defaults, demonstrations as the author wrote them, and the exact body', () => {
    const file = parse(text);
    expect(file.problems).toEqual([]);
    expect(file.prompt.body).toBe('Read it.\n\nMessage: ${input:message}\nIntent:\n');
    expect(file.settings).toMatchObject({
      data: 'data/messages.jsonl',
      output: 'intent',
      metric: 'accuracy',
      labels: 'from-data',
      model: 'nano',
      template: 'text',
    });
    expect(file.settings.decoding).toEqual({ calibration: 'prior', seed: 7 });
    expect(file.prompt.demonstrations).toEqual([
      { inputs: { message: 'Where: is it?' }, output: 'card arrival' },
      { inputs: { message: '5.0' }, output: 'yes' },
    ]);
    expect(file.ranges['decoding.seed']).toMatchObject({ line: 7, column: 40 });
  });

  test.each([
    ['CRLF', text.replaceAll('\n', '\r\n')],
    ['a BOM', '\uFEFF' + text],
    ['spaces after the fences', text.replaceAll('---\n', '--- \n')],
  ])('%s changes nothing', (_, source) => {
    const file = parse(source);
    expect(file.problems).toEqual([]);
    expect(file.settings).toEqual(parse(text).settings);
    expect(source.endsWith(file.prompt.body)).toBe(true);
    expect(file.prompt.body.replaceAll('\r\n', '\n')).toBe(parse(text).prompt.body);
  });

  test('a file without front matter, or for other tools, has no problems but cannot be evaluated', () => {
    for (const source of ['Say ${input:x}', '---\ndescription: x\n---\nSay ${input:x}', '---\n---\nSay ${input:x}']) {
      const file = parse(source);
      expect(file).toMatchObject({ problems: [], hasSettings: false, prompt: { body: 'Say ${input:x}' } });
      expect(() => requireUsable(file)).toThrow(expect.objectContaining({ reason: 'no-settings' }));
    }
  });

  test('never throws and keeps body and text, whatever the file contains', () => {
    const piece = fc.constantFrom(
      '---\n',
      '---',
      'tandem:\n',
      '  data: a\n',
      '  output: y\n',
      '  demos:\n',
      '    - y: 1\n',
      '{{demos}}\n',
      '${input:',
      'x}',
      '\r\n',
      '\uFEFF',
      '&a ',
      '*a',
      '[',
      '"',
      '? ',
      ': ',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string())), (pieces) => {
        const source = pieces.join('');
        const file = parse(source);
        expect(file.text.slice(file.bodyOffset)).toBe(file.prompt.body);
        for (const { range } of file.problems) expect(range.start).toBeLessThanOrEqual(source.length);
      }),
    );
  });
});

describe('problems', () => {
  test('an unknown key suggests the nearest one', () => {
    expect(complaints(withSettings('  metirc: accuracy\n'))).toEqual([
      { message: '`metirc` is not a setting of Tandem.', at: 'metirc', hint: 'Did you mean "metric"?', line: 5, column: 3 },
    ]);
    expect(complaints(withSettings('  decoding:\n    top_p: 1\n'))[0]).toMatchObject({
      message: '`decoding.top_p` is not a setting of Tandem.',
      hint: 'Did you mean "topP"?',
    });
  });

  test.each([
    ['  gate: {margin: wide}\n', 'wide', '`gate.margin` should be a number of points, 0 to 100, not "wide".'],
    ['  gate: {promptCost: -1}\n', '-1', '`gate.promptCost` should be a number of points, 0 to 100, not "-1".'],
    ['  decoding: {temperature: hot}\n', 'hot', '`decoding.temperature` should be a number of at least 0, not "hot".'],
    ['  decoding: {calibration: no}\n', 'no', '`decoding.calibration` should be one of none, content-free, domain, prior, not "no".'],
    [
      '  labels: [a, a]\n',
      '[a, a]',
      '`labels` should be `from-data`, a list of two or more different strings, or a map from labels to different words.',
    ],
    ['  decoding: {normalize: words}\n', 'words', '`decoding.normalize` should be one of tokens, sum, or {slope: -1.2}, not "words".'],
    ['  decoding: {normalize: {slope: steep}}\n', '{slope: steep}', '`decoding.normalize` should be one of tokens, sum, or {slope: -1.2}.'],
    ['  template: chart\n', 'chart', '`template` should be one of text, chat, not "chart".'],
    ['  template: {kind: chart}\n', 'chart', '`template.kind` should be one of text, chat, not "chart".'],
    ['  template: {kind: chat, variable: {}}\n', 'variable', '`template.variable` is not a setting of Tandem.'],
    ['  template: {kind: chat, variables: 3}\n', '3', '`template.variables` should be a map from names to values, not "3".'],
    ['  template: {kind: chat, variables: {a: *b}}\n', '{a: *b}', '`template.variables` should be a map from names to values.'],
    [
      '  template: {kind: chat, variables: {messages: []}}\n',
      'messages',
      '`template.variables.messages` cannot be set. Tandem sets it for every template.',
    ],
    ['  template: {kind: chat, variables: {"a b": 1}}\n', '"a b"', '`template.variables.a b` is not a name that a template can read.'],
    ['  template: {kind: chat, date: today}\n', 'today', '`template.date` should be a date, YYYY-MM-DD, not "today".'],
    ['  template: {kind: chat, date: 2026-02-30}\n', '2026-02-30', '`template.date` should be a date, YYYY-MM-DD, not "2026-02-30".'],
    [
      '  template: {kind: text, variables: {a: 1}}\n',
      '{kind: text, variables: {a: 1}}',
      '`tandem.template` says `kind: text`, which has no variables and no date.',
    ],
    ['  template: {variables: {a: 1}}\n', '{variables: {a: 1}}', '`tandem.template.kind` is missing.'],
    ['  template: [chat]\n', '[chat]', '`template` should be `text`, `chat` or {kind: chat, variables: …}.'],
    ['  adapter:\n', 'adapter', '`adapter` is empty.'],
    ['  model: [a]\n', '[a]', '`model` should be a string, not a list.'],
    ['  demos: [{x: a}]\n', '{x: a}', 'This demonstration lacks the output column "y".'],
    ['  demos:\n    - {z: a, y: b}\n', '- {z: a, y: b}\n', 'Demonstration 1 lacks the column "x", which the body reads.'],
    ['  data: b.jsonl\n', 'data', 'Map keys must be unique'],
  ])('%j', (settings, at, message) => {
    expect(complaints(withSettings(settings))[0]).toMatchObject({ at, message });
  });

  test('missing settings are reported at the tandem key', () => {
    expect(complaints('---\ntandem:\n  output: y\n---\n${input:x}')).toEqual([
      {
        message: '`tandem.data` is missing.',
        at: 'tandem',
        hint: 'Name the file with the rows (e.g. .jsonl, .csv or .parquet), relative to this file.',
        line: 2,
        column: 1,
      },
    ]);
  });

  test('a body may be empty, lack a variable, have two markers or a marker with nothing after it, or have an unclosed front matter', () => {
    expect(complaints('\n \n')[0].message).toBe('The body is empty.');
    expect(complaints('Hello')[0].message).toContain('reads no column');
    expect(complaints('{{demos}}\n${input:x}\n{{demos}}\nA:')[0]).toMatchObject({
      line: 3,
      message: '{{demos}} appears a second time.',
    });
    expect(complaints('${input:x} ${input}\n{{demos}}\n').map(({ message }) => message)).toEqual([
      '"${input}" is not a variable. Tandem leaves it unchanged.',
      'Nothing follows {{demos}}.',
    ]);
    expect(complaints('---\na: 1\n${input:x}')[0].message).toContain('never closed');
  });

  test('the first error is thrown with its place', () => {
    expect(() => requireUsable(parse(withSettings('  metirc: x\n')))).toThrow(
      expect.objectContaining({
        reason: 'bad-prompt-file',
        where: { file: 'a.prompt.md', line: 5, column: 3 },
        hint: 'Did you mean "metric"?',
      }),
    );
    expect(requireUsable(parse(text)).path).toBe('a.prompt.md');
  });
});

test('the columns of the data are checked against the body', () => {
  const file = parsePromptFile('a.prompt.md', '---\ntandem:\n  data: a.jsonl\n  output: y\n---\nQ: ${input:x} ${input:y} ${input:xs}\n');
  expect(checkColumns(file, ['x', 'y', 'z']).map(({ severity, message, hint }) => [severity, message, hint])).toEqual([
    ['error', 'The body reads "y", the column to predict.', 'Remove it. The answer follows the end of the body.'],
    ['error', 'The data has no column "xs" (columns: x, y, z).', 'Did you mean "x"?'],
    ['information', 'The body never reads the column "z".', 'If it helps, write ${input:z} where its value belongs.'],
  ]);
  expect(checkColumns(file, ['x', 'label'])[0]).toMatchObject({
    message: 'The data has no column "y" (columns: x, label).',
    range: { line: 4, column: 11 },
  });
});

test('what VS Code fills in when a prompt is used is reported as unchanged text', () => {
  const source = withSettings('').replace('Q: ', 'Mend ${selection} of ${fileBasename}, ${env:HOME}, not ${name} or ${5}. Q: ');
  expect(parse(source).problems.map(({ severity, range }) => [severity, source.slice(range.start, range.end)])).toEqual([
    ['warning', '${selection}'],
    ['warning', '${fileBasename}'],
    ['warning', '${env:HOME}'],
  ]);
});

/** @file Version 2 of the Prompty format: its keys are read, or refused by name. */
import { describe, expect, test } from 'vitest';
import { checkColumns } from './promptFile.ts';
import { parsePromptFile } from './readPrompt.ts';
import { messagesOf } from './template.ts';

const parse = (frontMatter: string, body = 'system:\nYou answer for {{house}}.\n\nuser:\n{{question}}\n') =>
  parsePromptFile('a.prompty', `---\n${frontMatter.trim()}\ntandem:\n  data: qa.jsonl\n  output: answer\n---\n${body}`);
const said = (frontMatter: string, body?: string): string[] =>
  parse(frontMatter, body).problems.map(({ severity, message, range }) => `${severity} ${range.line}: ${message}`);

const whole = `
name: colour-of-a-box
model:
  id: gpt-4o-mini
  provider: openai
  apiType: chat
  connection: {kind: key, endpoint: "\${env:ENDPOINT:https://example.invalid}", apiKey: "\${env:KEY}"}
  options:
    temperature: 0
    maxOutputTokens: 5
    topP: 0
    stopSequences: ["END"]
    seed: -3
inputs:
  - name: house
    kind: string
    default: Harbour
  - name: question
    kind: string
    example: What colour is box 3?
  - name: tags
    kind: array
    default: [red, 2]
template:
  format:
    kind: jinja2
  parser:
    kind: prompty
`;

test('options, defaults of listed inputs, the template and the chat are read', () => {
  const file = parse(whole);
  expect(file.problems).toEqual([]);
  expect(file.settings).toMatchObject({
    template: 'chat',
    decoding: { temperature: 0, maxTokens: 5, topP: 0, stop: ['END'], seed: -3 },
  });
  expect(file.samples).toEqual({ house: 'Harbour', question: 'What colour is box 3?', tags: ['red', 2] });
  expect(checkColumns(file, ['question', 'answer']).map(({ severity }) => severity)).toEqual(['information']);
});

test.each([
  ['model: gpt-4o', 'chat'],
  ['model: {id: gpt-4o}', 'chat'],
  ['model: {id: gpt-4o, apiType: responses}', 'chat'],
  ['model: {id: gpt-4o, apiType: completion}', 'text'],
  ['model: {parameters: {max_tokens: 4}}', 'text'],
  ['name: without a model', 'text'],
])('%s is a %s', (frontMatter, template) => {
  expect(parse(frontMatter).settings.template).toBe(template);
});

test.each(['jinja2', '{format: jinja2, parser: prompty}', '{format: {kind: nunjucks}, parser: {kind: prompty}}', '{type: jinja2}'])(
  'template: %s is Jinja',
  (template) => {
    expect(said(`template: ${template}`)).toEqual([]);
  },
);

test.each([
  ['model: {apiType: embedding}', 'error 2: `model.apiType` is "embedding". Tandem tunes only prompts whose answer is text.'],
  ['model: {apiType: image}', 'error 2: `model.apiType` is "image". Tandem tunes only prompts whose answer is text.'],
  ['template: {format: {kind: mustache}}', 'error 2: `template.format.kind` is "mustache". Tandem supports only Jinja templates.'],
  ['template: {format: handlebars}', 'error 2: `template.format` is "handlebars". Tandem supports only Jinja templates.'],
  ['template: {parser: {kind: xml}}', 'error 2: `template.parser.kind` is "xml". Tandem supports only the parser "prompty".'],
  [
    'model: {options: {maxOutputTokens: many}}',
    'error 2: `model.options.maxOutputTokens` should be a whole number of at least 1, not "many".',
  ],
  ['model: {options: {topP: 1.5}}', 'error 2: `model.options.topP` should be a number from 0 to 1, not "1.5".'],
  ['model: {options: {seed: 1.5}}', 'error 2: `model.options.seed` should be a whole number, not "1.5".'],
  ['model: {options: {topK: 5}}', 'information 2: `model.options.topK` applies only to hosted models. Tandem ignores it.'],
  ['inputs: ${file:schema.json}', 'information 2: Tandem does not open "${file:schema.json}". Values come from the data.'],
  ['inputs: [{name: house, kind: image}]', 'error 2: The input "house" is of kind image. Tandem fills in text only.'],
])('%s is refused or noted by the name of the key', (frontMatter, message) => {
  expect(said(frontMatter)).toEqual([message]);
});

test('an input of a kind that the body does not read is not a problem', () => {
  expect(said('inputs: [{name: photo, kind: image}]')).toEqual([]);
});

test('a conversation that the data does not have is empty', () => {
  expect(parse('inputs: [{name: history, kind: thread}]').samples).toEqual({ history: '' });
});

describe('a role line', () => {
  test.each(['user[name="Ann"]:', 'user[name="Ann", nonce=1f]:', '# USER[name=Ann]: ', '  user [..]'])('%s', (line) => {
    const roles = messagesOf(parse('model: gpt', `system:\nHelp.\n${line}\nnumber {{question}}\n`).prompt, { question: '0' }).map(
      ({ role }) => role,
    );
    expect(roles).toEqual(line.includes('..') ? ['system'] : ['system', 'user']);
  });
});

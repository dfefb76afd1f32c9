/** @file What a client gets of a tool: its answer, or what is wrong. */
import { expect, test } from 'vitest';
import { TandemError } from '../errors.ts';
import { callTool, errorKey } from './callTool.ts';
import { closed, object, text } from './fields.ts';
import { defineTool, type Tool, type ToolContext } from './tool.ts';

const greet = (say: (name: string) => string): Tool =>
  defineTool<{ readonly name: string }, { readonly said: string }>({
    name: 'greet',
    title: 'Greet',
    description: 'Say hello.',
    input: closed({ name: text('Whom to greet.') }),
    output: object({ said: text('What was said.') }),
    answer: async ({ name }) => {
      const said = say(name);
      return { text: said, data: { said } };
    },
  });

const context: ToolContext = {
  workspace: '/w',
  allowModules: false,
  work: () => Promise.reject(new Error('not needed')),
  signal: new AbortController().signal,
  onProgress: () => {},
};

test('a text that cannot control a terminal, and the data as it is', async () => {
  const said = await callTool(
    greet((name) => `Hello ${name}`),
    { name: '\u001b[31mred' },
    context,
    () => {},
  );
  expect(said).toEqual({ content: [{ type: 'text', text: 'Hello \\u001b[31mred' }], structuredContent: { said: 'Hello \u001b[31mred' } });
});

test("a user's error has its message, place and hint; a wrong input is one", async () => {
  const where = { file: '/w/a.prompt.md', line: 3 };
  const fail = (): never => {
    throw new TandemError('bad-prompt-file', 'It is wrong.', { where, hint: 'Mend it.' });
  };
  expect(await callTool(greet(fail), { name: 'a' }, context, () => {})).toEqual({
    isError: true,
    content: [{ type: 'text', text: '/w/a.prompt.md:3: It is wrong.\n  Mend it.' }],
    _meta: { [errorKey]: { reason: 'bad-prompt-file', message: 'It is wrong.', where, hint: 'Mend it.' } },
  });
  expect(await callTool(greet(fail), {}, context, () => {})).toMatchObject({
    isError: true,
    _meta: { [errorKey]: { reason: 'bad-input' } },
  });
});

test('a bug is told as one, without its stack, which goes to the log', async () => {
  const bug = new TypeError('x is undefined');
  const heard: unknown[] = [];
  const tool = greet(() => {
    throw bug;
  });
  expect(await callTool(tool, { name: 'a' }, context, (error) => heard.push(error))).toEqual({
    isError: true,
    content: [{ type: 'text', text: 'A bug in Tandem: x is undefined' }],
  });
  expect(heard).toEqual([bug]);
});

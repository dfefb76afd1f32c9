/** @file Rows of objects, lists, numbers and booleans in a template, and errors of a template with their place. */
import { describe, expect, test } from 'vitest';
import { TandemError } from '../errors.ts';
import { parsePromptFile } from './readPrompt.ts';
import type { Prompt } from './prompt.ts';
import { messagesOf, render } from './template.ts';
import type { Values } from './values.ts';
import { messagesWithoutValues } from './withoutValues.ts';

const jinja = (body: string, demonstrations: Prompt['demonstrations'] = []): Prompt => ({ body, demonstrations, syntax: 'jinja' });
const row: Values = {
  customer: { firstName: 'Ann', age: 31, email: null },
  documentation: [
    { id: '17', name: 'RainGuard', price: 110 },
    { id: '3', name: 'TrailBoots', price: 9.5 },
  ],
  question: 'Which boots?',
  tags: ['a', 'b'],
  vip: false,
};

describe('a row', () => {
  test.each([
    ['{{customer.firstName}} is {{ customer["age"] + 1 }}', 'Ann is 32'],
    ['{% if vip %}good{% else %}not yet{% endif %}', 'not yet'],
    ['{{ tags | length }} {{ tags[0] }} {{ tags | join("; ") }}', '2 a a; b'],
    ['{% if documentation | length > 2 %}many{% else %}few{% endif %}', 'few'],
    ['{% for item in documentation %}{{item.id}} {{item.name}} {{item.price}}\n{% endfor %}-', '17 RainGuard 110\n3 TrailBoots 9.5\n-'],
    ['<{{customer.lastName}}{{customer.email}}>{% if customer.email is none %} none{% endif %}', '<> none'],
    ['{{ customer | tojson }}', '{"firstName": "Ann", "age": 31, "email": null}'],
  ])('%s', (body, text) => {
    expect(render(jinja(body), row)).toBe(text);
  });

  test('is shown as its JSON in the other dialect, null as nothing', () => {
    const body = '${input:customer}|${input:vip}|${input:nothing}';
    expect(render({ body, demonstrations: [] }, { ...row, nothing: null })).toBe('{"firstName":"Ann","age":31,"email":null}|false|');
  });

  test('is a demonstration with its types', () => {
    const prompt = jinja('{{demos}}\n{% for tag in tags %}#{{tag}} {% endfor %}{{ vip }}\n', [
      { inputs: { tags: ['x', 'y'], vip: true }, output: 'yes' },
    ]);
    expect(render(prompt, row)).toBe('#x #y true yes\n\n#a #b false');
  });
});

describe('an error', () => {
  const file = parsePromptFile(
    'shop.prompty',
    '---\nmodel: {api: chat}\ntandem: {data: a.jsonl, output: y}\n---\n{% set list = tags %}\nsystem:\n\nYou help.\n{% for each in list %}\n- {{ each }}\n{% endfor %}\nuser:\n{{ question | uper }}\n',
  );
  const errorOf = (values: Values): TandemError => {
    try {
      messagesOf(file.prompt, values, { file: file.path, line: 5 });
    } catch (error) {
      if (error instanceof TandemError) return error;
      throw error;
    }
    throw new Error('nothing was thrown');
  };

  test('an unknown filter is reported with file, line and column', () => {
    expect(errorOf(row)).toMatchObject({
      reason: 'bad-template',
      message: 'The template cannot be filled in at {{ question | uper }}: there is no filter "uper".',
      where: { file: 'shop.prompty', line: 13, column: 1 },
      hint: 'Did you mean "upper"?',
    });
  });

  test('a text in a loop is reported', () => {
    expect(errorOf({ ...row, tags: '["a"]' })).toMatchObject({
      message: 'The template cannot be filled in at {% for each in list %}: a loop needs a list, not text.',
      where: { line: 9, column: 1 },
    });
  });

  const placeIn = (body: string): unknown => {
    try {
      return render(jinja(body), row, { file: 'p', line: 1 });
    } catch (error) {
      return (error as TandemError).where;
    }
  };

  test.each([
    ['x\n{{ customer.a.b | upper }}', 2, 1],
    ['{% set n = 1 - question %}\nuser:\nHi {{ question }} {{ n }}', 1, 1],
    ['{% for d in documentation %}\n  {% if d.price > "x" %}{% endif %}\n{% endfor %}', 2, 3],
    ['{% if vip %}\n{% elif vip | nope %}\n{% endif %}{{ tags }}', 2, 1],
    ['a\r\nb {{ tags | upper }}\r\n{{ question }}', 2, 3],
    ['user:\n\n\n  a {{ question }}\n{{ [] | first }}', 5, 1],
  ])('%j', (body, line, column) => {
    expect(placeIn(body)).toEqual({ file: 'p', line, column });
  });

  test('without a file the error names the line of the body', () => {
    expect(() => render(jinja('a\n{{ tags | nope }}'), row)).toThrow(
      'at {{ tags | nope }} (line 2 of the body): there is no filter "nope".',
    );
  });
});

describe('without values', () => {
  test.each([
    ['Q: {{question}} {{customer.age}}', 'Q:'],
    ['{% for d in documentation %}{{ d.name }}\n{% endfor %}Q: {{question}}', 'Q:'],
    ['{{ documentation[0].name | upper }} Q: {% if vip %}A{% endif %}', 'Q: A'],
  ])('%j', (body, text) => {
    expect(messagesWithoutValues(jinja(body), row).map(({ content }) => content.trim())).toEqual([text]);
  });

  test('in the other dialect variables are replaced by nothing', () => {
    expect(messagesWithoutValues({ body: 'X ${input:a:hint} Y', demonstrations: [] }, { a: [1] })).toEqual([
      { role: 'user', content: 'X  Y' },
    ]);
  });
});

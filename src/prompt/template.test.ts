/** @file What every template language guarantees: literal values, demonstrations, the place of the answer. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Demonstration } from './prompt.ts';
import { answerText, columnsOf, render, renderDemonstration, variablesOf } from './template.ts';

const body = 'Read the message.\n\n{{demos}}\nMessage: ${input:message}\nIntent:\n';
const demo = (message: string, output: string): Demonstration => ({ inputs: { message }, output });

describe('render', () => {
  test('fills in the values and drops the line of {{demos}} and the newline at the end', () => {
    expect(render({ body, demonstrations: [] }, { message: 'Hi' })).toBe('Read the message.\n\nMessage: Hi\nIntent:');
  });

  test('puts demonstrations at {{demos}}, a blank line apart', () => {
    const prompt = { body, demonstrations: [demo('a', 'x'), demo('b', 'y')] };
    expect(render(prompt, { message: 'c' })).toBe(
      'Read the message.\n\nMessage: a\nIntent: x\n\nMessage: b\nIntent: y\n\nMessage: c\nIntent:',
    );
  });

  test('without {{demos}} demonstrations start at the first line with a variable', () => {
    const prompt = { body: 'Answer.\nQ: ${input:q}\nA:', demonstrations: [{ inputs: { q: '1+1' }, output: '2' }] };
    expect(render(prompt, { q: '2+2' })).toBe('Answer.\nQ: 1+1\nA: 2\n\nQ: 2+2\nA:');
  });

  test('scores the same with CRLF line endings and trailing white space', () => {
    const prompt = { body: body.replaceAll('\n', '\r\n') + '  \r\n', demonstrations: [demo('a', 'x')] };
    expect(render(prompt, { message: 'Hi' })).toBe(render({ body, demonstrations: [demo('a', 'x')] }, { message: 'Hi' }));
  });

  test('a blank line after {{demos}} does not add to the distance between demonstrations', () => {
    const prompt = { body: body.replace('{{demos}}\n', '{{demos}}\n\n'), demonstrations: [demo('a', 'x')] };
    expect(render(prompt, { message: 'c' })).toBe('Read the message.\n\nMessage: a\nIntent: x\n\nMessage: c\nIntent:');
  });

  test('values are inserted literally, whatever they contain', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('${input:message}', '{{demos}}', '$&', '$1', '\n{{demos}}\n'),
        (text, nasty) => {
          const message = text + nasty + text;
          expect(render({ body, demonstrations: [] }, { message })).toBe(`Read the message.\n\nMessage: ${message}\nIntent:`);
          const prompt = { body, demonstrations: [demo(message, nasty)] };
          expect(render(prompt, { message: 'c' })).toBe(
            `Read the message.\n\nMessage: ${message}\nIntent: ${nasty}\n\nMessage: c\nIntent:`,
          );
        },
      ),
    );
  });

  test('a column that the row lacks is reported, with the nearest one', () => {
    expect(() => render({ body, demonstrations: [] }, { mesage: 'Hi', id: '3' })).toThrow(
      expect.objectContaining({
        reason: 'unknown-column',
        message: expect.stringContaining('"message"') as string,
        hint: 'Did you mean "mesage"?',
      }),
    );
    expect(() => render({ body: '${input:constructor}', demonstrations: [] }, {})).toThrow(/"constructor"/);
  });
});

test('a demonstration ends in its answer, after one space or after existing white space', () => {
  expect(renderDemonstration({ body, demonstrations: [] }, demo('a', 'x'))).toBe('Message: a\nIntent: x');
  expect(renderDemonstration({ body: '${input:q}', demonstrations: [] }, { inputs: { q: 'a\n' }, output: 'x' })).toBe('a\nx');
  expect([answerText('A:', 'x'), answerText('A: ', 'x'), answerText('', 'x')]).toEqual([' x', 'x', 'x']);
});

test('variables may have a placeholder', () => {
  expect(variablesOf('a ${input:name:Your name} ${input: b }')).toEqual([
    { name: 'name', placeholder: 'Your name', start: 2, end: 25, nameStart: 10 },
    { name: 'b', start: 26, end: 38, nameStart: 35 },
  ]);
  expect(columnsOf('${input:a} ${input:b} ${input:a}')).toEqual(['a', 'b']);
});

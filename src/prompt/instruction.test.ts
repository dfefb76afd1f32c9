/** @file The instruction of a prompt, and a soft prompt in place of it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { softMark } from '../model/softPrompt.ts';
import { instructionOf, withInstruction, withSoftLine } from './instruction.ts';
import type { Prompt } from './prompt.ts';
import { render, softLine } from './template.ts';

const prompt = (body: string): Prompt => ({ body, demonstrations: [] });
const whole = prompt('Read the message.\nThen answer.\n\n{{demos}}\nMessage: ${input:message}\nIntent:\n');
const bare = prompt('Message: ${input:message}\nIntent:\n');

test('the instruction is the text before the demonstrations and the row', () => {
  expect(instructionOf(whole.body)).toBe('Read the message.\nThen answer.');
  expect(instructionOf(bare.body)).toBe('');
  expect(instructionOf('For ${input:sender}:\n{{demos}}\nMessage: ${input:message}')).toBe('');
});

test('another one replaces it, or goes to the top if there was none', () => {
  expect(withInstruction(whole, 'Route it.').body).toBe('Route it.\n\n{{demos}}\nMessage: ${input:message}\nIntent:\n');
  expect(withInstruction(bare, 'Route it.').body).toBe('Route it.\n\nMessage: ${input:message}\nIntent:\n');
  const windows = prompt(bare.body.replaceAll('\n', '\r\n'));
  expect(withInstruction(windows, 'Route it.').body).toMatch(/^Route it\.\r\n\r\nMessage/);
});

test('a soft prompt also goes there, is rendered as its mark once, and can be replaced by a text again', () => {
  const soft = withSoftLine({ ...whole, demonstrations: [{ inputs: { message: 'a' }, output: 'x' }] });
  expect(soft.body).toBe('{{soft}}\n\n{{demos}}\nMessage: ${input:message}\nIntent:\n');
  expect(render(soft, { message: '{{soft}}' })).toBe(`${softMark}\n\nMessage: a\nIntent: x\n\nMessage: {{soft}}\nIntent:`);
  expect(withSoftLine(soft)).toBe(soft);
  expect(instructionOf(soft.body)).toBe('');
  expect(withInstruction(soft, instructionOf(whole.body)).body).toBe(whole.body);
});

test('only a separate line before the row is a soft prompt', () => {
  for (const body of ['Say {{soft}} now.\n${input:a}', '${input:a}\n{{soft}}\n', '{{demos}}\n{{soft}}\n${input:a}']) {
    expect(softLine(body)).toBeUndefined();
    expect(render(prompt(body), { a: '' })).not.toContain(softMark);
  }
});

test('an instruction that was inserted is read back, whatever it replaced', () => {
  const words = fc.stringMatching(/^[a-z][a-z .]{0,20}[a-z]$/);
  fc.assert(
    fc.property(words, fc.constantFrom(whole, bare, withSoftLine(whole), prompt('')), (text, from) => {
      expect(instructionOf(withInstruction(from, text).body)).toBe(text);
    }),
  );
});

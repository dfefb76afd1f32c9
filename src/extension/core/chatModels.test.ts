/** @file Which prompt files answer in the editor's chat, and what they are asked. */
import { expect, test } from 'vitest';
import { chatPrompts, lastText, tokensAbout } from './chatModels.ts';
import { measuredFile } from './measuredFile.ts';

const promptOf = (path: string, settings: string, body: string) =>
  measuredFile(path, `---\ntandem:\n  model: nano\n  data: rows.jsonl\n  output: answer\n${settings}---\n${body}`, undefined, () => '');

test('a prompt file with an adapter and one column to fill is offered', () => {
  const files = [
    promptOf('/w/kind.prompt.md', '  adapter: kind-1a2b3c4d\n', 'Text: ${input:text}\n'),
    promptOf('/w/untuned.prompt.md', '', 'Text: ${input:text}\n'),
    promptOf('/w/pair.prompt.md', '  adapter: pair-1a2b3c4d\n', '${input:text} or ${input:other}?\n'),
    promptOf('/w/fixed.prompt.md', '  adapter: fixed-1a2b3c4d\n', 'Say something.\n'),
  ];
  expect(chatPrompts(files)).toEqual([{ prompt: '/w/kind.prompt.md', column: 'text', model: 'nano', adapter: 'kind-1a2b3c4d' }]);
});

test('the last message with text is asked, whatever else its parts are', () => {
  const text = (value: string) => ({ content: [{ value }] });
  expect(lastText([text('one'), text('two')])).toBe('two');
  expect(lastText([text('one'), { content: [{ callId: '1', content: [] }, { value: { data: 1 } }] }])).toBe('one');
  expect(lastText([{ content: [{ value: ' a' }, { value: 'b ' }, null] }])).toBe('ab');
  expect(lastText([])).toBe('');
});

test('tokens are estimated from the length', () => {
  expect(tokensAbout('')).toBe(0);
  expect(tokensAbout('four')).toBe(1);
  expect(tokensAbout('seventeen letters')).toBe(5);
});

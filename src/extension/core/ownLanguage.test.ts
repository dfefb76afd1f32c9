import { expect, test } from 'vitest';
import { languageToSet, type LanguageFacts } from './ownLanguage.ts';

const settings = '---\ntandem:\n  data: rows.jsonl\n  output: kind\n---\nText: ${input:text}\n';
const facts: LanguageFacts = { path: '/w/kind.prompt.md', text: settings, languageId: 'prompt', wanted: true };

test('a prompt file with settings gets our language, and keeps it', () => {
  expect(languageToSet(facts)).toBe('tandem-prompt');
  expect(languageToSet({ ...facts, languageId: 'tandem-prompt' })).toBeUndefined();
});

test.each([
  ['another tool', '---\nagent: ask\n---\nExplain ${selection}.\n'],
  ['nobody', 'Explain this.\n'],
  ['a word in the body', 'tandem: yes\n'],
])('a prompt file with settings of %s keeps the language of VS Code', (_, text) => {
  expect(languageToSet({ ...facts, text })).toBeUndefined();
  expect(languageToSet({ ...facts, text, languageId: 'tandem-prompt' })).toBe('prompt');
});

test('settings that are wrong, or only just begun, are settings', () => {
  for (const text of ['---\ntandem:\n---\n', '---\ntandem: {data: [\n---\n', '---\nagent: ask\ntandem:\n  daat: rows.jsonl\n---\nHello\n'])
    expect(languageToSet({ ...facts, text })).toBe('tandem-prompt');
});

test('without the setting, VS Code has all prompt files', () => {
  expect(languageToSet({ ...facts, wanted: false })).toBeUndefined();
  expect(languageToSet({ ...facts, wanted: false, languageId: 'tandem-prompt' })).toBe('prompt');
});

test('a language that somebody chose stays, and other kinds of prompt files have their own', () => {
  for (const languageId of ['markdown', 'plaintext', 'prompty']) expect(languageToSet({ ...facts, languageId })).toBeUndefined();
  expect(languageToSet({ ...facts, path: '/w/notes.md' })).toBeUndefined();
});

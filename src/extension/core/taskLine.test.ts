/** @file Tasks of tasks.json become lines of the command. */
import { expect, test } from 'vitest';
import { readTask, taskLine, taskName } from './taskLine.ts';

const prompt = 'prompts/intent.prompt.md';

test.each([
  [{ command: 'evaluate', prompt }, ['evaluate', '--', prompt]],
  [{ command: 'evaluate', prompt, min: 0.8 }, ['evaluate', '--min', '0.8', '--', prompt]],
  [{ command: 'optimize', prompt, budget: '90s' }, ['optimize', '--budget', '90s', '--', prompt]],
  [{ command: 'optimize', prompt: '--apply' }, ['optimize', '--', '--apply']],
])('%j', (definition, line) => {
  expect(taskLine(readTask({ type: 'tandem', ...definition }))).toEqual(line);
});

test.each([
  [{ command: 'accept', prompt }, 'bad-task'],
  [{ command: 'evaluate' }, 'bad-task'],
  [{ command: 'evaluate', prompt, min: 80 }, 'bad-task'],
  [{ command: 'evaluate', prompt, budget: '5m' }, 'bad-task'],
  [{ command: 'optimize', prompt, min: 0.5 }, 'bad-task'],
  [{ command: 'optimize', prompt, budget: 'a while' }, 'bad-budget'],
])('%j is refused', (definition, reason) => {
  expect(() => readTask(definition)).toThrow(expect.objectContaining({ reason }));
});

test('a task is named by what it does', () => {
  expect(taskName({ command: 'optimize', prompt })).toBe(`Optimize ${prompt}`);
});

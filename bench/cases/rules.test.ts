/** @file Prompts whose rules change after tuning, and the texts of the benchmarks. */
import { describe, expect, test } from 'vitest';
import { columnsOf } from '../../src/prompt/template.ts';
import { longPrompt } from './evidenceTasks.ts';
import { rulesOf, withNames, withSentence } from './rules.ts';
import { trainedPrompt } from './wordings.ts';
import wordings from '../prompts/wordings.json' with { type: 'json' };

describe('labels renamed in a prompt', () => {
  test.each(['trec6', 'banking12', 'clinc10'])('%s: the list has every new name and no old one as a label', (task) => {
    const { renamed, answer } = rulesOf(task);
    const { body } = withNames(longPrompt(task), renamed, answer);
    for (const [before, after] of Object.entries(renamed)) {
      expect(body).toMatch(new RegExp(`^(- )?${after}(:| -)`, 'm'));
      expect(body).not.toMatch(new RegExp(`^(- )?${before}(:| - )`, 'm'));
    }
    expect(body).not.toContain(': one of');
  });

  test('answers in examples and demonstrations are renamed, and the same words in a sentence stay', () => {
    const prompt = {
      body: 'Kinds:\n- person: a person or a group\n\nQuestion: Who ?\nType: person\nAsk for a person, not a personal trait.\n\nQuestion: ${input:question}\nType:',
      demonstrations: [{ inputs: { question: 'Who was it?' }, output: 'person' }],
    };
    const { body, demonstrations } = withNames(prompt, { person: 'human' }, 'Type');
    expect(body).toContain('- human: a person or a group');
    expect(body).toContain('Type: human');
    expect(body).toContain('not a personal trait');
    expect(demonstrations[0].output).toBe('human');
  });

  test('if tuning removed the list, the author adds the new names', () => {
    const prompt = { body: 'Name the type.\n\nQuestion: ${input:question}\nType:', demonstrations: [] };
    const { body } = withNames(prompt, { person: 'human', entity: 'thing' }, 'Type');
    expect(body).toBe('Name the type.\nType: one of human, thing.\n\nQuestion: ${input:question}\nType:');
  });

  test('the words that the model says for a label belong to the new name', () => {
    const prompt = {
      body: '- todo list: ask\n\nX: ${input:x}\nY:',
      demonstrations: [],
      labelWords: { 'todo list': 'tasks', alarm: 'bell' },
    };
    expect(withNames(prompt, { 'todo list': 'show tasks' }, 'Y').labelWords).toEqual({ 'show tasks': 'tasks', alarm: 'bell' });
  });

  test('if one name begins with another, the longer one is found', () => {
    const prompt = { body: '- todo list: ask\n- todo list update: change\n\nX: ${input:x}\nY:', demonstrations: [] };
    const { body } = withNames(prompt, { 'todo list': 'show tasks', 'todo list update': 'edit tasks' }, 'Y');
    expect(body).toContain('- show tasks: ask\n- edit tasks: change');
  });
});

test('a changed policy becomes the last line of the instruction, or the first line of a prompt without one', () => {
  const row = 'Question: ${input:question}\nType:';
  expect(withSentence({ body: `Name the type.\n\n${row}`, demonstrations: [] }, 'New.').body).toBe(`Name the type.\nNew.\n\n${row}`);
  expect(withSentence({ body: row, demonstrations: [] }, 'New.').body).toBe(`New.\n\n${row}`);
});

test.each(['trec6', 'banking12', 'clinc10', 'sst2', 'verse_sentiment'])(
  'the long prompt of %s reads one column and has a place for demonstrations',
  (task) => {
    const prompt = longPrompt(task);
    expect(columnsOf(prompt)).toHaveLength(1);
    expect(prompt.body).toMatch(/^\{\{demos\}\}$/m);
  },
);

test.each(Object.entries(wordings))(
  '%s has ten different paraphrases of the prompt that is trained',
  (task, { column, trained, unseen }) => {
    expect(unseen).toHaveLength(10);
    expect(new Set([trained, ...unseen].map(({ instruction }) => instruction)).size).toBe(11);
    expect(columnsOf(trainedPrompt(task))).toEqual([column]);
  },
);

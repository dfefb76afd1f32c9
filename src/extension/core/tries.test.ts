/** @file What is tried of a prompt, and how its answers stand while the worker gives them. */
import { expect, test } from 'vitest';
import { sessionDefaults } from '../../run/spec.ts';
import type { Job } from './job.ts';
import { measuredFile } from './measuredFile.ts';
import { columnsToFill, sideOf } from './tries.ts';

const files: Readonly<Record<string, string>> = {
  '/w/one.prompt.md': '---\ntandem: {data: rows.jsonl, output: kind}\n---\n${input:text} in ${input:place}, ${input:text}\nKind:',
  '/w/hint.prompt.md': '${input:text} is',
  '/w/last.prompt.md': '---\ntandem: {data: rows.jsonl, output: kind}\n---\n${input:hint} ${input:place}',
  '/w/a.program.yaml': 'steps:\n  - {prompt: hint.prompt.md, output: hint}\n  - {prompt: last.prompt.md, output: kind}\n',
};
const known = (path: string) => measuredFile(path, files[path], undefined, (each) => files[each]);

test('each column that the prompt reads is filled in once; of a program, no answer of an earlier step', () => {
  expect(columnsToFill(known('/w/one.prompt.md'))).toEqual(['text', 'place']);
  expect(columnsToFill(known('/w/a.program.yaml'))).toEqual(['text', 'place']);
});

const job: Job = {
  id: 1,
  folder: '/w',
  task: {
    kind: 'answer',
    prompt: '/w/one.prompt.md',
    spec: { ...sessionDefaults, prompt: '/w/one.prompt.md' },
    values: {},
    weights: ['model', 'adapter'],
  },
  status: 'running',
};
const answer = { weights: 'adapter', model: 'nano', text: 'odd', promptTokens: 9, milliseconds: 4 } as const;
const state = (change: Partial<Job>) => sideOf('nano + adapter', 'adapter', { ...job, ...change }, 0).state;

test('a side hears what is written of its own answer, and ends with it, with an error, or stopped', () => {
  expect(state({ status: 'waiting' })).toEqual({ kind: 'working', what: 'waiting for its turn' });
  expect(state({ written: { weights: 'model', text: 'no' } })).not.toHaveProperty('text');
  expect(state({ written: { weights: 'adapter', text: 'od' } })).toMatchObject({ kind: 'working', text: 'od' });
  expect(state({ status: 'done', answers: [answer] })).toEqual({ kind: 'answered', answer });
  expect(state({ status: 'stopped' })).toEqual({ kind: 'stopped' });
  expect(state({ status: 'failed', error: new Error('It is too long.') })).toMatchObject({
    message: expect.stringContaining('It is too long.') as string,
  });
  expect(state({ status: 'done', answers: [{ ...answer, weights: 'model' }] })).toMatchObject({ kind: 'failed' });
});

/** @file Labelled queries for a skill: where they usually are, and a first file of them with examples to replace. */
import { queryColumn } from '../prompt/languages/skill.ts';
import type { LabelledQuery } from '../prompt/kinds/skillSettings.ts';

/**
 * Where a skill's labelled queries are found, relative to its folder. The first one is for a new file: skill-creator leaves `evals/` out of the
 * package that it makes of a skill.
 */
export const queryFiles = ['evals/trigger-eval.json', 'evals/trigger_eval.json', 'trigger-eval.json', 'trigger_eval.json'] as const;

/** How an example begins, so that nobody takes it for a query. */
export const exampleMark = 'REPLACE ME';

/** Ten queries that should trigger and ten that should not, all of them examples to replace. @param name of the skill */
export function exampleQueries(name: string): string {
  const queries = [
    ...needed.map((kind): LabelledQuery => ({ [queryColumn]: `${exampleMark}: ${kind} that needs ${name}`, should_trigger: true })),
    ...near.map((kind): LabelledQuery => ({
      [queryColumn]: `${exampleMark}: ${kind}, without any need of ${name}`,
      should_trigger: false,
    })),
  ];
  return `[\n${queries.map((query) => `  ${JSON.stringify(query)}`).join(',\n')}\n]\n`;
}

const needed = [
  'a plain request',
  'a short request, typed in a hurry,',
  'a long request with the story behind it',
  'a request with names of files and folders',
  'a request that does not use the words of the description',
  'a request in the words of a beginner',
  'a request in the words of an expert',
  'a request for a part of the work',
  'a request among other requests',
  'an unusual request',
];

const near = [
  'a request with the same words and another meaning',
  'a request from the same field',
  'a request for a neighbouring skill',
  'a request about the same kind of file',
  'a question about the subject',
  'a step before the work',
  'a step after the work',
  'a request that is simple enough to answer at once',
  'a request that mentions the subject in passing',
  'a request from another field',
];

/** @file The words that a task is about: those of its labels and columns, and those that only some of its rows use. */
import { columnsOf } from '../../prompt/template.ts';
import type { Prompt } from '../../prompt/prompt.ts';
import { textIn } from '../../prompt/values.ts';
import type { OptimizationContext } from '../coordinator.ts';

/** A word in a larger share of the rows than this is a function word. */
const mostRows = 0.25;
const fewestRows = 2;

/** In lower case, without duplicates, of three letters or more. */
export function taskWords({ evaluator, trainset }: Pick<OptimizationContext, 'evaluator' | 'trainset'>, prompt: Prompt): string[] {
  const { output, labels = [] } = evaluator.task;
  const columns = columnsOf(prompt).filter((name) => name !== output);
  const rowsOf = new Map<string, number>();
  for (const { values } of trainset)
    for (const word of new Set(columns.flatMap((name) => wordsOf(textIn(values, name))))) rowsOf.set(word, (rowsOf.get(word) ?? 0) + 1);
  const used = [...rowsOf].filter(([, rows]) => rows >= fewestRows && rows <= mostRows * trainset.length).map(([word]) => word);
  return [...new Set([output, ...columns, ...labels].flatMap(wordsOf).concat(used))];
}

const wordsOf = (text: string): string[] => text.toLowerCase().match(/\p{L}{3,}/gu) ?? [];

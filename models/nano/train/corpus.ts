/** @file The corpus that nano is trained on: ../shared/corpus. Its README lists sources and licences. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

export interface CorpusTask {
  readonly definition: string;
  readonly paraphrases?: readonly string[];
  readonly examples: readonly CorpusRow[];
  readonly labels?: readonly string[];
  readonly category: string;
  readonly split: 'train' | 'heldout';
  readonly fresh?: boolean;
}

export interface CorpusRow {
  readonly input: string;
  readonly output: string;
}

const folder = '../shared/corpus';

export const readTasks = (): Record<string, CorpusTask> =>
  JSON.parse(readFileSync(`${folder}/tasks.json`, 'utf8')) as Record<string, CorpusTask>;

/** Rows by task. */
export function readInstructions(split: 'train' | 'heldout'): Map<string, CorpusRow[]> {
  const rows = new Map<string, CorpusRow[]>();
  for (const { task, input, output } of readLines(`instructions.${split}`) as (CorpusRow & { task: string })[]) {
    const of = rows.get(task) ?? [];
    rows.set(task, of);
    of.push({ input, output });
  }
  return rows;
}

/** Passages of plain English. */
export const readTexts = (): string[] => (readLines('text') as { t: string }[]).map(({ t }) => t);

const readLines = (name: string): unknown[] =>
  gunzipSync(readFileSync(`${folder}/${name}.jsonl.gz`))
    .toString('utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

/** @file Rules that only the words of a prompt state: labels that no training row has, renamed labels, a changed policy. */
import { readFileSync } from 'node:fs';
import { makeRow, type Row } from '../../src/data/dataset.ts';
import { limitRows } from '../../src/data/split.ts';
import { calibrationRows } from '../../src/evaluate/calibration.ts';
import { makeEvaluator } from '../../src/evaluate/evaluator.ts';
import type { Task } from '../../src/evaluate/evaluation.ts';
import { instructionOf, withInstruction } from '../../src/prompt/instruction.ts';
import type { Prompt } from '../../src/prompt/prompt.ts';
import { textIn } from '../../src/prompt/values.ts';
import { digitsOf, type BeforeAfter, type EvidenceCase, type Outcome } from './evidenceRun.ts';
import { drawRows, longPrompt, testRows, type OpenTask } from './evidenceTasks.ts';

export interface TaskRules {
  /** What the prompt calls the answer. */
  readonly answer: string;
  /** Labels that the prompt lists and no training row has. */
  readonly unseen: readonly string[];
  /** Old name to new. */
  readonly renamed: Readonly<Record<string, string>>;
  /** From now on, what was answered with one label is answered with another. */
  readonly policy: { readonly from: string; readonly to: string; readonly sentence: string };
}

/** Digits of the test rows that a rule is about: with the untuned model under the author's prompt, and with the final state. */
export type Rules = Readonly<Record<string, { readonly before: string; readonly after: string }>>;

/** The path is relative to the folder in which `npm run bench` runs. */
export function rulesOf(task: string): TaskRules {
  const all = JSON.parse(readFileSync('bench/prompts/rules.json', 'utf8')) as Record<string, TaskRules>;
  if (!Object.hasOwn(all, task)) throw new Error(`There are no rules of ${task}. Choose from ${Object.keys(all).join(', ')}.`);
  return all[task];
}

const unseenSuffix = ', unseen labels';

/** Two trainings per task: one without the rows of some labels, and one with all rows, whose prompt changes afterwards. */
export function ruleCases(
  open: OpenTask,
  { size, seed, testRows: count }: { size: number; seed: number; testRows: number },
): EvidenceCase[] {
  const { name, task, pool, held } = open;
  const { unseen, policy } = rulesOf(name);
  const isUnseen = (row: Row): boolean => unseen.includes(textIn(row.values, task.output));
  const known = pool.filter((row) => !isUnseen(row));
  const given = { task, prompt: longPrompt(name) };
  return [
    { ...given, name: name + unseenSuffix, test: limitRows(held.filter(isUnseen), count, 0), ...drawRows(known, size, seed) },
    {
      ...{ ...given, name, test: testRows(open, count), ...drawRows(pool, size, seed) },
      further: limitRows(
        held.filter((row) => textIn(row.values, task.output) === policy.from),
        count,
        0,
      ),
    },
  ];
}

/** What a run is worth after the rules have changed. Nothing is measured for unseen labels, because the test rows already show it. */
export async function measureRules({ model, given, final }: Outcome): Promise<Rules> {
  if (given.name.endsWith(unseenSuffix)) return {};
  const { renamed, policy, answer } = rulesOf(given.name);
  const { output } = given.task;
  const measure = async (
    task: Task,
    rows: readonly Row[],
    change: (prompt: Prompt) => Prompt,
  ): Promise<Record<keyof BeforeAfter, string>> => {
    const evaluator = makeEvaluator({ model, task, calibrationRows: calibrationRows(given.val, given.train) });
    const before = await evaluator.evaluate({ prompt: change(given.prompt) }, rows);
    return { before: digitsOf(before), after: digitsOf(await evaluator.evaluate({ ...final, prompt: change(final.prompt) }, rows)) };
  };
  const relabelled = (rows: readonly Row[], names: Readonly<Record<string, string>>): Row[] =>
    rows.map(({ values, line }) => makeRow({ ...values, [output]: newName(names, textIn(values, output)) }, line));
  const task: Task = { ...given.task, labels: given.task.labels!.map((label) => newName(renamed, label)).sort() };
  return {
    'renamed labels': await measure(task, relabelled(given.test, renamed), (prompt) => withNames(prompt, renamed, answer)),
    'changed policy': await measure(given.task, relabelled(given.further ?? [], { [policy.from]: policy.to }), (prompt) =>
      withSentence(prompt, policy.sentence),
    ),
  };
}

const newName = (names: Readonly<Record<string, string>>, name: string): string => (Object.hasOwn(names, name) ? names[name] : name);

/** Adds the sentence as the last line of the instruction, where a person in a hurry would put it. */
export function withSentence(prompt: Prompt, sentence: string): Prompt {
  const instruction = instructionOf(prompt.body);
  return withInstruction(prompt, instruction ? `${instruction}\n${sentence}` : sentence);
}

/**
 * Renames the labels where the prompt uses them as labels: in its list, in examples, after "is", "answer", "choose" and the like, in
 * demonstrations. If a new name occurs nowhere afterwards, because tuning removed the list, the author adds all the names again.
 */
export function withNames(prompt: Prompt, names: Readonly<Record<string, string>>, answer: string): Prompt {
  const longestFirst = Object.keys(names).sort((a, b) => b.length - a.length);
  const pattern = new RegExp(`${before}(${longestFirst.map(escaped).join('|')})${after}`, 'gim');
  const spelled = new Map(longestFirst.map((name) => [name.toLowerCase(), names[name]]));
  const body = prompt.body.replace(pattern, (_, lead: string, name: string) => lead + spelled.get(name.toLowerCase())!);
  const demonstrations = prompt.demonstrations.map((demonstration) => ({ ...demonstration, output: newName(names, demonstration.output) }));
  // The words that the model says for a label stay. The label that they stand for has another name.
  const { labelWords } = prompt;
  const words = labelWords && Object.fromEntries(Object.entries(labelWords).map(([label, word]) => [newName(names, label), word]));
  const changed = { ...prompt, body, demonstrations, ...(words && { labelWords: words }) };
  const all = Object.values(names);
  return all.every((name) => body.includes(name)) ? changed : withSentence(changed, `${answer}: one of ${all.join(', ')}.`);
}

/** The start of a line or list item, an answer's field, an arrow, a quotation mark, or a word that an answer follows. */
const before = String.raw`(^[ \t]*(?:[-*]|\d+[.)])?[ \t]*|: |-> |["'\x60]|, |\b(?:is|an?|choose|answer|answers|prefer|to|for|belong to|always an|usually a|count as) )`;
/** What ends a name: punctuation, a dash, or the end of the line, but not the rest of a sentence. */
const after = String.raw`(?=["'\x60]?[ \t]*(?:[:,;.]|- |$))`;

const escaped = (text: string): string => text.replace(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);

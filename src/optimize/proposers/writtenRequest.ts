/** @file What a writer is asked: the prompt, how it is judged, what the model answered wrong, and what was tried before. */
import type { Task } from '../../evaluate/evaluation.ts';
import { aboutMetric, metrics } from '../../evaluate/metrics/table.ts';
import type { WriterMessage } from '../../model/writer.ts';
import type { Prompt } from '../../prompt/prompt.ts';
import { languageOf } from '../../prompt/languages/table.ts';
import { columnsOf } from '../../prompt/template.ts';
import { textIn, type Values } from '../../prompt/values.ts';
import { instructionParts } from './edit.ts';
import type { RejectedEdit } from './proposer.ts';

/** A row that the model answered wrong. */
export interface Failure {
  readonly values: Values;
  readonly prediction: string;
  /** The right answer. Absent if the row has none. */
  readonly gold?: string;
  /** The metric's feedback on the answer, if there is any. */
  readonly feedback?: string;
}

/** How many rows are shown. */
export const mostFailures = 10;
/** How many earlier edits are shown, the latest first. */
const mostRejected = 12;
/** The most labels that are listed. */
const mostLabels = 60;
/** The most characters of a value, and of an answer. */
const longestValue = 400;
/** The most edits of lines in one answer. */
export const mostEdits = 5;

/** The most characters of a new instruction. */
export const longestInstruction = (old: string): number => Math.max(800, 2 * old.length);

/** The instruction's lines as they are numbered, without blank lines around them. */
export const numberedLines = (prompt: Prompt): string[] => {
  const text = instructionParts(prompt).text.trim();
  return text === '' ? [] : text.split(/\r?\n/);
};

/** What the writer learns about a task. */
export type ToldTask = Pick<Task, 'output' | 'labels'> & { readonly metric: { readonly name: string } };

export function writtenRequest(
  prompt: Prompt,
  task: ToldTask,
  failures: readonly Failure[],
  rejected: readonly RejectedEdit[] = [],
): WriterMessage[] {
  const asked = [
    taskText(prompt, task),
    `An answer is judged by this metric: ${metricText(task.metric.name)}`,
    promptText(prompt),
    failuresText(prompt, task.output, failures),
    ...(rejected.length > 0 ? [rejectedText(rejected)] : []),
    formText(prompt),
  ];
  return [
    { role: 'system', content: role },
    { role: 'user', content: asked.join('\n\n') },
  ];
}

/** The request after an answer that cannot be used. */
export const retryRequest = (asked: readonly WriterMessage[], answer: string, problem: string): WriterMessage[] => [
  ...asked,
  { role: 'assistant', content: answer },
  { role: 'user', content: `This answer cannot be used: ${problem} Answer once more, in one of the two forms.` },
];

const role =
  'You improve the instruction of a prompt for a small language model. ' +
  'The small model reads literally: short and concrete rules help it, long explanations do not.';

function taskText(prompt: Prompt, { output, labels }: Pick<Task, 'output' | 'labels'>): string {
  const inputs = columnsOf(prompt).filter((name) => name !== output);
  const listed = labels && labels.length > mostLabels ? `${labels.slice(0, mostLabels).join(', ')}, and others` : labels?.join(', ');
  return [
    `The task: the small model reads ${inputs.join(', ') || 'the prompt'} and gives ${output}.`,
    ...(listed === undefined ? [] : [`It has to choose one of: ${listed}.`]),
  ].join('\n');
}

function metricText(name: string): string {
  const base = /^[\w-]+/.exec(name)?.[0] ?? name;
  return metrics.has(base) ? `${name}. ${aboutMetric(base)}` : `${name}.`;
}

function promptText(prompt: Prompt): string {
  const { before, text, rest } = instructionParts(prompt);
  const lines = numberedLines(prompt).map((line, place) => `${place + 1}: ${line}`);
  const example = columnsOf(prompt).at(0);
  const stands = example === undefined ? '' : ` ${languageOf(prompt).write(example)} stands for a value of the row.`;
  const shown = prompt.demonstrations.length;
  const demonstrations = shown > 0 ? ` {{demos}} stands for ${shown} solved ${shown === 1 ? 'row' : 'rows'}.` : '';
  return [
    `This is the prompt.${stands}${demonstrations} You may change what stands between <instruction> and </instruction>, and nothing else. The numbers of its lines are not a part of it.`,
    [before.trimEnd(), '<instruction>', ...(text.trim() === '' ? [] : lines), '</instruction>', rest.trim()]
      .filter((part) => part !== '')
      .join('\n'),
  ].join('\n\n');
}

function failuresText(prompt: Prompt, output: string, failures: readonly Failure[]): string {
  const columns = columnsOf(prompt).filter((name) => name !== output);
  const items = failures.map(({ values, prediction, gold, feedback }, place) =>
    [
      `Row ${place + 1}`,
      ...columns.map((name) => `${name}: ${cut(textIn(values, name))}`),
      `the model's answer: ${cut(prediction)}`,
      ...(gold === undefined ? [] : [`the right answer: ${cut(gold)}`]),
      ...(feedback === undefined ? [] : [`feedback: ${cut(feedback)}`]),
    ].join('\n'),
  );
  return [`The small model answered these rows wrong:`, ...items].join('\n\n');
}

const rejectedText = (rejected: readonly RejectedEdit[]): string =>
  [
    'These changes were tried and not kept. Propose others:',
    ...rejected.slice(0, mostRejected).map(({ reason, because }) => `- ${cut(oneLine(reason))} (${cut(oneLine(because))})`),
  ].join('\n');

function formText(prompt: Prompt): string {
  const old = instructionParts(prompt).text;
  const variables = columnsOf({ ...prompt, body: old });
  const kept = variables.map((name) => languageOf(prompt).write(name)).join(', ');
  return [
    'Write a better instruction.',
    '- Say what the wrong answers have in common and how to decide. Do not copy rows.',
    '- Rules that say the same become one.',
    `- At most ${longestInstruction(old)} characters.`,
    ...(variables.length > 0 ? [`- Keep ${kept} as it stands.`] : []),
    '',
    'Begin with one line that says what you change and why, in at most 15 words:',
    '<why>…</why>',
    'Then give the whole new instruction:',
    '<instruction>\n…\n</instruction>',
    `Or, instead of the whole, at most ${mostEdits} edits of its lines as JSON:`,
    '<edits>[{"replace": 2, "with": "new text"}, {"delete": 4}, {"after": 3, "add": "a new line"}]</edits>',
    'Write nothing else.',
  ].join('\n');
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();
const cut = (text: string): string => (text.length > longestValue ? `${text.slice(0, longestValue - 1)}…` : text);

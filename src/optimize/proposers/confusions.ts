/** @file Confusions: a sentence for the pair of labels that costs most, built from the words that distinguish their rows. */
import type { Row } from '../../data/dataset.ts';
import { limitRows } from '../../data/split.ts';
import type { RowResult } from '../../evaluate/evaluation.ts';
import { wordsFor } from '../../prompt/labelWords.ts';
import type { Prompt } from '../../prompt/prompt.ts';
import { columnsOf, variablesOf } from '../../prompt/template.ts';
import { textIn } from '../../prompt/values.ts';
import { contrastiveWords, wordCounts } from './contrastiveWords.ts';
import { instructionParts } from './edit.ts';
import { newOnes, type Proposal, type Proposer } from './proposer.ts';

/** How many rows are answered to find the pairs. */
const sampled = 64;
/** The most words that a sentence names. */
const mostWords = 3;

export interface Confusion {
  readonly gold: string;
  readonly answered: string;
  readonly rows: number;
  /** The total probability of the right label that these rows lack. */
  readonly lost: number;
}

/** The most costly pair comes first. Cf. the confidence adapter of GEPA. */
export const confusionSentences: Proposer = {
  name: 'confusions',
  async propose({ prompt, adapter, evaluator, trainset, random, count }) {
    const { labels, output } = evaluator.task;
    const columns = columnsOf(prompt).filter((name) => name !== output);
    if (!labels || columns.length === 0 || !readsEnglish(instructionParts(prompt).text)) return [];
    const sample = limitRows(trainset, sampled, random.integer(2 ** 31), { balance: output });
    if (sample.length === 0) return [];
    const { rows } = await evaluator.evaluate({ prompt, ...(adapter && { adapter }) }, sample);
    const rules = confusionsOf(rows, labels).flatMap((confusion) => ruleFor(prompt, confusion, { trainset, columns, output }) ?? []);
    const single = rules.map((rule) => [rule]);
    const together = rules.length > 1 ? [rules.slice(0, 2)] : [];
    const proposals = [...single.slice(0, 1), ...together, ...single.slice(1)].map((chosen): Proposal => {
      const pairs = chosen.map(({ gold, answered, rows }) => `"${gold}" answered "${answered}" in ${counted(rows)}`);
      return { prompt: withSentences(prompt, chosen), reason: `a rule for labels that are confused: ${pairs.join(', ')}` };
    });
    return newOnes(prompt, proposals, count);
  },
};

/** Pairs of a right label and a label that was answered instead, sorted by what their rows lose. */
export function confusionsOf(results: readonly RowResult[], labels: readonly string[]): Confusion[] {
  const found = new Map<string, Confusion>();
  for (const { gold, prediction: answered, logShare } of results) {
    const label = gold?.trim();
    if (label === undefined || label === answered || !labels.includes(label)) continue;
    const key = JSON.stringify([label, answered]);
    const { rows, lost } = found.get(key) ?? { rows: 0, lost: 0 };
    found.set(key, { gold: label, answered, rows: rows + 1, lost: lost + 1 - Math.exp(logShare ?? -Infinity) });
  }
  return [...found.values()].sort((a, b) => b.lost - a.lost || (a.gold + a.answered < b.gold + b.answered ? -1 : 1));
}

interface Rule extends Confusion {
  readonly sentence: string;
}

interface Data {
  readonly trainset: readonly Row[];
  readonly columns: readonly string[];
  readonly output: string;
}

/** Undefined if no word distinguishes the two, or the prompt already says something about the pair. */
function ruleFor(prompt: Prompt, confusion: Confusion, { trainset, columns, output }: Data): Rule | undefined {
  const { gold, answered } = confusion;
  const rowsOf = (label: string): Row[] => trainset.filter(({ values }) => textIn(values, output).trim() === label);
  const [right, wrong, all] = [rowsOf(gold), rowsOf(answered), trainset].map((rows) => wordCounts(rows, columns));
  const words = contrastiveWords(right, wrong, all)
    .slice(0, mostWords)
    .map(({ word }) => word);
  const called = [gold, answered].map((label) => wordsFor(prompt, label));
  // A label that a template would parse as its own syntax must not be inserted.
  if (words.length === 0 || called.some((label) => /[{}\r\n]/.test(label))) return undefined;
  const { text } = instructionParts(prompt);
  const [name, other] = called.map((label) => quotedAs(text, label));
  const start = `Answer ${name}, not ${other}, when the ${thingOf(columns)} `;
  return text.includes(start) ? undefined : { ...confusion, sentence: `${start}mentions ${alternatives(words)}.` };
}

/** In the same quotes as in the prompt, or else plain ones. */
function quotedAs(text: string, label: string): string {
  const quotes = ['``', '""', "''", '“”', '‘’', '«»', '**'].find(([open, close]) => text.includes(`${open}${label}${close}`)) ?? '""';
  return `${quotes[0]}${label}${quotes[1]}`;
}

/** What a person would call the prompt's input. */
const thingOf = (columns: readonly string[]): string => (columns.length === 1 ? columns[0].replaceAll(/[_-]/g, ' ') : 'input');

const alternatives = (words: readonly string[]): string => {
  const quoted = words.map((word) => `"${word}"`);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted[quoted.length - 1]}`;
};

/** After the instruction: at the end of its last paragraph, or on a separate line after a list or a line that leads to the row. */
function withSentences(prompt: Prompt, rules: readonly Rule[]): Prompt {
  const { before, text, rest } = instructionParts(prompt);
  const sentences = rules.map(({ sentence }) => sentence);
  const newline = /\r?\n/.exec(prompt.body)?.[0] ?? '\n';
  const written = text.trimEnd();
  if (written.trim() === '') return { ...prompt, body: `${before}${sentences.join(' ')}${newline}${newline}${text}${rest}` };
  const tail = text.slice(written.length);
  const lastLine = written.slice(written.lastIndexOf('\n') + 1);
  const isRule = /^\s*(?:[-*]|\d+[.)])\s+(?:.*\s)?(?:answer|if|when|never|always|do not|don't|use|choose)\b/i.test(lastLine);
  if (isRule) {
    const bullet = /^\s*[-*]\s+/.exec(lastLine)?.[0];
    return { ...prompt, body: before + written + sentences.map((each) => newline + (bullet ?? '') + each).join('') + tail + rest };
  }
  const isOpen = /:$/.test(written) || isLabelLine(lastLine);
  const apart = isOpen ? newline + newline : variablesOf({ ...prompt, body: lastLine }).length > 0 ? newline : ' ';
  const stop = apart === ' ' && !/[.!?…"')\]]$/.test(written) ? '.' : '';
  return { ...prompt, body: before + written + stop + apart + sentences.join(' ') + tail + rest };
}

/** `- label: what it is`, or any other item of a list or table. */
const isLabelLine = (line: string): boolean => /^\s*(?:[-*|]|\d+[.)])\s*\S/.test(line) || /^\s*[\w-]+:\s/.test(line);

/** A prompt of two words may be in any language. A longer one has some of these if it is English. */
function readsEnglish(text: string): boolean {
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? [];
  return (
    words.length < 4 || words.some((word) => ['the', 'of', 'is', 'to', 'and', 'in', 'for', 'this', 'its', 'one', 'with'].includes(word))
  );
}

const counted = (rows: number): string => `${rows} ${rows === 1 ? 'row' : 'rows'}`;

/**
 * @file Label words: what the model is asked to say for a label whose name it finds hard. Verbalizers, Schick and Schütze 2021; chosen by the
 * likelihood of training answers.
 */
import type { Row } from '../../data/dataset.ts';
import { limitRows } from '../../data/split.ts';
import { withLabelWords, wordsFor } from '../../prompt/labelWords.ts';
import type { Prompt, LabelWords } from '../../prompt/prompt.ts';
import { columnsOf, fixedSpans } from '../../prompt/template.ts';
import { textIn } from '../../prompt/values.ts';
import { pulse } from '../../pulse.ts';
import { contrastiveWords, wordCounts } from './contrastiveWords.ts';
import { instructionParts } from './edit.ts';
import { chooseWords, type Choice } from './chooseWords.ts';
import { newOnes, type Proposal, type Proposer } from './proposer.ts';

/** How many rows with right answers decide. */
const sampled = 64;
/** The most words that are scored in total: a few for each label, or none if there are very many labels. */
const mostScored = 320;
const mostOfLabel = 8;

export const labelWordChoices: Proposer = {
  name: 'label words',
  async propose({ prompt, adapter, evaluator, trainset, random, count }) {
    const { labels, output } = evaluator.task;
    if (!labels || !evaluator.scoreWords) return [];
    const columns = columnsOf(prompt).filter((name) => name !== output);
    const candidates = candidatesOf(prompt, labels, { trainset, columns, output });
    const words = [...new Set(candidates.flat())];
    const known = trainset.filter(({ values }) => labels.includes(textIn(values, output).trim()));
    const sample = limitRows(known, sampled, random.integer(2 ** 31), { balance: output });
    if (words.length === labels.length || sample.length === 0) return [];
    const { scores } = await evaluator.scoreWords({ prompt, ...(adapter && { adapter }) }, sample, words);
    pulse();
    const rows = sample.map(({ values }, place) => ({
      gold: labels.indexOf(textIn(values, output).trim()),
      scores: scores[place],
    }));
    const places = candidates.map((own) => own.map((word) => words.indexOf(word)));
    const { single, joint } = chooseWords(rows, places);
    const proposalOf = (choice: Choice, how: string): Proposal[] => {
      const chosen = Object.fromEntries(labels.map((label, at) => [label, words[choice.words[at]]]));
      const changed = labels.filter((label) => chosen[label] !== wordsFor(prompt, label));
      if (changed.length === 0) return [];
      const told = changed.slice(0, 3).map((label) => `"${chosen[label]}" for "${label}"`);
      const more = changed.length > 3 ? ` and ${changed.length - 3} more` : '';
      return [{ prompt: spokenAs(prompt, labels, chosen), reason: `${how}: ${told.join(', ')}${more}` }];
    };
    const readable = { words: labels.map((label) => words.indexOf(readableName(label))) };
    const plain = new Set(readable.words).size === labels.length && !readable.words.includes(-1) ? [readable] : [];
    return newOnes(
      prompt,
      [
        ...joint.flatMap((choice) => proposalOf(choice, 'words that are easier for the model')),
        ...single.flatMap((choice) => proposalOf(choice, 'a word that is easier for the model')),
        ...plain.flatMap((choice) => proposalOf(choice, 'label names as people write them')),
      ],
      count,
    );
  },
};

interface Data {
  readonly trainset: readonly Row[];
  readonly columns: readonly string[];
  readonly output: string;
}

/** For each label its current words, and then what might replace them. Nothing that is the name of another label. */
function candidatesOf(prompt: Prompt, labels: readonly string[], { trainset, columns, output }: Data): string[][] {
  const most = Math.min(mostOfLabel, Math.floor(mostScored / labels.length));
  const names = new Set(labels.map((label) => label.toLowerCase()));
  const all = wordCounts(trainset, columns);
  const found = labels.map((label) => {
    const isOf = ({ values }: Row): boolean => textIn(values, output).trim() === label;
    const [own, others] = [trainset.filter(isOf), trainset.filter((row) => !isOf(row))].map((rows) => wordCounts(rows, columns));
    const fromRows = contrastiveWords(own, others, all).slice(0, 3);
    const variants = [...nameVariants(label), ...fromRows.map(({ word }) => word)];
    const free = variants.filter((word) => word.toLowerCase() === label.toLowerCase() || !names.has(word.toLowerCase()));
    return [...new Set([wordsFor(prompt, label), ...free])].slice(0, Math.max(1, most));
  });
  // A word that several labels could have identifies none of them.
  const keys = (own: readonly string[]): string[] => [...new Set(own.map((word) => word.toLowerCase()))];
  const shared = new Map<string, number>();
  for (const key of found.flatMap(keys)) shared.set(key, (shared.get(key) ?? 0) + 1);
  return found.map(([now, ...others]) => [now, ...others.filter((word) => shared.get(word.toLowerCase()) === 1)]);
}

/** `cardArrivals_2` as people write it: `card arrivals 2`. */
export const readableName = (label: string): string =>
  label
    .replaceAll(/(?<=\p{Ll})(?=\p{Lu})/gu, ' ')
    .replaceAll(/[_\-./]+/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .toLowerCase();

/** The label itself in other forms, the closest first. */
export function nameVariants(label: string): string[] {
  const plain = readableName(label);
  const words = plain.split(' ');
  const singular = plain.replace(/(?<=\p{L}{2,}[^suai\P{L}])s$/u, '');
  const capital = plain.charAt(0).toUpperCase() + plain.slice(1);
  const ends = words.length > 1 ? [words[words.length - 1], words[0]] : [];
  return [...new Set([label, plain, capital, singular, ...ends])].filter((word) => /[\p{L}\p{N}]/u.test(word));
}

/** The prompt with these words, also where its instruction names a label. */
function spokenAs(prompt: Prompt, labels: readonly string[], words: LabelWords): Prompt {
  const { before, text, rest } = instructionParts(prompt);
  const now = labels.map((label) => [wordsFor(prompt, label), words[label]] as const).filter(([old, fresh]) => old !== fresh);
  // Longer names come first, because one may be a part of another.
  const swaps = new Map(now.sort(([a], [b]) => b.length - a.length));
  const escaped = [...swaps.keys()].map((word) => word.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  const next = withLabelWords(prompt, labels, words);
  if (escaped.length === 0) return next;
  const mention = new RegExp(`(?<![\\p{L}\\p{N}_-])(?:${escaped.join('|')})(?![\\p{L}\\p{N}_-])`, 'gu');
  const fixed = fixedSpans({ ...prompt, body: text });
  const isFree = (at: number): boolean => !fixed.some(({ start, end }) => at >= start && at < end);
  const named = text.replaceAll(mention, (word, at: number) => (isFree(at) && isMention(text, word, at) ? swaps.get(word)! : word));
  return { ...next, body: before + named + rest };
}

/**
 * A label that is an English word counts as a mention if it is quoted, heads an item of a list, or is listed between commas. Any other label counts
 * everywhere.
 */
function isMention(text: string, word: string, at: number): boolean {
  if (/[\p{L}\p{N}][_-][\p{L}\p{N}]|\p{Ll}\p{Lu}/u.test(word)) return true;
  const [before, after] = [text.slice(0, at), text.slice(at + word.length)];
  const isQuoted = /["'`“‘*]$/.test(before) && /^["'`”’*]/.test(after);
  const isItem = /(?:^|\n)\s*(?:[-*]|\d+[.)])\s+$/.test(before) && /^\s*(?:[:–—(-]|\n|$)/.test(after);
  const isListed = /(?:[:,]|\bor|\band)\s+$/.test(before) && /^\s*(?:[,.;?]|or\b|and\b|$)/.test(after);
  return isQuoted || isItem || isListed;
}

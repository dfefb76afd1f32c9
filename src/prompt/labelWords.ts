/** @file The words that the model uses for a label. Data, metric and people use the label. Only the model reads and writes its words. */
import type { Demonstration, LabelWords, Prompt } from './prompt.ts';

type Speaker = Pick<Prompt, 'labelWords'>;

/** The words for an answer, or the answer itself if the prompt has none for it. */
export function wordsFor({ labelWords }: Speaker, answer: string): string {
  const label = answer.trim();
  return labelWords && Object.hasOwn(labelWords, label) ? labelWords[label] : answer;
}

/** Only the words that differ from their labels. Undefined if none do. */
export function ownWords({ labelWords = {} }: Speaker): LabelWords | undefined {
  const entries = Object.entries(labelWords).filter(([label, words]) => label !== words);
  return entries.length > 0 ? Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))) : undefined;
}

/** The prompt with these words for the labels instead of its own. Every other label is its own words. */
export function withLabelWords({ labelWords: _, ...prompt }: Prompt, labels: readonly string[], words: LabelWords): Prompt {
  const all = Object.fromEntries(labels.map((label) => [label, wordsFor({ labelWords: words }, label)]));
  return ownWords({ labelWords: all }) ? { ...prompt, labelWords: all } : prompt;
}

/** The demonstration as the model reads it. */
export const spoken = (prompt: Speaker, { inputs, output }: Demonstration): Demonstration => ({ inputs, output: wordsFor(prompt, output) });

/** @file What a model is asked, as a text to look at. */
import { basename } from 'node:path';
import type { Rendered } from '../../run/render.ts';
import { splitWords } from '../../run/spec.ts';

/** A line that says of which row and how long it is; then what the model reads, to the letter; of a program each step under its name. */
export function renderedText({ model, split, row, rows, file, line, steps }: Rendered): string {
  const tokens = steps.reduce((sum, step) => sum + step.tokens, 0);
  const facts = [
    `${splitWords[split]} row ${row} of ${rows}`,
    `${basename(file)}:${line}`,
    model,
    `${tokens} token${tokens === 1 ? '' : 's'}`,
  ];
  const [only, ...others] = steps;
  const texts =
    others.length === 0 ? [only.text] : steps.map(({ prompt, output, text }) => `${rule(`${basename(prompt)} → ${output}`)}\n${text}`);
  return [rule(facts.join(' · ')), ...texts, ''].join('\n');
}

const rule = (text: string): string => `─── ${text} ───`;

/** @file What a model is asked, as a text to look at. */
import { basename } from 'node:path';
import type { Rendered } from '../../run/render.ts';
import { splitWords } from '../../run/spec.ts';

/** Two lines that say of which row it is and how long; then what the model reads, to the letter; of a program each step under its name. */
export function renderedText({ model, split, row, rows, file, line, steps }: Rendered): string {
  const tokens = steps.reduce((sum, step) => sum + step.tokens, 0);
  const about = [
    rule(`${splitWords[split]} row ${row} of ${rows} · ${tokens} token${tokens === 1 ? '' : 's'}`),
    rule(`${basename(file)}:${line} · ${model}`),
  ];
  const texts = steps.map(({ prompt, output, text }) =>
    steps.length === 1 ? text : `${rule(`${basename(prompt)} → ${output}`)}\n${text}`,
  );
  return [...about, ...texts, ''].join('\n');
}

const rule = (text: string): string => `─── ${text} ───`;

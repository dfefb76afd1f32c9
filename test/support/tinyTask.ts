/** @file A task that the tiny model of the fixtures can improve, for tests that perform a real run in a second or two. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tinyModel } from './paths.ts';

/** Writes `kind.prompt.md` and its 90 rows, `rows.jsonl`: whether a word is a colour or an animal, which the rows make clear. */
export function writeTinyTask(folder: string): void {
  const words = ['red', 'green', 'blue', 'cat', 'dog', 'cow'];
  const rows = Array.from({ length: 90 }, (_, i) => {
    const word = words[i % words.length];
    return JSON.stringify({ text: `${word} number ${i}`, kind: words.indexOf(word) < 3 ? 'colour' : 'animal' });
  });
  writeFileSync(join(folder, 'rows.jsonl'), rows.join('\n') + '\n');
  writeFileSync(
    join(folder, 'kind.prompt.md'),
    `---
tandem:
  data: rows.jsonl
  output: kind
  labels: from-data
  model: ${tinyModel}
---
Say what it is.

Text: \${input:text}
Kind:
`,
  );
}

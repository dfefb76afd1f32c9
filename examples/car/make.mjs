/** @file Makes data/{train,val,test}.jsonl: what drivers ask their car, six intents of clinc150. Run: node examples/car/make.mjs [folder with clinc150.train.jsonl and clinc150.test.jsonl] */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const seed = 3;
const folder = process.argv[2] ?? join(import.meta.dirname, '../../../shared/data');
const intents = ['gas', 'gas type', 'mpg', 'oil change when', 'schedule maintenance', 'tire pressure'];

const place = (text) => createHash('sha256').update(`${seed}\u0000${text}`).digest('hex');
const byPlace = (a, b) => (place(a.request) < place(b.request) ? -1 : 1);

/** @param {'train' | 'test'} split @returns the rows of each intent, in an order by hash */
function requestsOf(split) {
  const rows = readFileSync(join(folder, `clinc150.${split}.jsonl`), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .map(({ utterance, intent }) => ({ request: utterance.replace(/\s+/g, ' ').trim(), intent }));
  return intents.map((intent) => rows.filter((row) => row.intent === intent).sort(byPlace));
}

/** @param {string} name @param {{ request: string, intent: string }[]} rows */
function write(name, rows) {
  const lines = rows.sort(byPlace).map((row) => JSON.stringify(row) + '\n');
  writeFileSync(new URL(`data/${name}.jsonl`, import.meta.url), lines.join(''));
}

const known = requestsOf('train');
write(
  'train',
  known.flatMap((rows) => rows.slice(0, 2)),
);
write(
  'val',
  known.flatMap((rows) => rows.slice(2, 4)),
);
write(
  'test',
  requestsOf('test').flatMap((rows) => rows.slice(0, 20)),
);

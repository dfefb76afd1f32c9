/** @file Messages from banking77 for the examples: ten everyday intents with forty messages each, ordered by hash. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

const seed = 7;
const perIntent = 40;

/** Everyday intents, some of which are easy to confuse. */
const intents = [
  'card arrival',
  'card not working',
  'lost or stolen card',
  'change pin',
  'exchange rate',
  'declined card payment',
  'transaction charged twice',
  'request refund',
  'failed transfer',
  'terminate account',
];

const place = (text) => createHash('sha256').update(`${seed}\u0000${text}`).digest('hex');
const byPlace = (a, b) => (place(a.message) < place(b.message) ? -1 : 1);

/**
 * Writes messages.jsonl, the same each time.
 * @param {URL} to
 * @param {{ skip?: number, answers?: boolean, source?: string | URL }} options how many messages of each intent to leave for another example;
 *   whether to write the intents; the file banking77.train.jsonl
 */
export function writeMessages(to, { skip = 0, answers = true, source = new URL('../../shared/data/banking77.train.jsonl', import.meta.url) } = {}) {
  const messages = readFileSync(source, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .map(({ query, intent }) => ({ message: query.replace(/\s+/g, ' ').trim(), intent }));
  const distinct = [...new Map(messages.map((row) => [row.message.toLowerCase(), row])).values()];
  const rows = intents.flatMap((intent) =>
    distinct
      .filter((row) => row.intent === intent)
      .sort(byPlace)
      .slice(skip, skip + perIntent),
  );
  if (rows.length !== intents.length * perIntent) throw new Error(`Only ${rows.length} rows: is the source complete?`);
  const lines = rows.sort(byPlace).map(({ message, intent }) => JSON.stringify(answers ? { message, intent } : { message }) + '\n');
  writeFileSync(to, lines.join(''));
}

/** @file Makes data/sentences.jsonl: 400 sentences with a date in words, and the date as ISO 8601 writes it. Run: node examples/dates/make.mjs */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';

const seed = 11;
const count = 400;

const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

const sentences = [
  'The meeting was moved to {date}.',
  'She was born on {date} in Leeds.',
  'Your parcel left our warehouse on {date}.',
  'Please pay the invoice by {date}.',
  'The shop has been closed since {date}.',
  'On {date} the new bridge was opened.',
  'He signed the lease on {date} and moved in a week later.',
  'Tickets are on sale until {date}.',
  'The letter is dated {date}.',
  'We met for the first time on {date}.',
  'My passport expires on {date}, can I still travel?',
  'The warranty ends on {date}.',
];

const ordinal = (day) => `${day}${{ 1: 'st', 2: 'nd', 3: 'rd' }[day % 10 === day || day > 20 ? day % 10 : 0] ?? 'th'}`;

const forms = [
  (day, month, year) => `${day} ${month} ${year}`,
  (day, month, year) => `${month} ${day}, ${year}`,
  (day, month, year) => `${ordinal(day)} of ${month} ${year}`,
  (day, month, year) => `${month} ${ordinal(day)}, ${year}`,
  (day, month, year) => `${day} ${month.slice(0, 3)} ${year}`,
];

/** The n-th number that the seed gives, below `end`. */
let drawn = 0;
const integer = (end) => createHash('sha256').update(`${seed} ${drawn++}`).digest().readUInt32LE(0) % end;
const two = (number) => String(number).padStart(2, '0');

const rows = new Map();
while (rows.size < count) {
  const [day, month, year] = [1 + integer(28), integer(12), 1950 + integer(80)];
  const written = forms[integer(forms.length)](day, months[month], year);
  const sentence = sentences[integer(sentences.length)].replace('{date}', written);
  rows.set(sentence, { sentence, date: `${year}-${two(month + 1)}-${two(day)}` });
}
writeFileSync(new URL('data/sentences.jsonl', import.meta.url), [...rows.values()].map((row) => JSON.stringify(row) + '\n').join(''));

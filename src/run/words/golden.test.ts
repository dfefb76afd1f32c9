/**
 * @file All that a real run says in the terminal and in its report, compared with files in `golden/`. After a change of words, look at what
 * `npx vitest run --project unit src/run/words -u` changes in them.
 */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { apply } from '../record/fold.ts';
import { readJournal } from '../record/journal.ts';
import { initialState } from '../record/state.ts';
import { eventText } from './eventText.ts';
import { reportOf } from './report.ts';

const journal = readJournal(join(import.meta.dirname, '..', '..', '..', 'webview', 'fixtures', 'run.jsonl'));

test('the terminal', async () => {
  let state = initialState;
  const said = journal.map((line) => eventText(line, (state = apply(state, line))));
  await expect(said.filter((text) => text !== undefined).join('\n')).toMatchFileSnapshot('golden/terminal.txt');
});

test('the report', async () => {
  await expect(reportOf(journal.reduce(apply, initialState))).toMatchFileSnapshot('golden/report.txt');
});

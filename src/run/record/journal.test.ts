/** @file The journal keeps what was appended, tolerates a torn end, and refuses unknown content. */
import { buildSync } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { JournalLine } from './events.ts';
import { openJournal, readJournal, readJournalInStretches, readLastLine, truncateJournal } from './journal.ts';

const temporary = mkdtempSync(join(tmpdir(), 'tandem-journal-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const write = (name: string, messages: readonly string[]): string => {
  const file = join(temporary, name);
  const journal = openJournal(file, readJournal(file));
  for (const message of messages) journal.append({ type: 'noticed', message });
  journal.close();
  return file;
};
const messages = (lines: readonly JournalLine[]): string[] => lines.map((line) => (line.type === 'noticed' ? line.message : line.type));

test('lines come back in order, and a reopened journal continues their numbers and clock', () => {
  const file = write('order', ['a', 'zwei\n"Zeilen"', '三']);
  write('order', ['d']);
  const lines = readJournal(file);
  expect(messages(lines)).toEqual(['a', 'zwei\n"Zeilen"', '三', 'd']);
  expect(lines.map(({ seq }) => seq)).toEqual([0, 1, 2, 3]);
  expect(lines.map(({ at }) => at)).toEqual(lines.map(({ at }) => at).toSorted((a, b) => a - b));
});

test('a torn last line is not read, even if it happens to be valid JSON', () => {
  const file = write('torn', ['a']);
  const whole = readFileSync(file, 'utf8').trimEnd().replace('"seq":0', '"seq":1');
  for (const end of [whole, whole.slice(0, 20)]) {
    appendFileSync(file, end);
    expect(messages(readJournal(file))).toEqual(['a']);
    expect(truncateJournal(file, 9)).toHaveLength(1);
  }
  expect(messages(readJournal(write('torn', ['b'])))).toEqual(['a', 'b']);
});

test('truncating keeps the first lines, byte for byte', () => {
  const file = write('cut', ['ä', 'b', 'c']);
  const before = readFileSync(file, 'utf8').split('\n');
  expect(messages(truncateJournal(file, 2))).toEqual(['ä', 'b']);
  expect(readFileSync(file, 'utf8')).toBe(before.slice(0, 2).join('\n') + '\n');
});

test.each([
  ['of a newer version', '{"version":3,"seq":0,"at":0,"type":"noticed"}\n', 'newer-version'],
  ['without a version', '{"seq":0}\n', 'bad-file'],
  ['that is not JSON', 'null,\n', 'bad-journal'],
  ['out of order', '{"version":2,"seq":4,"at":0,"type":"noticed"}\n', 'bad-journal'],
])('a line %s is refused with its place', (name, text, reason) => {
  const file = join(temporary, name);
  writeFileSync(file, text);
  expect(() => readJournal(file)).toThrow(expect.objectContaining({ reason, where: { file, line: 1 } }) as Error);
});

test('an editor reads the same lines in chunks, and ignores an incomplete last one', async () => {
  const file = write('stretches', ['a', 'b', 'c', 'd', 'e']);
  appendFileSync(file, '{"version":1,"seq":5');
  const stretches: string[][] = [];
  for await (const lines of readJournalInStretches(file, 2)) stretches.push(messages(lines));
  expect(stretches).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  expect(await readLastLine(file)).toEqual(readJournal(file).at(-1));
  expect(await readLastLine(join(temporary, 'none'))).toBeUndefined();
});

test.skipIf(process.platform === 'win32')(
  'a line that the disk has no room for leaves nothing of it, and what comes later is whole',
  () => {
    // Node reports the limit as an error, not as a signal. The limit applies to the child only.
    const file = join(temporary, 'full');
    const text = (name: string): string => JSON.stringify(join(import.meta.dirname, name));
    const script = `
    import { openJournal, readJournal } from ${text('journal.ts')};
    const journal = openJournal(process.argv[2], []);
    let failed = 0;
    for (let i = 0; i < 200; i++) try { journal.append({ type: 'noticed', message: 'x'.repeat(90 + i) }); } catch (error) { failed++; if (error.code !== 'EFBIG') throw error; }
    journal.close();
    console.log(failed, readJournal(process.argv[2]).length);`;
    const bundle = join(temporary, 'full.mjs');
    buildSync({
      stdin: { contents: script, resolveDir: import.meta.dirname, loader: 'ts' },
      outfile: bundle,
      bundle: true,
      platform: 'node',
      format: 'esm',
    });
    const { stdout, stderr } = spawnSync('bash', ['-c', 'ulimit -f 8; exec "$0" "$1" "$2"', process.execPath, bundle, file], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    const [failed, kept] = stdout.trim().split(' ').map(Number);
    expect(failed).toBeGreaterThan(50);
    expect(kept).toBe(200 - failed);
    const journal = openJournal(file, readJournal(file));
    journal.append({ type: 'noticed', message: 'room again' });
    journal.close();
    expect(messages(readJournal(file)).at(-1)).toBe('room again');
  },
);

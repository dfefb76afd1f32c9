/** @file Rejected items are stored with the run. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readRejected, writeRejected } from './decisions.ts';
import { createRun, findRun } from './runDirectory.ts';
import { runDefaults } from '../spec.ts';

const workspace = mkdtempSync(join(tmpdir(), 'tandem-decisions-'));
afterAll(() => rmSync(workspace, { recursive: true, force: true }));
const directory = createRun({ ...runDefaults, prompt: join(workspace, 'a.prompt.md') }, { source: '', data: {} });

test('nothing is rejected at first, then the latest decision counts', () => {
  expect(readRejected(directory)).toEqual([]);
  writeRejected(directory, ['2', 'adapter']);
  expect(readRejected(findRun(workspace, directory.run))).toEqual(['2', 'adapter']);
  writeRejected(directory, []);
  expect(readRejected(directory)).toEqual([]);
});

test('a file of a newer version is refused', () => {
  writeFileSync(directory.decisions, '{"version":2}');
  expect(() => readRejected(directory)).toThrow(expect.objectContaining({ reason: 'newer-version' }) as Error);
});

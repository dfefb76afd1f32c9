/** @file The result of a preflight is kept with the run that followed it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Preflight } from '../../optimize/preflight.ts';
import { runDefaults } from '../spec.ts';
import { readPreflight, writePreflight } from './preflightFile.ts';
import { createRun, findRun } from './runDirectory.ts';

const workspace = mkdtempSync(join(tmpdir(), 'tandem-preflight-'));
afterAll(() => rmSync(workspace, { recursive: true, force: true }));
const directory = createRun({ ...runDefaults, prompt: join(workspace, 'a.prompt.md') }, { source: '', data: {} });

const score = { mean: 0.1, low: -0.1, high: 0.3, rows: 24, probabilityBetter: 0.85 };
const preflight: Preflight = {
  now: { score: { mean: 0.5, low: 0.3, high: 0.7, rows: 24 } },
  targets: [
    { target: 'weights', outlook: 'likely', because: 'the gate would have kept it', tried: 1, score, logLikelihood: score },
    { target: 'prompt', outlook: 'unlikely', because: 'nothing that was tried was ahead', tried: 10, score },
  ],
  tokensUsed: 1200,
};

test('a run without one has none, and a written one is read back', () => {
  expect(readPreflight(directory)).toBeUndefined();
  writePreflight(directory, preflight);
  expect(readPreflight(findRun(workspace, directory.run))).toEqual({ version: 1, ...preflight });
});

test('anything that is not a preflight is refused', () => {
  writeFileSync(directory.preflight, JSON.stringify({ version: 1, ...preflight, targets: [{ target: 'weather' }] }));
  expect(() => readPreflight(directory)).toThrow(expect.objectContaining({ reason: 'bad-file' }) as Error);
});

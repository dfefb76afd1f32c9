/** @file Which lenses stand above a prompt's body. */
import { describe, expect, test } from 'vitest';
import { commandIds } from '../ids.ts';
import { sessionDefaults } from '../../run/spec.ts';
import type { Job } from './job.ts';
import { lensesOf, stepLenses, type Lens, type LensFacts } from './lenses.ts';
import { measured, now } from './measured.fixture.ts';

const facts: LensFacts = {
  target: 'file:///intent.prompt.md',
  path: '/intent.prompt.md',
  stale: false,
  allows: 'everything',
  now,
  offers: () => true,
};
const titles = (more: Partial<LensFacts> = {}): string[] =>
  lensesOf({ ...facts, ...more }).map(({ title }) => title.replace(/^\$\(.*?\) /, ''));

test('a skill offers to tune what can be tuned of it', () => {
  const [, , optimize] = lensesOf({ ...facts, path: '/skills/pdf/SKILL.md' });
  expect(optimize.tooltip).toBe('Tune the description. Nothing is written until you accept it.');
});

test('a prompt that was never measured offers to', () => {
  expect(titles()).toEqual(['Not measured yet', 'Evaluate', 'Optimize']);
});

test('a measured prompt shows its headline, and says when the text is another one by now', () => {
  expect(titles({ measured })[0]).toBe('72% ±6');
  expect(titles({ measured, stale: true })[0]).toBe('72% ±6 · before your edits');
});

test('the details of the number are in the tooltip: rows, interval, model and time', () => {
  const { tooltip } = lensesOf({ ...facts, measured: { ...measured, adapter: '3f2a' } })[0];
  expect(tooltip).toContain('accuracy 72.0% [66.5, 77.1]');
  expect(tooltip).toMatch(/Measured on 120 validation rows with nano and adapter 3f2a, 2026-11-24 /);
  const cuts = [{ by: 'length', answers: 12, of: 120, tokens: 64, outOfReach: 7 }] as const;
  expect(titles({ measured: { ...measured, split: 'test', cuts } })[0]).toBe('72% ±6 · test rows · 12 of 120 answers cut');
});

test('runs are offered to be seen, and reviewed again after everything is decided', () => {
  const of = (open: number): Partial<LensFacts> => ({ measured, latestRun: 'r2', proposed: { run: 'r2', open, of: 3 } });
  expect(titles(of(2)).slice(1)).toEqual(['Evaluate', 'Optimize', 'Review changes', 'Show run']);
  expect(titles(of(0)).slice(1)).toEqual(['Evaluate', 'Optimize', 'Review again', 'Show run']);
  expect(lensesOf({ ...facts, ...of(0) })[3].command).toBe(commandIds.reviewChanges);
});

test('where a run proposes changes, it has measured the prompt, and the lens does not say that nobody has', () => {
  expect(titles({ latestRun: 'r2', proposed: { run: 'r2', open: 2, of: 3 } })).toEqual([
    'Evaluate',
    'Optimize',
    'Review changes',
    'Show run',
  ]);
});

test('the number leads to the answers that it counts; without one, it is to be measured first', () => {
  expect(lensesOf({ ...facts, measured, allows: 'nothing' })[0]).toMatchObject({ command: commandIds.showAnswers, argument: facts.target });
  expect(lensesOf(facts)[0]).toMatchObject({ command: commandIds.measureLines, argument: facts.target });
  const show = lensesOf({ ...facts, latestRun: 'r2' }).at(-1);
  expect(show).toMatchObject({ command: commandIds.showPanel, argument: 'r2' });
});

test('while a job works on the prompt, its progress and a way to stop it stand there instead', () => {
  const job: Job = {
    id: 4,
    folder: '/',
    task: { kind: 'evaluate', prompt: facts.path, spec: { ...sessionDefaults, prompt: facts.path }, split: 'val' },
    status: 'running',
    busy: { what: 'Loading the model', at: now },
  };
  expect(titles({ measured, job })).toEqual(['loading the model', 'Stop']);
  expect(lensesOf({ ...facts, job }).at(-1)).toMatchObject({ command: commandIds.stop, argument: 4 });
});

test('what cannot work is not offered: optimizing where the workspace is not trusted, commands that are not there', () => {
  expect(titles({ allows: 'measuring' })).toEqual(['Not measured yet', 'Evaluate']);
  expect(titles({ allows: 'nothing' })).toEqual(['Not measured yet', 'Trust the workspace to evaluate']);
  expect(lensesOf({ ...facts, allows: 'nothing' })[0].command).toBeUndefined();
  expect(titles({ proposed: { run: 'r2', open: 1, of: 1 }, offers: (command) => command !== commandIds.reviewChanges })).not.toContain(
    'Review changes',
  );
});

describe('of a program', () => {
  const plain = (lenses: readonly Lens[]): string[] => lenses.map(({ title }) => title.replace(/^\$\(.*?\) /, ''));
  const path = '/tandem.program.yaml';

  test('the prompt file of a step has the number of the whole, which leads to it; its own changes are reviewed', () => {
    const step = { target: 'file:///area.prompt.md', place: 0, of: 2 };
    const lenses = lensesOf({
      ...facts,
      path,
      target: 'file:///tandem.program.yaml',
      measured,
      step,
      proposed: { run: 'r2', open: 1, of: 1 },
      latestRun: 'r2',
    });
    expect(plain(lenses)).toEqual(['Step 1 of 2 in tandem.program.yaml · 72% ±6', 'Evaluate', 'Optimize', 'Review changes', 'Show run']);
    expect(lenses[0]).toMatchObject({ command: 'vscode.open', argument: 'file:///tandem.program.yaml' });
    expect(lenses[1].argument).toBe('file:///tandem.program.yaml');
    expect(lenses[3].argument).toBe(step.target);
    expect(plain(lensesOf({ ...facts, path, step }))[0]).toBe('Step 1 of 2 in tandem.program.yaml · not measured yet');
  });

  test('each step leads to its prompt file, and to what is proposed for it', () => {
    const of = (changes: number): string[] => plain(stepLenses({ target: 'x', path: '/area.prompt.md', changes, offers: () => true }));
    expect(of(0)).toEqual(['Open area.prompt.md']);
    expect(of(1)).toEqual(['Open area.prompt.md', 'Review 1 change']);
    expect(of(2)).toEqual(['Open area.prompt.md', 'Review 2 changes']);
  });
});

/** @file The evidence tables compare the right lines with each other. */
import { expect, test } from 'vitest';
import type { ArmName } from './arms.ts';
import { armsTable, bestArm, differenceTo } from './evidenceTable.ts';
import type { EvidenceLine } from './evidenceRun.ts';
import { nearestPairs } from './forgettingTable.ts';
import { accuracies } from './wordingsTable.ts';

function line<M = unknown>(task: string, arm: ArmName, seed: number, after: string, measured?: M): EvidenceLine<M> {
  return {
    ...{
      commit: 'abc',
      model: 'nano',
      task,
      rows: 16,
      seed,
      arm,
      budget: 1000,
      tokensUsed: 900,
      seconds: 1,
      load: 1,
      done: 'the budget is spent',
    },
    ...{ before: '0000', after, logLikelihood: { before: -2, after: -1 }, tokens: { before: 100, after: 25 }, val: 0.5 },
    ...{ body: '', demonstrations: 0, drift: 1, phases: [], ...(measured !== undefined && { measured }) },
  };
}

const lines = [
  line('trec6', 'joint', 0, '1110'),
  line('trec6', 'joint', 1, '1111'),
  line('trec6', 'lora', 0, '1000'),
  line('trec6', 'lora', 1, '1110'),
  line('trec6', 'demonstrations', 0, '1100'),
  line('sst2', 'joint', 0, '1100'),
  line('sst2', 'lora', 0, '1111'),
];

test('joint is compared with an arm on the seeds and tasks that both have', () => {
  // trec6: 2/4 and 1/4, sst2: -2/4; each task with its four rows.
  expect(differenceTo(lines, () => 'lora')!.mean).toBeCloseTo((0.375 - 0.5) / 2);
  expect(differenceTo(lines, () => 'demonstrations')!.mean).toBeCloseTo(0.25);
  expect(differenceTo(lines, () => 'prompt')).toBeUndefined();
});

test('the best single arm of a task is the one with the highest mean, and never joint', () => {
  expect(bestArm(lines.filter(({ task }) => task === 'trec6'))).toBe('lora');
  expect(bestArm(lines.filter(({ seed, task }) => seed === 0 && task === 'trec6'))).toBe('demonstrations');
  expect(bestArm(lines.filter(({ arm }) => arm === 'joint'))).toBeUndefined();
});

test('a table has the initial prompt, each arm, and the best single arm of each task', () => {
  const table = armsTable({ lines, best: true }).split('\n');
  expect(table[0]).toBe('|  | trec6 | sst2 | all tasks | joint minus it |');
  expect(table[2]).toMatch(/^\| the prompt as it was \| 0\.0 \| 0\.0 \| 0\.0 \[/);
  expect(table[3]).toMatch(/^\| joint \| 87\.5 \| 50\.0 \| 68\.8 \[.*\] \| {2}\|$/);
  expect(table[4]).toMatch(/^\| LoRA on answers \| 50\.0 \| 100\.0 \| 75\.0 \[.*\] \| -6\.3 \[/);
  // This arm has not run on sst2.
  expect(table[5]).toMatch(/^\| demonstrations only \| 50\.0 \| {2}\| {2}\| \+25\.0 \[/);
  expect(table.at(-1)).toMatch(
    /^\| best single arm of each task, chosen by the test rows \| LoRA on answers \| LoRA on answers \| {2}\| -6\.3 \[/,
  );
});

test('forgetting is compared with the LoRA run that is closest in accuracy', () => {
  const loss = (after: number): object => ({ other: { before: 1, after } });
  const runs = [
    line('trec6', 'joint', 0, '1110', loss(1.1)),
    line('trec6', 'lora', 0, '1111', loss(2)),
    line('trec6', 'lora-half', 0, '1100', loss(1.5)),
    line('trec6', 'lora-quarter', 0, '1000', loss(1.2)),
    line('sst2', 'lora', 0, '1110', loss(9)),
  ] as Parameters<typeof nearestPairs>[0];
  expect(nearestPairs(runs).map(([lora, joint]) => [lora.arm, joint.arm])).toEqual([['lora-half', 'joint']]);
});

test('the worst wording of an arm is the same for all its seeds', () => {
  const { trained, worst, all } = accuracies([
    { after: '11', measured: { unseen: ['10', '00', '11'] } },
    { after: '11', measured: { unseen: ['10', '11', '11'] } },
  ]);
  expect(trained).toEqual([
    [1, 1],
    [1, 1],
  ]);
  // Both average 0.5, so the first one counts as the worst.
  expect(worst).toEqual([
    [1, 0],
    [1, 0],
  ]);
  expect(all[0]).toEqual([2 / 3, 1 / 3]);
});

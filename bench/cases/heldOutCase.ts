/** @file A held-out task of ../shared/corpus as a case: 64 training, 48 validation and 100 test rows, or fewer if it has fewer. */
import { corpusTasks, promptFor } from '../../models/nano/train/corpusTasks.ts';
import type { JointCase } from './jointRun.ts';

/** @param train the maximum number of training rows */
export function heldOutCase(name: string, train = 64): JointCase & { readonly fresh: boolean } {
  const found = corpusTasks('heldout').find((each) => each.name === name);
  if (!found) throw new Error(`There is no held-out task ${name} with labels and short rows.`);
  const { rows, task, definition, fresh } = found;
  const val = Math.min(48, Math.floor(rows.length / 4));
  const test = Math.min(100, Math.floor(rows.length / 2));
  return {
    ...{ name, task, fresh, prompt: promptFor(definition) },
    rows: { test: rows.slice(0, test), val: rows.slice(test, test + val), train: rows.slice(test + val, test + val + train) },
  };
}

export const heldOutNames = (): string[] => corpusTasks('heldout').map(({ name }) => name);

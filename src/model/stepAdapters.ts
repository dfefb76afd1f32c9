/** @file Adapters of a program's steps, one each, held as one: so that what keeps, names and hands on an adapter need not know of steps. */
import { createHash } from 'node:crypto';
import type { Adapter, LoraConfig } from './adapter.ts';

/** Whether the steps of a program share an adapter. */
export const adapterChoices = ['shared', 'per-step'] as const;
export type AdapterChoice = (typeof adapterChoices)[number];

/** Of a program in which no step was tuned yet. */
const untuned: LoraConfig = { rank: 1, alpha: 1, dropout: 0, targets: [] };

/** @param steps first to last; undefined for a step with the base weights */
export function stepAdapters(steps: readonly (Adapter | undefined)[]): Adapter {
  const hash = createHash('sha256').update(`steps ${steps.map((step) => step?.id ?? '').join()}`);
  return { id: hash.digest('hex').slice(0, 16), config: steps.find((step) => step)?.config ?? untuned, pairs: [], steps };
}

/** What a step runs with: its own, or the one that all share. */
export const adapterOfStep = (adapter: Adapter | undefined, step: number): Adapter | undefined =>
  adapter?.steps ? adapter.steps[step] : adapter;

/** The same with another one for a step; one that all shared stays with the other steps. */
export const withStepAdapter = (adapter: Adapter | undefined, step: number, next: Adapter, steps: number): Adapter =>
  stepAdapters(Array.from({ length: steps }, (_, place) => (place === step ? next : adapterOfStep(adapter, place))));

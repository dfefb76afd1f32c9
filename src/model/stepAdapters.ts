/** @file Holds the separate adapters of a program's steps as one, so that code that stores, names and passes on an adapter need not know about steps. */
import { createHash } from 'node:crypto';
import type { Adapter, LoraConfig } from './adapter.ts';

/** Whether the steps of a program share an adapter. */
export const adapterChoices = ['shared', 'per-step'] as const;
export type AdapterChoice = (typeof adapterChoices)[number];

/** For a program in which no step was tuned yet. */
const untuned: LoraConfig = { rank: 1, alpha: 1, dropout: 0, targets: [] };

/** @param steps first to last; undefined for a step with the base weights */
export function stepAdapters(steps: readonly (Adapter | undefined)[]): Adapter {
  const hash = createHash('sha256').update(`steps ${steps.map((step) => step?.id ?? '').join()}`);
  return { id: hash.digest('hex').slice(0, 16), config: steps.find((step) => step)?.config ?? untuned, pairs: [], steps };
}

/** The adapter of a step: its own, or the one that all steps share. */
export const adapterOfStep = (adapter: Adapter | undefined, step: number): Adapter | undefined =>
  adapter?.steps ? adapter.steps[step] : adapter;

/** The same with another adapter for one step. The other steps keep an adapter that all shared. */
export const withStepAdapter = (adapter: Adapter | undefined, step: number, next: Adapter, steps: number): Adapter =>
  stepAdapters(Array.from({ length: steps }, (_, place) => (place === step ? next : adapterOfStep(adapter, place))));

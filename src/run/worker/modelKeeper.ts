/** @file Keeps the latest model in memory for the next measurement or run. */
import type { FormChoice } from '../../model/frozen/table.ts';
import { sourceOf } from '../../model/sources/table.ts';
import type { OpenedModel } from '../../model/trainableModel.ts';
import type { ExecutorName } from '../spec.ts';
import { noInterrupt, type Interrupt } from './interrupt.ts';

/**
 * @param place the model's place from `locateModel`
 * @param weights the form of the frozen weights of a local model; f32 if absent
 * @param interrupt may end the model's current work
 */
export type LoadModel = (
  place: string,
  executor: ExecutorName,
  threads: number,
  weights?: FormChoice,
  interrupt?: Interrupt,
) => Promise<OpenedModel>;

export interface ModelKeeper {
  /**
   * Loads the model unless it is the kept one. Another kept model is disposed of first, so that there is never more than one. The interrupt
   * applies until a model is opened again.
   */
  readonly open: LoadModel;
  readonly dispose: () => Promise<void>;
}

/** @param versionOf returns another text once the model at a place was replaced */
export function keepOneModel(load: LoadModel, versionOf = (place: string): Promise<string> => sourceOf(place).version(place)): ModelKeeper {
  let kept: { readonly key: string; readonly model: OpenedModel } | undefined;
  let current: Interrupt = noInterrupt();
  const interrupt: Interrupt = { check: () => current.check() };
  const dispose = async (): Promise<void> => {
    const last = kept;
    kept = undefined;
    await last?.model.dispose();
  };
  return {
    async open(place, executor, threads, weights = 'f32', asked = noInterrupt()) {
      current = asked;
      const key = JSON.stringify([place, await versionOf(place), executor, threads, weights]);
      if (kept?.key !== key) {
        await dispose();
        kept = { key, model: await load(place, executor, threads, weights, interrupt) };
      }
      return kept.model;
    },
    dispose,
  };
}

/** @file A keeper has the latest model in memory for whoever measures or runs with it next. */
import { sourceOf } from '../../model/sources/table.ts';
import type { OpenedModel } from '../../model/trainableModel.ts';
import type { ExecutorName } from '../spec.ts';
import { noInterrupt, type Interrupt } from './interrupt.ts';

/**
 * @param place of the model, as `locateModel` gives it
 * @param interrupt what may end work of the model that is under way
 */
export type LoadModel = (place: string, executor: ExecutorName, threads: number, interrupt?: Interrupt) => Promise<OpenedModel>;

export interface ModelKeeper {
  /**
   * Loads the model, unless it is the one that is kept. Another one is disposed of first, so that there is never more than one. The interrupt
   * holds until a model is opened again.
   */
  readonly open: LoadModel;
  readonly dispose: () => Promise<void>;
}

/** @param versionOf gives another text once the model at a place was replaced */
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
    async open(place, executor, threads, asked = noInterrupt()) {
      current = asked;
      const key = JSON.stringify([place, await versionOf(place), executor, threads]);
      if (kept?.key !== key) {
        await dispose();
        kept = { key, model: await load(place, executor, threads, interrupt) };
      }
      return kept.model;
    },
    dispose,
  };
}

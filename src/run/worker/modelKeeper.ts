/** @file A keeper has the latest model in memory for whoever measures or runs with it next. */
import { stat } from 'node:fs/promises';
import type { TrainableModel } from '../../model/trainableModel.ts';
import type { ExecutorName } from '../spec.ts';
import { noInterrupt, type Interrupt } from './interrupt.ts';

/** @param interrupt what may end work of the model that is under way */
export type LoadModel = (source: string, executor: ExecutorName, threads: number, interrupt?: Interrupt) => Promise<TrainableModel>;

export interface ModelKeeper {
  /**
   * Loads the model, unless it is the one that is kept; another one is disposed of first, so that there is never more than one. The interrupt
   * holds until a model is opened again.
   */
  readonly open: LoadModel;
  readonly dispose: () => Promise<void>;
}

export function keepOneModel(load: LoadModel): ModelKeeper {
  let kept: { readonly key: string; readonly model: TrainableModel } | undefined;
  let current: Interrupt = noInterrupt();
  const interrupt: Interrupt = { check: () => current.check() };
  const dispose = async (): Promise<void> => {
    const last = kept;
    kept = undefined;
    await last?.model.dispose();
  };
  return {
    async open(source, executor, threads, asked = noInterrupt()) {
      current = asked;
      // A model that was replaced on the disk is another one.
      const { mtimeMs } = await stat(source);
      const key = JSON.stringify([source, mtimeMs, executor, threads]);
      if (kept?.key !== key) {
        await dispose();
        kept = { key, model: await load(source, executor, threads, interrupt) };
      }
      return kept.model;
    },
    dispose,
  };
}

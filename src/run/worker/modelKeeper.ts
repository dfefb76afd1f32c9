/** @file Loads models; a keeper has the latest one in memory for whoever measures with it again. */
import { modelSources, sourceOf } from '../../model/sources/table.ts';
import type { OpenedModel } from '../../model/trainableModel.ts';
import type { Executor } from '../../tensor/executor.ts';
import { onnxRuntimeExecutor } from '../../tensor/onnxruntime.ts';
import { tensorFlowExecutor } from '../../tensor/tensorflow.ts';
import { interruptible, noInterrupt, type Interrupt } from './interrupt.ts';
import type { ExecutorName } from '../spec.ts';

export interface ModelKeeper {
  /** Loads the model, unless it is the one that is kept; another one is disposed of first, so that there is never more than one. */
  open(place: string, executor: ExecutorName, threads: number): Promise<OpenedModel>;
  dispose(): Promise<void>;
}

/** @param place as `locateModel` gives it */
export async function openModel(
  place: string,
  executor: ExecutorName,
  threads: number,
  interrupt: Interrupt = noInterrupt(),
  among = modelSources,
): Promise<OpenedModel> {
  return sourceOf(place, among).open(place, { executor: async () => interruptible(await executorNamed(executor, threads), interrupt) });
}

export function keepOneModel(among = modelSources): ModelKeeper {
  let kept: { readonly key: string; readonly model: OpenedModel } | undefined;
  const dispose = async (): Promise<void> => {
    const last = kept;
    kept = undefined;
    await last?.model.dispose();
  };
  return {
    async open(place, executor, threads) {
      // A model that was replaced is another one.
      const version = await sourceOf(place, among).version(place);
      const key = JSON.stringify([place, version, executor, threads]);
      if (kept?.key !== key) {
        await dispose();
        kept = { key, model: await openModel(place, executor, threads, noInterrupt(), among) };
      }
      return kept.model;
    },
    dispose,
  };
}

async function executorNamed(name: ExecutorName, threads: number): Promise<Executor> {
  if (name === 'onnxruntime') return onnxRuntimeExecutor({ threads });
  return tensorFlowExecutor();
}

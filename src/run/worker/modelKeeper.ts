/** @file Loads models; a keeper has the latest one in memory for whoever measures with it again. */
import { stat } from 'node:fs/promises';
import { loadModelFiles } from '../../model/files/modelFiles.ts';
import { makeLocalModel } from '../../model/localModel.ts';
import type { TrainableModel } from '../../model/trainableModel.ts';
import type { Executor } from '../../tensor/executor.ts';
import { onnxRuntimeExecutor } from '../../tensor/onnxruntime.ts';
import { tensorFlowExecutor } from '../../tensor/tensorflow.ts';
import { interruptible, noInterrupt, type Interrupt } from './interrupt.ts';
import type { ExecutorName } from '../spec.ts';

export interface ModelKeeper {
  /** Loads the model, unless it is the one that is kept; another one is disposed of first, so that there is never more than one. */
  open(source: string, executor: ExecutorName, threads: number): Promise<TrainableModel>;
  dispose(): Promise<void>;
}

export async function openModel(
  source: string,
  executor: ExecutorName,
  threads: number,
  interrupt: Interrupt = noInterrupt(),
): Promise<TrainableModel> {
  return makeLocalModel(await loadModelFiles(source), interruptible(await executorNamed(executor, threads), interrupt));
}

export function keepOneModel(): ModelKeeper {
  let kept: { readonly key: string; readonly model: TrainableModel } | undefined;
  const dispose = async (): Promise<void> => {
    const last = kept;
    kept = undefined;
    await last?.model.dispose();
  };
  return {
    async open(source, executor, threads) {
      // A model that was replaced on the disk is another one.
      const { mtimeMs } = await stat(source);
      const key = JSON.stringify([source, mtimeMs, executor, threads]);
      if (kept?.key !== key) {
        await dispose();
        kept = { key, model: await openModel(source, executor, threads) };
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

/** @file Opens a model at the source that claims its place, on the requested executor. */
import { modelSources, sourceOf } from '../../model/sources/table.ts';
import type { Executor } from '../../tensor/executor.ts';
import { onnxRuntimeExecutor } from '../../tensor/onnxruntime.ts';
import { tensorFlowExecutor } from '../../tensor/tensorflow.ts';
import type { ExecutorName } from '../spec.ts';
import { interruptible, noInterrupt } from './interrupt.ts';
import type { LoadModel } from './modelKeeper.ts';

/** Opens models of these sources. */
export const openModelOf =
  (among = modelSources): LoadModel =>
  async (place, executor, threads, weights, interrupt = noInterrupt()) =>
    sourceOf(place, among).open(place, {
      executor: async () => interruptible(await executors[executor](threads), interrupt),
      ...(weights && { weights }),
    });

const executors: Readonly<Record<ExecutorName, (threads: number) => Promise<Executor>>> = {
  onnxruntime: async (threads) => onnxRuntimeExecutor({ threads }),
  tensorflow: () => tensorFlowExecutor(),
};

export const openModel = openModelOf();

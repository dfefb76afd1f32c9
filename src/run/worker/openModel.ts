/** @file Loads a model from the disk, onto the executor that is asked for. */
import { loadModelFiles } from '../../model/files/modelFiles.ts';
import { makeLlama } from '../../model/llama.ts';
import type { Executor } from '../../tensor/executor.ts';
import { onnxRuntimeExecutor } from '../../tensor/onnxruntime.ts';
import { tensorFlowExecutor } from '../../tensor/tensorflow.ts';
import type { ExecutorName } from '../spec.ts';
import { interruptible, noInterrupt } from './interrupt.ts';
import type { LoadModel } from './modelKeeper.ts';

export const openModel: LoadModel = async (source, executor, threads, interrupt = noInterrupt()) =>
  makeLlama(await loadModelFiles(source), interruptible(await executors[executor](threads), interrupt));

const executors: Readonly<Record<ExecutorName, (threads: number) => Promise<Executor>>> = {
  onnxruntime: async (threads) => onnxRuntimeExecutor({ threads }),
  tensorflow: () => tensorFlowExecutor(),
};

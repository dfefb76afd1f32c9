/** @file Runs graphs on ONNX Runtime, the default executor. */
import * as ort from 'onnxruntime-node';
import { TandemError } from '../errors.ts';
import type { Executable, Executor, TensorValue } from './executor.ts';
import { isInput, inputName, topological } from './graph.ts';
import { onnxModel } from './onnx.ts';

export function onnxRuntimeExecutor(options: { threads?: number } = {}): Executor {
  return {
    name: 'onnxruntime',
    async compile(outputs) {
      const inputs = topological(Object.values(outputs)).filter(isInput).map(inputName);
      const session = await ort.InferenceSession.create(onnxModel(outputs), {
        executionProviders: ['cpu'],
        intraOpNumThreads: options.threads,
        interOpNumThreads: 1,
        executionMode: 'sequential',
        graphOptimizationLevel: 'basic',
        enableCpuMemArena: true,
        logSeverityLevel: 3,
        ...(process.env.TANDEM_PROFILE ? { enableProfiling: true, profileFilePrefix: process.env.TANDEM_PROFILE } : {}),
      });
      return executable(session, inputs);
    },
  };
}

function executable(session: ort.InferenceSession, inputs: readonly string[]): Executable {
  return {
    async run(feeds) {
      const tensors: Record<string, ort.Tensor> = {};
      for (const name of inputs) {
        const value = feeds[name];
        if (!value) throw new TandemError('missing-feed', `the graph's input ${name} was not fed`);
        tensors[name] = tensorOf(value);
      }
      const results = await session.run(tensors);
      return Object.fromEntries(
        Object.entries(results).map(([name, tensor]) => [name, { shape: tensor.dims, data: tensor.data as Float32Array | Int32Array }]),
      );
    },
    dispose: () => session.release(),
    ...(process.env.TANDEM_PROFILE ? { end: () => session.endProfiling() } : {}),
  };
}

/** Large tensors (weights) are wrapped once: wrapping does not copy. */
const wrapped = new WeakMap<TensorValue, ort.Tensor>();
function tensorOf(value: TensorValue): ort.Tensor {
  let tensor = wrapped.get(value);
  if (!tensor) {
    tensor = value.data instanceof Float32Array ? new ort.Tensor('float32', value.data, value.shape) : new ort.Tensor('int32', value.data, value.shape);
    wrapped.set(value, tensor);
  }
  return tensor;
}

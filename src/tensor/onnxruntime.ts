/** @file Runs graphs on ONNX Runtime, the default executor. */
import { TandemError } from '../errors.ts';
import { pulse } from '../pulse.ts';
import type { Executable, Executor, TensorValue } from './executor.ts';
import { isInput, inputName, topological } from './graph.ts';
import { onnxModel } from './onnx.ts';
import { loadOnnxRuntime, type InferenceSession, type Tensor } from './onnxruntimeLibrary.ts';

/** A prefix for file names. If it is set, every session writes the times of its kernels there. */
const profile = process.env.TANDEM_PROFILE;

export function onnxRuntimeExecutor(options: { threads?: number } = {}): Executor {
  return {
    name: 'onnxruntime',
    async compile(outputs) {
      const inputs = topological(Object.values(outputs)).filter(isInput).map(inputName);
      const { InferenceSession, Tensor } = await loadOnnxRuntime();
      const session = await InferenceSession.create(onnxModel(outputs), {
        executionProviders: ['cpu'],
        ...(options.threads !== undefined && { intraOpNumThreads: options.threads }),
        interOpNumThreads: 1,
        executionMode: 'sequential',
        graphOptimizationLevel: 'basic',
        // With memory patterns, each run with new shapes reserves its whole plan again: 3.1 GB instead of 1.9 GB for a LoRA step.
        enableMemPattern: false,
        // Threads that spin while they wait occupy cores that others need. Beside busy processes, spinning makes a step take 2.1 times as long;
        // on an idle machine, it is 0 to 10% faster.
        extra: { session: { intra_op: { allow_spinning: '0' } } },
        logSeverityLevel: 3,
        ...(profile && { enableProfiling: true, profileFilePrefix: profile }),
      });
      pulse();
      return executable(session, inputs, Tensor);
    },
  };
}

type TensorClass = Awaited<ReturnType<typeof loadOnnxRuntime>>['Tensor'];

function executable(session: InferenceSession, inputs: readonly string[], tensorClass: TensorClass): Executable {
  return {
    async run(feeds) {
      const tensors: Record<string, Tensor> = {};
      for (const name of inputs) {
        const value = feeds[name];
        if (!value) throw new TandemError('missing-feed', `the graph's input ${name} was not fed`);
        tensors[name] = tensorOf(value, tensorClass);
      }
      const results = await session.run(tensors);
      pulse();
      return Object.fromEntries(
        Object.entries(results).map(([name, tensor]) => [name, { shape: tensor.dims, data: tensor.data as Float32Array | Int32Array }]),
      );
    },
    async dispose() {
      if (profile) session.endProfiling();
      await session.release();
    },
  };
}

/** Wraps each value once, which matters for large tensors (weights). Wrapping does not copy. */
const wrapped = new WeakMap<TensorValue, Tensor>();
function tensorOf(value: TensorValue, tensorClass: TensorClass): Tensor {
  let tensor = wrapped.get(value);
  if (!tensor) {
    const { data, shape } = value;
    if (data instanceof Float32Array) tensor = new tensorClass('float32', data, shape);
    else if (data instanceof Int32Array) tensor = new tensorClass('int32', data, shape);
    else tensor = new tensorClass('int8', data, shape);
    wrapped.set(value, tensor);
  }
  return tensor;
}

/** @file The one file that loads ONNX Runtime, with its telemetry off. ESLint forbids that any other file imports it. */
import { isMainThread } from 'node:worker_threads';
import type * as OnnxRuntime from 'onnxruntime-node';
import { TandemError } from '../errors.ts';

let loaded: Promise<typeof OnnxRuntime> | undefined;

/**
 * Version 1.30 for Linux writes a device id and a database of events into the user's cache and looks up a host for them, unless this variable
 * is set when its native library is loaded. A static import would run before the variable is set, so the import is dynamic.
 * @throws TandemError reason 'telemetry-on' in a thread that cannot set it
 */
export function loadOnnxRuntime(): Promise<typeof OnnxRuntime> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<typeof OnnxRuntime> {
  const { env } = process;
  // The library reads the environment of the process. A worker thread has only a copy of it.
  if (!isMainThread && env.ORT_DISABLE_TELEMETRY !== '1')
    throw new TandemError('telemetry-on', 'Tandem cannot turn off the telemetry of ONNX Runtime in a worker thread.', {
      hint: "Set process.env.ORT_DISABLE_TELEMETRY = '1' in the main thread before you start the worker thread.",
    });
  env.ORT_DISABLE_TELEMETRY = '1';
  return import('onnxruntime-node');
}

export type { InferenceSession, Tensor } from 'onnxruntime-node';

/** @file The one file that loads ONNX Runtime, with its telemetry off. ESLint holds that no other imports it. */
import { isMainThread } from 'node:worker_threads';
import type * as OnnxRuntime from 'onnxruntime-node';
import { TandemError } from '../errors.ts';

let loaded: Promise<typeof OnnxRuntime> | undefined;

/**
 * Version 1.30 for Linux writes a device id and a database of events into the user's cache and looks up a host for them, unless this is
 * set when its native library is loaded. An import that stands above would be run before it is set, so it is imported here.
 * @throws TandemError reason 'telemetry-on' in a thread that cannot set it
 */
export function loadOnnxRuntime(): Promise<typeof OnnxRuntime> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<typeof OnnxRuntime> {
  const { env } = process;
  // The environment that the library reads is the process's; a worker thread has only a copy.
  if (!isMainThread && env.ORT_DISABLE_TELEMETRY !== '1')
    throw new TandemError('telemetry-on', 'Tandem cannot turn off the telemetry of ONNX Runtime in a worker thread.', {
      hint: "Set process.env.ORT_DISABLE_TELEMETRY = '1' in the main thread before you start the worker thread.",
    });
  env.ORT_DISABLE_TELEMETRY = '1';
  return import('onnxruntime-node');
}

export type { InferenceSession, Tensor } from 'onnxruntime-node';

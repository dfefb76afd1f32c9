/** @file The interface that runs graphs. onnxruntime.ts and tensorflow.ts implement it. */
import type { Node } from './graph.ts';

export interface TensorValue {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array | Int32Array | Int8Array;
}

export interface Executable {
  /**
   * @param feeds one value for each of the graph's inputs, by name. Values are used in place, not copied, so that frozen weights are in memory
   *   once however many graphs use them. An array that was changed in place must come in a new TensorValue, because executors may keep what
   *   they derived from the old one
   * @returns the outputs by the names under which they were compiled
   */
  run(feeds: Readonly<Record<string, TensorValue>>): Promise<Record<string, TensorValue>>;
  dispose(): Promise<void>;
}

export interface Executor {
  readonly name: string;
  /** Compiles once for all sizes of the symbolic dimensions. */
  compile(outputs: Readonly<Record<string, Node>>): Promise<Executable>;
}

/** A backend of TensorFlow.js. It is declared here so that the API's types do not depend on the types of TensorFlow.js. */
export type Backend = 'node' | 'wasm' | 'cpu';

/** @file What it takes to run a graph; onnxruntime.ts and tensorflow.ts do it. */
import type { Node } from './graph.ts';

export interface TensorValue {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array | Int32Array;
}

export interface Executable {
  /**
   * @param feeds one value for each of the graph's inputs, by name; values are read in place, not copied, so that frozen weights stand
   *   in memory once however many graphs use them. An array that was changed in place must come in a new TensorValue: executors may
   *   keep what they made of the old one
   * @returns the outputs by the names they were compiled under
   */
  run(feeds: Readonly<Record<string, TensorValue>>): Promise<Record<string, TensorValue>>;
  dispose(): Promise<void>;
}

export interface Executor {
  readonly name: string;
  /** Compiles once for all sizes of the symbolic dimensions. */
  compile(outputs: Readonly<Record<string, Node>>): Promise<Executable>;
}

/** Of TensorFlow.js. Stands here so that the API can be typed without its types, which need more than they say. */
export type Backend = 'node' | 'wasm' | 'cpu';

/** @file The form in which frozen matrices are held: what graphs are fed for one, and how they compute with it. */
import type { TensorValue } from '../../tensor/executor.ts';
import type { DType, Dim, Node } from '../../tensor/graph.ts';
import type { WeightTensor } from '../weightTensor.ts';

/**
 * Linears, the embedding and the output matrix are frozen matrices. Vectors (norms and biases) are always float32.
 *
 * A form of fewer bits feeds blocks and scales, and multiplies with what the graph makes of them. Gradients then flow through that matrix to
 * whatever it is multiplied with, which is exact for the model that is served. The blocks themselves have no gradient.
 */
export interface FrozenForm {
  readonly name: string;
  /** Ends the fingerprint of a model in this form; absent where it computes with the very numbers of the files. */
  readonly mark?: string;
  /** What graphs are fed for a matrix, by the names that `matrix` gives its inputs. Values may share the matrix's memory. */
  feeds(name: string, matrix: WeightTensor): Readonly<Record<string, TensorValue>>;
  /** The matrix in a graph: its inputs are made at once. */
  matrix(name: string, shape: readonly [rows: number, width: number], input: FrozenInput): FrozenMatrix;
  /** The float32 numbers that graphs compute with. @param feeds those of `feeds`, among others */
  numbers(name: string, feeds: Readonly<Record<string, TensorValue>>): WeightTensor;
}

/** Makes an input of the graph, or finds the one with this name. */
export type FrozenInput = (name: string, shape: readonly Dim[], type?: DType) => Node;

/** W [rows, width]. */
export interface FrozenMatrix {
  /** x W': [t, width] -> [t, rows]. */
  product(x: Node): Node;
  /** The rows with these numbers: [t] -> [t, width]. */
  rows(numbers: Node): Node;
}

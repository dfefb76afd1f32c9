/** @file The form in which frozen matrices are stored: the graph inputs for one, and how graphs compute with it. */
import type { TensorValue } from '../../tensor/executor.ts';
import type { DType, Dim, Node } from '../../tensor/graph.ts';
import type { WeightTensor } from '../weightTensor.ts';

/**
 * Linears, the embedding and the output matrix are frozen matrices. Vectors (norms and biases) are always float32.
 *
 * A form of fewer bits feeds blocks and scales, and multiplies with the matrix that the graph computes from them. Gradients flow through that
 * matrix to whatever it is multiplied with, which is exact for the model in this form. The blocks themselves have no gradient.
 */
export interface FrozenForm {
  readonly name: string;
  /** Memory for a number of a matrix. */
  readonly bytesPerNumber: number;
  /** A suffix for the fingerprint of a model in this form. Absent if it computes with exactly the numbers in the files. */
  readonly mark?: string;
  /**
   * The graph inputs for a matrix, by the names that `matrix` gives its inputs. Their first axis is that of the matrix's rows, and each row depends only
   * on the same row of the matrix, because large matrices are passed in pieces of some rows. Values may share the matrix's memory.
   */
  feeds(name: string, matrix: WeightTensor): Readonly<Record<string, TensorValue>>;
  /** The matrix in a graph. Its inputs are created at once. */
  matrix(name: string, shape: readonly [rows: number, width: number], input: FrozenInput): FrozenMatrix;
  /** The float32 numbers that graphs compute with. @param feeds those of `feeds`, among others */
  numbers(name: string, feeds: Readonly<Record<string, TensorValue>>): WeightTensor;
}

/** Creates an input of the graph, or returns the one with this name. */
export type FrozenInput = (name: string, shape: readonly Dim[], type?: DType) => Node;

/** W [rows, width]. */
export interface FrozenMatrix {
  /** x W': [t, width] -> [t, rows]. */
  product(x: Node): Node;
  /** The rows with these indices: [t] -> [t, width]. */
  rows(numbers: Node): Node;
}

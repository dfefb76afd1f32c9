/** @file The nearest adapter of a lower rank. */
import { makeAdapter, type Adapter, type LoraPair } from './adapter.ts';

/**
 * The nearest adapter of a lower rank: the truncated singular value decomposition of each B A. Rows of the new A have the mean length of
 * a fresh one's rows, so that training continues at the same pace.
 * @returns also the share of the squared change of the weights that is kept
 */
export function truncated({ config, pairs }: Adapter, rank: number): { adapter: Adapter; kept: number } {
  const from = config.rank;
  let [kept, whole] = [0, 0];
  const shorter = pairs.map(({ layer, linear, a, b }): LoraPair => {
    // A = L Q with orthonormal rows Q, then B L = U S V': B A = (B L V) (V' Q).
    const inputs = a.length / from;
    const q = Float64Array.from(a);
    const lower = orthonormalRows(q, from, inputs);
    const outputs = b.length / from;
    const bl = new Float64Array(b.length);
    for (let row = 0; row < outputs; row++)
      for (let j = 0; j < from; j++) for (let k = j; k < from; k++) bl[row * from + j] += b[row * from + k] * lower[k * from + j];
    const { values, vectors } = symmetricEigen(gram(bl, from), from);
    const order = [...values.keys()].sort((x, y) => values[y] - values[x]);
    whole += values.reduce((sum, value) => sum + value, 0);
    kept += order.slice(0, rank).reduce((sum, place) => sum + values[place], 0);
    const length = Math.sqrt(1 / 3);
    const [shortA, shortB] = [new Float32Array(rank * inputs), new Float32Array(outputs * rank)];
    for (const [r, place] of order.slice(0, rank).entries()) {
      for (let k = 0; k < from; k++) {
        const v = vectors[k * from + place];
        for (let i = 0; i < inputs; i++) shortA[r * inputs + i] += length * v * q[k * inputs + i];
        for (let row = 0; row < outputs; row++) shortB[row * rank + r] += (v * bl[row * from + k]) / length;
      }
    }
    return { layer, linear, a: shortA, b: shortB };
  });
  return { adapter: makeAdapter({ ...config, rank, alpha: (config.alpha / from) * rank }, shorter), kept: whole > 0 ? kept / whole : 1 };
}

/** Gram-Schmidt in place on the rows [count, width]. @returns the lower triangle L with rows before = L rows after */
function orthonormalRows(rows: Float64Array, count: number, width: number): Float64Array {
  const lower = new Float64Array(count * count);
  const dot = (x: number, y: number): number => {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += rows[x * width + i] * rows[y * width + i];
    return sum;
  };
  for (let row = 0; row < count; row++) {
    for (let other = 0; other < row; other++) {
      const along = (lower[row * count + other] = dot(row, other));
      for (let i = 0; i < width; i++) rows[row * width + i] -= along * rows[other * width + i];
    }
    const norm = (lower[row * count + row] = Math.sqrt(dot(row, row)));
    for (let i = 0; i < width; i++) rows[row * width + i] /= norm || 1;
  }
  return lower;
}

/** X' X for X [n, count]. */
function gram(x: Float64Array, count: number): Float64Array {
  const result = new Float64Array(count * count);
  for (let row = 0; row < x.length; row += count)
    for (let i = 0; i < count; i++) for (let j = 0; j < count; j++) result[i * count + j] += x[row + i] * x[row + j];
  return result;
}

/** Jacobi's rotations, Golub and Van Loan 8.5. @returns eigenvalues, and eigenvectors as columns */
function symmetricEigen(matrix: Float64Array, n: number): { values: Float64Array; vectors: Float64Array } {
  const vectors = Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
  for (let sweep = 0; sweep < 30; sweep++) {
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (matrix[p * n + q] === 0) continue;
        const theta = (matrix[q * n + q] - matrix[p * n + p]) / (2 * matrix[p * n + q]);
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const c = 1 / Math.hypot(t, 1);
        const s = t * c;
        const turn = (m: Float64Array, i: number, j: number): void => {
          const [x, y] = [m[i], m[j]];
          m[i] = c * x - s * y;
          m[j] = s * x + c * y;
        };
        for (let k = 0; k < n; k++) turn(matrix, k * n + p, k * n + q);
        for (let k = 0; k < n; k++) turn(matrix, p * n + k, q * n + k);
        for (let k = 0; k < n; k++) turn(vectors, k * n + p, k * n + q);
      }
    }
  }
  return { values: Float64Array.from({ length: n }, (_, i) => matrix[i * n + i]), vectors };
}

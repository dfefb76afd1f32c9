/** @file Offsets of a text as lines and columns. */

export interface TextRange {
  /** UTF-16 offsets, end exclusive. */
  readonly start: number;
  readonly end: number;
  /** The start, 1-based, with columns in UTF-16 units. */
  readonly line: number;
  readonly column: number;
}

/** Returns a function that locates offsets of `text` and is cheap to call often. */
export function rangesOf(text: string): (start: number, end: number) => TextRange {
  const lineStarts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lineStarts.push(at + 1);
  return (start, end) => {
    let low = 0;
    for (let high = lineStarts.length - 1; low < high;) {
      const middle = (low + high + 1) >> 1;
      if (lineStarts[middle] <= start) low = middle;
      else high = middle - 1;
    }
    return { start, end, line: low + 1, column: start - lineStarts[low] + 1 };
  };
}

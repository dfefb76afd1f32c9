/** @file What a token of the prompt is worth, and how much worse a cheaper state may be. */

export interface Worth {
  /** By how much the score of a cheaper state may be below the best score: a share, 0.01 for one point. */
  readonly margin: number;
  /** The worth of 100 tokens of the prompt: a share of the score, 0.005 for half a point. */
  readonly perHundredTokens: number;
}

export const defaultWorth: Worth = { margin: 0.01, perHundredTokens: 0.005 };

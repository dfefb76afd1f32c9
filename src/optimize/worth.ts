/** @file What a token of the prompt is worth, and how much worse a cheaper state may be. */

export interface Worth {
  /** By how much the score of a cheaper state may lie below the best one's: a share, 0.01 for one point. */
  readonly margin: number;
  /** What 100 tokens of the prompt are worth: a share of the score, 0.005 for half a point. */
  readonly perHundredTokens: number;
}

export const defaultWorth: Worth = { margin: 0.01, perHundredTokens: 0.005 };

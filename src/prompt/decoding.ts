/** @file How answers are decoded: label scores corrected and normalized, free text sampled and ended. */

export const calibrations = ['none', 'content-free', 'prior'] as const;
export type Calibration = (typeof calibrations)[number];

export interface Decoding {
  /** How label scores are corrected for what the model prefers whatever the input. */
  readonly calibration: Calibration;
  /** Label scores per token, or summed over tokens. */
  readonly normalize: 'tokens' | 'sum';
  /** The rest is for free text. */
  readonly maxTokens: number;
  /** 0 is greedy. */
  readonly temperature: number;
  readonly topP: number;
  readonly stop: readonly string[];
  readonly seed: number;
}

export const defaultDecoding: Decoding = {
  calibration: 'none',
  normalize: 'tokens',
  maxTokens: 64,
  temperature: 0,
  topP: 1,
  stop: [],
  seed: 0,
};

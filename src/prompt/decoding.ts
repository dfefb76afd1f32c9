/** @file How answers are decoded: label scores corrected and normalized, free text sampled and ended. */

export const calibrations = ['none', 'content-free', 'domain', 'prior'] as const;
export type Calibration = (typeof calibrations)[number];

/** `slope`: what each additional token adds to a label's log-likelihood regardless of the input, in nats. Usually negative. */
export type Normalization = 'tokens' | 'sum' | { readonly slope: number };

export interface Decoding {
  /** How label scores are corrected for what the model prefers regardless of the input. */
  readonly calibration: Calibration;
  /** Label scores per token, summed over tokens, or summed with the effect of their length subtracted. */
  readonly normalize: Normalization;
  /** The following fields are for free text. */
  readonly maxTokens: number;
  /** 0 is greedy. */
  readonly temperature: number;
  readonly topP: number;
  readonly stop: readonly string[];
  readonly seed: number;
}

/** How free text ends. */
export type AnswerEnds = Pick<Decoding, 'maxTokens' | 'stop'>;

/** The default if neither the prompt file nor any right answer decides: 64 tokens; a text ends at a blank line, a chat answer by itself. */
export const endsOf = (template: 'text' | 'chat'): AnswerEnds => ({
  maxTokens: defaultDecoding.maxTokens,
  stop: template === 'text' ? ['\n\n'] : [],
});

export const defaultDecoding: Decoding = {
  calibration: 'none',
  normalize: 'tokens',
  maxTokens: 64,
  temperature: 0,
  topP: 1,
  stop: [],
  seed: 0,
};

/** The decoding of a prompt file. How free text ends is undecided if the file does not set it. */
export function withDefaults(given: Partial<Decoding>): Omit<Decoding, keyof AnswerEnds> & Partial<AnswerEnds> {
  const { maxTokens: _, stop: __, ...rest } = defaultDecoding;
  return { ...rest, ...given };
}

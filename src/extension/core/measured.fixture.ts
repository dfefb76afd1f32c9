/** @file A measured prompt, for the tests of what is shown of it. */
import type { MeasuredPrompt } from '../../run/record/results.ts';

/** Three and a half minutes after the measurement. */
export const now = Date.parse('2026-11-24T10:18:30Z');

export const measured: MeasuredPrompt = {
  at: '2026-11-24T10:15:00Z',
  model: 'nano',
  metric: 'accuracy',
  split: 'val',
  score: { mean: 0.72, low: 0.665, high: 0.771, rows: 120 },
  logLikelihood: { mean: -1.2, low: -1.3, high: -1.1, rows: 120 },
};

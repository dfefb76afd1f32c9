/** @file How long one answer takes when each question is asked by itself, the whole prompt every time: under the long prompt and under the final one. */
import { memoryCache } from '../../src/evaluate/cache.ts';
import { calibrationRows } from '../../src/evaluate/calibration.ts';
import { makeEvaluator } from '../../src/evaluate/evaluator.ts';
import type { Prompt } from '../../src/prompt/prompt.ts';
import type { Outcome } from './evidenceRun.ts';

export interface AnswerSpeed {
  /** Median milliseconds of an answer, with the final weights under either prompt. */
  readonly milliseconds: { readonly before: number; readonly after: number };
}

const asked = 15;

/** The two prompts take turns, so that a busy machine slows both; nothing is kept from one answer to the next. */
export async function answerSpeed({ model, given, final }: Outcome): Promise<AnswerSpeed> {
  // Only calibration is remembered, from the first answers on: neither other answers nor the model's prefixes may help.
  const known = memoryCache();
  let isWarm = false;
  const evaluator = makeEvaluator({
    ...{ model, task: given.task, calibrationRows: calibrationRows(given.val, given.train) },
    cache: { ...known, set: (key, value) => void (isWarm || known.set(key, value)) },
  });
  // What a person would serve the long prompt with: plain reading of the label scores, no demonstrations.
  const prompts: Record<'before' | 'after', Prompt> = { before: given.prompt, after: final.prompt };
  const times: Record<'before' | 'after', number[]> = { before: [], after: [] };
  for (const [place, row] of given.test.slice(0, asked + 1).entries()) {
    isWarm = place > 0;
    for (const side of ['before', 'after'] as const) {
      model.forget();
      const begun = performance.now();
      await evaluator.predict({ ...final, prompt: prompts[side] }, row.values);
      // The first answer makes the graphs.
      if (place > 0) times[side].push(performance.now() - begun);
    }
  }
  return { milliseconds: { before: median(times.before), after: median(times.after) } };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

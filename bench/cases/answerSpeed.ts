/** @file How long one answer takes under the long and the final prompt, if each question is asked alone and runs the whole prompt. */
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

/** The two prompts take turns, so that a busy machine slows both. Nothing is kept from one answer to the next. */
export async function answerSpeed({ model, given, final }: Outcome): Promise<AnswerSpeed> {
  // Only the calibration from the first answers is remembered. Other answers and the model's prefixes must not help.
  const known = memoryCache();
  let isWarm = false;
  const evaluator = makeEvaluator({
    ...{ model, task: given.task, calibrationRows: calibrationRows(given.val, given.train) },
    cache: { ...known, set: (key, value) => void (isWarm || known.set(key, value)) },
  });
  // How a person would use the long prompt: without demonstrations, and with the default label scoring.
  const prompts: Record<'before' | 'after', Prompt> = { before: given.prompt, after: final.prompt };
  const times: Record<'before' | 'after', number[]> = { before: [], after: [] };
  for (const [place, row] of given.test.slice(0, asked + 1).entries()) {
    isWarm = place > 0;
    for (const side of ['before', 'after'] as const) {
      model.forget();
      const begun = performance.now();
      await evaluator.predict({ ...final, prompt: prompts[side] }, row.values);
      // The first answer compiles the graphs.
      if (place > 0) times[side].push(performance.now() - begun);
    }
  }
  return { milliseconds: { before: median(times.before), after: median(times.after) } };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

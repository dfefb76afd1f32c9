/** @file The loss on tasks that are unrelated to a run: three held-out tasks of the corpus, under their plain prompts. */
import { makeEvaluator } from '../../src/evaluate/evaluator.ts';
import type { BeforeAfter, Outcome } from './evidenceRun.ts';
import { heldOutCase } from './heldOutCase.ts';

/** Mean nats of a right answer for each task, with the base weights and with the tuned ones. */
export type Elsewhere = Readonly<Record<string, BeforeAfter>>;

/** Three kinds of task: topics of messages, word meanings, text messages. */
const others = ['home_choice_cooking_datetime_general_email', 'word_category', 'sms_spam'];

export async function measureElsewhere({ model, final: { adapter } }: Outcome): Promise<Elsewhere> {
  const losses: [string, BeforeAfter][] = [];
  for (const name of others) {
    const { task, prompt, rows } = heldOutCase(name);
    const evaluator = makeEvaluator({ model, task });
    const before = await evaluator.evaluate({ prompt }, rows.test);
    const after = await evaluator.evaluate({ prompt, ...(adapter && { adapter }) }, rows.test);
    losses.push([name, { before: -before.logLikelihood!.mean, after: -after.logLikelihood!.mean }]);
  }
  return Object.fromEntries(losses);
}

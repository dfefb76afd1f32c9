/** @file Evaluations, rows and an evaluator without a model, for the tests of this room. */
import { defaultDecoding } from '../prompt/decoding.ts';
import { makeRow, type Row } from '../data/dataset.ts';
import type { Evaluation, Task } from '../evaluate/evaluation.ts';
import type { Evaluator } from '../evaluate/evaluator.ts';
import { metricNamed } from '../evaluate/metrics/table.ts';
import { bootstrapMean, logShares } from '../evaluate/statistics.ts';
import type { Adapter } from '../model/adapter.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { textIn } from '../prompt/values.ts';

/** An evaluation with these scores, and log-likelihoods of -1 if none are given. */
export function evaluationWith(scores: readonly number[], logLikelihoods = scores.map(() => -1), promptTokens = 10): Evaluation {
  return {
    rows: scores.map((score, i) => ({ row: `row ${i}`, prediction: '', gold: '', score, logLikelihood: logLikelihoods[i] })),
    score: bootstrapMean(scores, { samples: 100 }),
    logLikelihood: bootstrapMean(logLikelihoods, { samples: 100, range: logShares }),
    promptTokens,
    tokensUsed: scores.length,
  };
}

/** Messages to a bank. */
export const messages: readonly Row[] = [
  ['Where is my new card?', 'card'],
  ['My card was swallowed by the machine', 'card'],
  ['The card has not arrived', 'card'],
  ['How do I block a lost card?', 'card'],
  ['When will the transfer arrive?', 'transfer'],
  ['A transfer to my sister failed', 'transfer'],
  ['Cancel the transfer of yesterday', 'transfer'],
  ['I sent money to the wrong account', 'transfer'],
  ['What does an account cost?', 'fees'],
  ['Why was I charged twice?', 'fees'],
  ['Is there a fee for cash abroad?', 'fees'],
  ['The fee is higher than it was', 'fees'],
].map(([message, intent], i) => makeRow({ message, sender: i % 2 ? 'Ann' : 'Bo', intent }, i + 1));

export const intentTask: Task = {
  output: 'intent',
  labels: ['card', 'fees', 'transfer'],
  metric: metricNamed('accuracy'),
  template: 'text',
  decoding: { ...defaultDecoding, maxTokens: 8 },
};

/** An evaluator with given scores and answers for each row. The default answer is the right one. A row costs one token. */
export function evaluatorWith(
  scoreOf: (row: Row, prompt: Prompt, adapter?: Adapter) => number,
  task: Task = intentTask,
  asked: { prompt: Prompt; rows: readonly Row[] }[] = [],
  answerOf: (row: Row) => string = (row) => textIn(row.values, task.output),
): Evaluator {
  return {
    task,
    model: undefined as never,
    predict: () => Promise.reject(new Error('not needed')),
    evaluate: async ({ prompt, adapter }, rows) => {
      asked.push({ prompt, rows });
      const evaluation = evaluationWith(rows.map((row) => scoreOf(row, prompt, adapter)));
      const about = rows.map((row) => ({ row: row.id, prediction: answerOf(row), gold: textIn(row.values, task.output) }));
      return { ...evaluation, rows: evaluation.rows.map((result, i) => ({ ...result, ...about[i] })) };
    },
  };
}

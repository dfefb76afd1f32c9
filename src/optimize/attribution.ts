/** @file What the prompt and the weights each contributed: old and new of both, measured on the same held-out rows. */
import type { Row } from '../data/dataset.ts';
import { withSoft, type Adapter } from '../model/adapter.ts';
import { softLine } from '../prompt/template.ts';
import { compareEvaluations, scoreDifference, scoreOf, type Evaluation, type RowResult } from '../evaluate/evaluation.ts';
import { judgedBy } from '../evaluate/judging.ts';
import { noDifference, type PairedDifference } from '../evaluate/statistics.ts';
import type { OptimizationContext } from './coordinator.ts';
import type { AttributionCell, JudgedAnswer, MeasuredState, OptimizationEvent, ReportedMetric } from './events.ts';
import { shortened } from './changedPredictions.ts';
import { promptKey } from './proposers/proposer.ts';

type AttributedEvent = Extract<OptimizationEvent, { type: 'attributed' }>;

/** Measures the 2x2 of old/new weights and old/new prompt, and the interaction: total - prompt alone - weights alone. */
export async function attributeStates(
  { adapters, evaluator }: Pick<OptimizationContext, 'adapters' | 'evaluator'>,
  rows: readonly Row[],
  start: MeasuredState,
  best: MeasuredState,
): Promise<AttributedEvent> {
  const adapterOf = async ({ adapter }: MeasuredState): Promise<Adapter | undefined> =>
    adapter === undefined ? undefined : adapters.get(adapter);
  const measure = async (weights: MeasuredState, { prompt, ...of }: MeasuredState): Promise<Evaluation> => {
    const adapter = await adapterOf(weights);
    // A soft prompt is stored with the adapter but acts as a part of the prompt.
    const soft = softLine(prompt) ? (await adapterOf({ prompt, ...of }))?.soft : undefined;
    return evaluator.evaluate({ prompt, adapter: soft ? withSoft(adapter, soft) : adapter }, rows);
  };
  const neither = await measure(start, start);
  const prompt = await measure(start, best);
  const weights = await measure(best, start);
  const both = await measure(best, best);
  const cell = (which: Pick<AttributionCell, 'weights' | 'prompt'>, { score, logLikelihood, cuts }: Evaluation): AttributionCell => ({
    ...which,
    score,
    ...(logLikelihood && { logLikelihood }),
    ...(cuts && { cuts }),
  });
  const reported = await reportedMetrics(evaluator, neither, both, rows);
  // What was not tuned has gained nothing, even if chance shows a difference on these rows.
  const weightsMoved = best.adapter !== start.adapter;
  const isSoft = softLine(best.prompt) !== undefined;
  const moved = { weights: weightsMoved, prompt: promptKey(best.prompt) !== promptKey(start.prompt) || (isSoft && weightsMoved) };
  const gain = (evaluation: Evaluation, isMoved: boolean): PairedDifference =>
    isMoved ? compareEvaluations(neither, evaluation).score : noDifference(rows.length);
  return {
    type: 'attributed',
    cells: [
      cell({ weights: 'old', prompt: 'old' }, neither),
      cell({ weights: 'old', prompt: 'new' }, prompt),
      cell({ weights: 'new', prompt: 'old' }, weights),
      cell({ weights: 'new', prompt: 'new' }, both),
    ],
    total: gain(both, moved.prompt || moved.weights),
    promptAlone: gain(prompt, moved.prompt),
    weightsAlone: gain(weights, moved.weights),
    interaction: moved.prompt && moved.weights ? scoreDifference([prompt, weights], [neither, both]) : noDifference(rows.length),
    ...(reported.metrics.length > 0 && { reported: reported.metrics }),
    answers: neither.rows.map((before, place) => ({
      row: before.row,
      line: rows[place].line,
      ...(before.gold !== undefined && { gold: shortened(before.gold) }),
      before: judged(before),
      after: judged(both.rows[place]),
    })),
    tokensUsed: [neither, prompt, weights, both, reported].reduce((sum, { tokensUsed }) => sum + tokensUsed, 0),
  };
}

const judged = ({ prediction, score, feedback, logLikelihood }: RowResult): JudgedAnswer => ({
  prediction: shortened(prediction),
  score,
  ...(feedback !== undefined && { feedback: shortened(feedback) }),
  ...(logLikelihood !== undefined && { logLikelihood }),
});

async function reportedMetrics(
  { task, writer }: OptimizationContext['evaluator'],
  before: Evaluation,
  after: Evaluation,
  rows: readonly Row[],
): Promise<{ readonly metrics: readonly ReportedMetric[]; readonly tokensUsed: number }> {
  const metrics: ReportedMetric[] = [];
  let tokensUsed = 0;
  for (const metric of task.reported ?? []) {
    const [old, now] = [await judgedBy(metric, before.rows, rows, { writer }), await judgedBy(metric, after.rows, rows, { writer })];
    const { name, corpus } = metric;
    metrics.push({
      metric: name,
      before: scoreOf(metric, old.rows),
      after: scoreOf(metric, now.rows),
      difference: scoreDifference([{ rows: old.rows, corpus }], [{ rows: now.rows, corpus }]),
    });
    tokensUsed += old.cost.tokensUsed + now.cost.tokensUsed;
  }
  return { metrics, tokensUsed };
}

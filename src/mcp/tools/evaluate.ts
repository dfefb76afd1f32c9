/** @file The tool `evaluate`: how good a prompt is, and which rows it gets wrong. */
import { shortened } from '../../optimize/changedPredictions.ts';
import type { Estimate } from '../../optimize/events.ts';
import type { PromptMeasurement } from '../../run/measure.ts';
import { portable } from '../../run/record/runDirectory.ts';
import type { Split } from '../../run/spec.ts';
import { measuredText } from '../../run/words/measuredText.ts';
import { choice, closed, list, object, optional, text, whole } from '../fields.ts';
import { measureFields, measurementAsked, type MeasureInput } from '../inputs.ts';
import { estimate, followMeasurement, measuredNames, noticeLines, noticesField } from '../outputs.ts';
import { defineTool } from '../tool.ts';

interface Evaluated extends Pick<PromptMeasurement, 'model' | 'adapter' | 'metric' | 'score' | 'logLikelihood' | 'promptTokens'> {
  readonly prompt: string;
  readonly split: Split;
  readonly reported: readonly { readonly metric: string; readonly score: Estimate }[];
  readonly mistakes: readonly Mistake[];
  readonly notices: readonly string[];
}

interface Mistake {
  readonly line: number;
  readonly prediction: string;
  readonly gold?: string;
  readonly feedback?: string;
}

/** An answer is no copy of the data. */
const mostMistakes = 10;

export const evaluate = defineTool<MeasureInput, Evaluated>({
  name: 'evaluate',
  title: 'Evaluate a prompt',
  description:
    'Measure how well a prompt file answers the rows of its data with its local model. Returns the score with a 95% interval, the number of rows, the log-likelihood of the right answers, and some rows that are answered wrong. Call it before and after you change a prompt. Two scores differ only if their intervals say so: do not call a prompt better because of a small difference on few rows. Runs on this machine; takes seconds to minutes.',
  input: closed(measureFields),
  output: object<Evaluated>({
    prompt: text('Path of the prompt file in the workspace.'),
    model: text('The model that answered.'),
    adapter: optional(text('The adapter that it had.')),
    metric: text('What the score is, such as accuracy.'),
    split: choice('The rows that were measured.', ['val', 'test']),
    score: estimate('The score: 0 to 1, more is better.'),
    logLikelihood: optional(estimate('How probable the model finds the right answers, in nats per row. It moves before the score does.')),
    promptTokens: whole('Tokens of the prompt without its row.'),
    reported: list('Other metrics that the prompt file names.', object({ metric: text('Its name.'), score: estimate('Its score.') })),
    mistakes: list(
      `At most ${mostMistakes} validation rows whose answer does not get the full score. Empty for the test rows, which stay held out.`,
      object<Mistake>({
        line: whole('Line of the row in the data file.', 1),
        prediction: text('What the model answered.'),
        gold: optional(text('The right answer.')),
        feedback: optional(text('What the metric says about it.')),
      }),
    ),
    notices: noticesField,
  }),
  async answer(input, context) {
    const asked = measurementAsked(input, context);
    const { signal, onProgress } = context;
    const notices: string[] = [];
    const measured = await context.work('evaluate', asked, { signal, onNotification: followMeasurement(onProgress, notices) });
    const { model, adapter, metric, score, logLikelihood, promptTokens, reported = [] } = measured;
    return {
      text: measuredText(measuredNames(asked, context, measured.rows.length), measured) + noticeLines(notices),
      data: {
        prompt: portable(context.workspace, asked.spec.prompt),
        model,
        ...(adapter !== undefined && { adapter }),
        metric,
        split: asked.split,
        score,
        ...(logLikelihood && { logLikelihood }),
        promptTokens,
        reported,
        mistakes: asked.split === 'test' ? [] : mistakesOf(measured),
        notices,
      },
    };
  },
});

const mistakesOf = ({ rows }: PromptMeasurement): Mistake[] =>
  rows
    .filter(({ score }) => score < 1)
    .slice(0, mostMistakes)
    .map(({ line, prediction, gold, feedback }) => ({
      line,
      prediction: shortened(prediction),
      ...(gold !== undefined && { gold: shortened(gold) }),
      ...(feedback !== undefined && { feedback: shortened(feedback) }),
    }));

/** @file The tool `measure_lines`: what each line of a prompt is worth. */
import type { Difference, Estimate } from '../../optimize/events.ts';
import type { LineWorth } from '../../run/record/results.ts';
import { portable } from '../../run/record/runDirectory.ts';
import { linesText } from '../../run/words/measuredText.ts';
import { closed, list, number, object, optional, text, whole } from '../fields.ts';
import { measureFields, measurementAsked, type MeasureInput } from '../inputs.ts';
import { difference, estimate, followMeasurement, measuredNames, noticeLines, noticesField } from '../outputs.ts';
import { defineTool } from '../tool.ts';

interface MeasuredLines {
  readonly prompt: string;
  readonly model: string;
  readonly metric: string;
  readonly score: Estimate;
  readonly lines: readonly MeasuredLine[];
  readonly notices: readonly string[];
}

interface MeasuredLine extends Pick<LineWorth, 'file' | 'line' | 'text' | 'logLikelihood' | 'tokensSaved'> {
  readonly score: Difference;
}

export const measureLines = defineTool<MeasureInput, MeasuredLines>({
  name: 'measure_lines',
  title: 'Measure the lines of a prompt',
  description:
    'Measure what each line of a prompt file is worth: leave it out, measure again on the same rows, and compare. Use it to find lines to delete or rewrite. A line whose interval is above zero helps, one below zero hurts, and one around zero makes no difference that these rows can show. Takes about as long as one `evaluate` for each line.',
  input: closed(measureFields),
  output: object<MeasuredLines>({
    prompt: text('Path of the prompt file in the workspace.'),
    model: text('The model that answered.'),
    metric: text('What the score is, such as accuracy.'),
    score: estimate('The score of the whole prompt: 0 to 1, more is better.'),
    lines: list(
      'Each line that can be left out.',
      object<MeasuredLine>({
        file: optional(text('In a program: the prompt file of the step.')),
        line: whole('Line of the prompt file, from 1.', 1),
        text: text('The line itself.'),
        score: difference('Score with the line minus score without it: above zero if the line helps.'),
        logLikelihood: optional(difference('The same for the log-likelihood of the right answers, in nats per row.')),
        tokensSaved: optional(number('Prompt tokens that leaving it out saves.')),
      }),
    ),
    notices: noticesField,
  }),
  async answer(input, context) {
    const asked = measurementAsked(input, context);
    const { signal, onProgress } = context;
    const notices: string[] = [];
    const measured = await context.work('attribute', asked, { signal, onNotification: followMeasurement(onProgress, notices) });
    const { model, metric, score } = measured.evaluation;
    return {
      text: linesText(measuredNames(asked, context, score.rows), measured) + noticeLines(notices),
      data: {
        prompt: portable(context.workspace, asked.spec.prompt),
        model,
        metric,
        score,
        lines: measured.lines.map(({ file, line, text, score, logLikelihood, tokensSaved }) => ({
          ...(file !== undefined && { file }),
          line,
          text,
          score,
          ...(logLikelihood && { logLikelihood }),
          ...(tokensSaved !== undefined && { tokensSaved }),
        })),
        notices,
      },
    };
  },
});

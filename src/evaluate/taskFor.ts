/** @file The task that a prompt file sets. */
import type { Row } from '../data/dataset.ts';
import { TandemError, type Place } from '../errors.ts';
import { isModule } from '../prompt/answersNeeded.ts';
import { defaultDecoding, endsOf } from '../prompt/decoding.ts';
import type { PromptFile } from '../prompt/promptFile.ts';
import { textIn } from '../prompt/values.ts';
import { answersOf, type Task } from './evaluation.ts';
import type { Metric } from './metric.ts';
import { metricNamed } from './metrics/table.ts';

/**
 * The task of a prompt file. If the file does not say how free text ends, the defaults of a task without known answers apply: see `withFittedEnds`.
 * @param rows of train and val; `labels: from-data` are their distinct outputs, sorted
 * @param modules the loaded metrics that are modules, by name
 * @throws TandemError reasons 'unknown-metric', 'metric-needs-labels', 'no-output', 'too-many-labels', 'too-few-labels'
 */
export function taskFor(file: PromptFile, rows: readonly Row[], modules: ReadonlyMap<string, Metric> = new Map()): Task {
  const { settings, ranges, path } = file;
  const place = (setting: string): Place => ({ file: path, line: ranges[setting]?.line, column: ranges[setting]?.column });
  const [metric, ...reported] = metricsOf(file).map((name) => modules.get(name) ?? namedAt(name, path, place('metric')));
  const unfit = [metric, ...reported].find(({ kind }) => kind === 'label' && !settings.labels);
  if (unfit) {
    const hint = 'Add `labels: from-data` under `tandem:`, or use the metric exact-match.';
    throw new TandemError('metric-needs-labels', `The metric "${unfit.name}" needs labels to choose from.`, {
      where: place('metric'),
      hint,
    });
  }
  const { output, template } = settings;
  const decoding = { ...defaultDecoding, ...endsOf(template), ...settings.decoding };
  const inColumn = (each: Metric): Metric => ({ ...each, ...each.inColumn?.(answersOf(rows, output)) });
  const judging = { metric: inColumn(metric), ...(reported.length > 0 && { reported: reported.map(inColumn) }) };
  const about = { template, ...(settings.chat && { chat: settings.chat }), origin: originOf(file) };
  const task = { output, ...judging, decoding, ...about };
  if (!settings.labels) return task;
  return { ...task, labels: settings.labels === 'from-data' ? labelsOf(rows, output, place('labels')) : settings.labels };
}

/** Where the body of a prompt file starts. */
export const originOf = ({ path, text, bodyOffset }: PromptFile): Place => ({
  file: path,
  line: text.slice(0, bodyOffset).split('\n').length,
});

/** The names of the metrics that are modules: code that runs when it is loaded. */
export const modulesOf = (file: PromptFile): string[] => metricsOf(file).filter(isModule);

const metricsOf = ({ settings }: PromptFile): string[] => [settings.metric, ...settings.reported];

/** A task with more labels than this is not a choice between labels. */
const mostLabels = 200;

function labelsOf(rows: readonly Row[], output: string, where: Place): string[] {
  const labels = new Set<string>();
  for (const { values, line } of rows) {
    const label = textIn(values, output).trim();
    if (label !== '') labels.add(label);
    else
      throw new TandemError('no-output', `The data row on line ${line} has no "${output}".`, {
        where,
        hint: 'Fill it in, or remove the row.',
      });
  }
  if (labels.size > mostLabels) {
    const hint = 'Leave `labels` out to generate the answer as free text.';
    throw new TandemError(
      'too-many-labels',
      `The data has ${labels.size} different outputs, but at most ${mostLabels} can be scored as labels.`,
      { where, hint },
    );
  }
  if (labels.size < 2) {
    const found = labels.size === 0 ? 'no output' : `only the output "${[...labels][0]}"`;
    throw new TandemError('too-few-labels', `The data has ${found}, so there is nothing to choose from.`, {
      where,
      hint: 'Check `output:` and the data.',
    });
  }
  return [...labels].sort();
}

/** Any error of a metric, when it is resolved or when it judges, is reported at the line that names it. */
function namedAt(name: string, promptFile: string, where: Place): Metric {
  const fail = (error: unknown): never => {
    if (!(error instanceof TandemError) || error.where) throw error;
    throw new TandemError(error.reason, error.message, { where, hint: error.hint, cause: error });
  };
  try {
    const metric = metricNamed(name, { promptFile });
    return { ...metric, judge: (...judged) => metric.judge(...judged).catch(fail) };
  } catch (error) {
    return fail(error);
  }
}

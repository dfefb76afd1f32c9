/** @file Measures a prompt, or each of its lines, and keeps the numbers in `.tandem/results/`. Both the CLI and the worker use it. */
import type { Row } from '../data/dataset.ts';
import { describeError } from '../errors.ts';
import { attributeLines, type Attribution } from '../evaluate/attribution.ts';
import { scoreOf, type Evaluation, type RowResult } from '../evaluate/evaluation.ts';
import { judgedBy } from '../evaluate/judging.ts';
import { isRight } from '../evaluate/judging.ts';
import { shortened } from '../optimize/changedPredictions.ts';
import { stepsOf } from '../prompt/prompt.ts';
import { fileLine } from '../prompt/promptFile.ts';
import { columnsOf } from '../prompt/template.ts';
import { textIn } from '../prompt/values.ts';
import { writeAnswers, type AnsweredRow } from './record/answers.ts';
import { explainedError, isUnwritable } from './record/fileErrors.ts';
import { rowCount } from './words/format.ts';
import {
  programText,
  writeResults,
  type LineChange,
  type LineWorth,
  type MeasuredPrompt,
  type MeasuredWith,
  type Results,
} from './record/results.ts';
import { portable } from './record/runDirectory.ts';
import type { Session } from './session.ts';
import type { Split } from './spec.ts';

export interface MeasureOptions {
  /** Called with what is being measured, and the share of it that is done. */
  readonly onBusy?: (what: string, share?: number) => void;
  /** An abort throws its reason. What was computed before it stays cached. */
  readonly signal?: AbortSignal;
}

export interface PromptMeasureOptions extends MeasureOptions {
  /** If present, only the rows on these lines of the data file are measured, and nothing is kept. */
  readonly lines?: readonly number[];
}

export type MeasuredRow = RowResult & {
  /** 1-based line in the data file. */
  readonly line: number;
  /** The prompt's inputs for the row. Long values are cut. */
  readonly inputs: Readonly<Record<string, string>>;
};

export interface PromptMeasurement extends MeasuredPrompt {
  readonly promptTokens: number;
  readonly rows: readonly MeasuredRow[];
}

export interface LineMeasurement {
  /** The score of the whole prompt, which the lines are compared with. */
  readonly evaluation: MeasuredPrompt;
  readonly lines: readonly LineWorth[];
  /** The same lines by their place in the body, as the evaluator sees them. */
  readonly items: readonly Attribution[];
}

/** @throws TandemError whatever the evaluator throws */
export async function measurePrompt(
  session: Session,
  split: Split,
  { onBusy, signal, lines }: PromptMeasureOptions = {},
): Promise<PromptMeasurement> {
  const { file, adapter, evaluator } = session;
  const chosen = lines && new Set(lines);
  const rows = rowsOf(session, split).filter(({ line }) => chosen?.has(line) ?? true);
  const what = `Measuring on ${lines ? `${rows.length} of ` : ''}${rowsText(session, split)}`;
  onBusy?.(what);
  const evaluation = await evaluator.evaluate({ prompt: file.prompt, adapter }, rows, {
    signal,
    onShare: (share) => onBusy?.(what, share),
  });
  const measured = await measuredPrompt(measuredWith(session, split), evaluation, session, rows);
  if (!lines) keep(session, { evaluation: measured }, evaluation, rows);
  const inputs = inputReader(session);
  const results = evaluation.rows.map((result, place) => ({ ...result, line: rows[place].line, inputs: inputs(rows[place], shortened) }));
  return { ...measured, promptTokens: evaluation.promptTokens, rows: results };
}

/** @throws TandemError whatever the evaluator throws */
export async function measureLines(session: Session, split: Split, { onBusy, signal }: MeasureOptions = {}): Promise<LineMeasurement> {
  const { file, adapter, evaluator } = session;
  onBusy?.(`Measuring on ${rowsText(session, split)}`);
  const rows = rowsOf(session, split);
  const { whole, items } = await attributeLines(evaluator, { prompt: file.prompt, adapter }, rows, {
    signal,
    onItem: (_, done, total) => onBusy?.(`Measured ${done} of ${total} lines on ${rowsText(session, split)}`, done / total),
  });
  const lines = items.map((item) => worthOf(item, session, changedOf(item, session, rows)));
  const about = measuredWith(session, split);
  const evaluation = await measuredPrompt(about, whole, session, rows);
  keep(session, { evaluation, lines: { ...about, lines } }, whole, rows);
  return { evaluation, lines, items };
}

/** The result is reported even if it cannot be kept. */
function keep(
  session: Session,
  measured: Pick<Results, 'lines'> & { readonly evaluation: MeasuredPrompt },
  { rows: results }: Evaluation,
  rows: readonly Row[],
): void {
  const { file, program, evaluator, warn } = session;
  const { labels } = evaluator.task;
  const inputs = inputReader(session);
  const answered = results.map(({ prediction, gold, score, logLikelihood, feedback, cut }, place): AnsweredRow => {
    const [{ line }, known] = [rows[place], { gold, logLikelihood, feedback, cut }];
    return { line, inputs: inputs(rows[place]), prediction, right: isRight({ score }), score, ...known };
  });
  const text = program ? programText(program) : file.text;
  try {
    // First, because anyone who watches the numbers also reads the answers.
    writeAnswers(file.path, text, { evaluation: measured.evaluation, ...(labels && { labels }), rows: answered });
    writeResults(file.path, text, measured);
  } catch (error) {
    if (!isUnwritable(error)) throw error;
    warn(`The numbers could not be saved for the editor: ${describeError(explainedError(error)).split('\n', 1)[0]}`);
  }
}

/** `80 validation rows`. */
export function rowsText({ valset, testSize }: Pick<Session, 'valset' | 'testSize'>, split: Split): string {
  return split === 'test' ? rowCount(testSize, 'test') : rowCount(valset.length, 'validation');
}

const rowsOf = (session: Session, split: Split): readonly Row[] =>
  split === 'test' ? session.openTest('a measurement that was asked for') : session.valset;

function measuredWith({ model, adapter, evaluator, chatDate }: Session, split: Split): MeasuredWith {
  return {
    at: new Date().toISOString(),
    model: model.name,
    ...(adapter && { adapter: adapter.id }),
    metric: evaluator.task.metric.name,
    split,
    ...(chatDate !== undefined && { chatDate }),
  };
}

async function measuredPrompt(
  about: MeasuredWith,
  evaluation: Evaluation,
  { evaluator: { task, writer } }: Session,
  rows: readonly Row[],
): Promise<MeasuredPrompt> {
  const { score, logLikelihood, cuts } = evaluation;
  const judgedAgain = task.reported?.map(async (metric) => {
    const judged = await judgedBy(metric, evaluation.rows, rows, { writer });
    return { metric: metric.name, score: scoreOf(metric, judged.rows) };
  });
  const reported = judgedAgain && (await Promise.all(judgedAgain));
  return { ...about, score, ...(logLikelihood && { logLikelihood }), ...(cuts && { cuts }), ...(reported && { reported }) };
}

function worthOf(
  { step, kind, line, text, score, logLikelihood, tokensSaved }: Attribution,
  { file, program, workspace }: Session,
  changedPredictions: readonly LineChange[],
): LineWorth {
  const own = program?.steps[step ?? 0] ?? file;
  return {
    ...(program && { file: portable(workspace, own.path) }),
    kind,
    line: fileLine(own, line),
    text,
    score,
    ...(logLikelihood && { logLikelihood }),
    tokensSaved,
    changedPredictions,
  };
}

function changedOf({ changedPredictions }: Attribution, session: Session, rows: readonly Row[]): LineChange[] {
  const inputs = inputReader(session);
  return changedPredictions.map(({ row: id, gold, withLine, withoutLine }) => {
    const row = rows.find((each) => each.id === id)!;
    return {
      line: row.line,
      inputs: inputs(row, shortened),
      ...(gold !== undefined && { gold: shortened(gold) }),
      withLine: shortened(withLine),
      withoutLine: shortened(withoutLine),
    };
  });
}

/** The prompt's inputs for a row. The answer of an earlier step of a program is not an input. */
function inputReader({ file, evaluator }: Session): (row: Row, shown?: (text: string) => string) => Record<string, string> {
  const read = [...new Set(stepsOf(file.prompt).flatMap(columnsOf))].filter((name) => name !== evaluator.task.output);
  return ({ values }, shown = (text) => text) =>
    Object.fromEntries(read.flatMap((name) => (name in values ? [[name, shown(textIn(values, name))]] : [])));
}

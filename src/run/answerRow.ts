/** @file Answers one row that someone has typed or chosen: by the model alone, and by the model with the adapter. */
import { questionText } from '../evaluate/question.ts';
import type { Prediction } from '../evaluate/evaluator.ts';
import type { Adapter } from '../model/adapter.ts';
import { adapterOfStep } from '../model/stepAdapters.ts';
import { stepsOf } from '../prompt/prompt.ts';
import { textIn, valueLike, type Values } from '../prompt/values.ts';
import type { PromptTexts } from './openPrompt.ts';
import type { Session } from './session.ts';

export interface AnswerRowOptions extends PromptTexts {
  /** The columns that the prompt reads, as texts. */
  readonly values: Readonly<Record<string, string>>;
  /** One answer per model. The one with the adapter exists only if the prompt has one. */
  readonly weights: readonly AnsweringWeights[];
}

export type AnsweringWeights = 'model' | 'adapter';

export interface RowAnswer extends Prediction {
  readonly weights: AnsweringWeights;
  readonly model: string;
  /** Tokens of the prompt with the row filled in. For a program, the sum over all its steps. */
  readonly promptTokens: number;
  /** For a program, the answers of the earlier steps. */
  readonly earlier?: readonly { readonly output: string; readonly text: string }[];
  readonly milliseconds: number;
}

export interface AnswerRowHooks {
  /** Called with an answer in free text while it is written. */
  readonly onText?: (weights: AnsweringWeights, text: string) => void;
  readonly signal?: AbortSignal;
}

/** @throws TandemError whatever the evaluator throws */
export async function answerRow(
  session: Session,
  { values: texts, weights }: Pick<AnswerRowOptions, 'values' | 'weights'>,
  { onText, signal }: AnswerRowHooks = {},
): Promise<RowAnswer[]> {
  const { adapter, evaluator, file, model } = session;
  const values = typedValues(session, texts);
  const answers: RowAnswer[] = [];
  for (const each of weights) {
    if (each === 'adapter' && !adapter) continue;
    const candidate = { prompt: file.prompt, ...(each === 'adapter' && { adapter }) };
    const begun = performance.now();
    const prediction = await evaluator.predict(candidate, values, { signal, onText: (text) => onText?.(each, text) });
    const milliseconds = performance.now() - begun;
    answers.push({ weights: each, model: model.name, ...prediction, ...(await asked(session, values, candidate.adapter)), milliseconds });
  }
  return answers;
}

/** The column's values in the data decide what its text is converted to: a list, a number or a text. */
function typedValues({ trainset, valset }: Session, texts: Readonly<Record<string, string>>): Values {
  const rows = [...trainset, ...valset];
  const like = (column: string) => rows.find(({ values }) => (values[column] ?? null) !== null)?.values[column];
  return Object.fromEntries(Object.entries(texts).map(([column, text]) => [column, valueLike(text, like(column))]));
}

/** What the model read for the row. */
async function asked(
  { file, program, programEvaluator, evaluator, model }: Session,
  values: Values,
  adapter: Adapter | undefined,
): Promise<Pick<RowAnswer, 'promptTokens' | 'earlier'>> {
  const steps = stepsOf(file.prompt);
  const tasks = programEvaluator?.steps ?? [evaluator.task];
  const row = { id: '', line: 0, values };
  const traced = programEvaluator ? (await programEvaluator.trace({ prompt: file.prompt, adapter }, [row])).rows[0].values : values;
  const tokens = tasks.map((task, step) => {
    return model.texts.asRead(questionText(task, model.texts, steps[step], traced), adapterOfStep(adapter, step)?.soft).tokens;
  });
  const earlier = tasks.slice(0, -1).map(({ output }) => ({ output, text: textIn(traced, output) }));
  return { promptTokens: tokens.reduce((sum, each) => sum + each, 0), ...(program && { earlier }) };
}

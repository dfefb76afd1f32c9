/** @file Measures a program. Its steps answer one after the other, and the metric judges the last answer. */
import type { Row } from '../data/dataset.ts';
import { limitRows } from '../data/split.ts';
import type { LanguageModel } from '../model/languageModel.ts';
import type { Writer } from '../model/writer.ts';
import { adapterOfStep } from '../model/stepAdapters.ts';
import { asProgram, stepsOf, type Prompt } from '../prompt/prompt.ts';
import { memoryCache, type Cache } from './cache.ts';
import { calibrationCount, needsRows } from './calibration.ts';
import type { Cut } from './cuts.ts';
import type { Task } from './evaluation.ts';
import { makeEvaluator, type Candidate, type EvaluateOptions, type Evaluator, type PromptEvaluator } from './evaluator.ts';

export interface Traced {
  /** The rows, with the answers of the steps in their columns. Ids and lines are those of the requested rows. */
  readonly rows: readonly Row[];
  /** Tokens of the earlier steps. */
  readonly tokensUsed: number;
  /** Answers of the earlier steps that were cut off. */
  readonly cuts: readonly Cut[];
}

export interface ProgramEvaluator extends Evaluator {
  /** First to last; the last one is `task`. */
  readonly steps: readonly Task[];
  /** Answers the earlier steps, so that the rows have what the last one reads. */
  readonly trace: (candidate: Candidate, rows: readonly Row[], options?: EvaluateOptions) => Promise<Traced>;
}

export interface ProgramEvaluatorOptions {
  readonly model: LanguageModel;
  /** One for each step, first to last. An earlier step's `output` is a column that later prompts may read. */
  readonly tasks: readonly Task[];
  /** Default: in memory. */
  readonly cache?: Cache;
  /** For any step that calibrates by rows: see `calibrationRows`. */
  readonly calibrationRows?: readonly Row[];
  /** For a metric that asks a larger model. */
  readonly writer?: Writer;
}

/** Every step uses the candidate's adapter, or its own if the adapter has one for each step. A single task is a program of one step. */
export function makeProgramEvaluator({
  model,
  tasks,
  cache = memoryCache(),
  calibrationRows = [],
  writer,
}: ProgramEvaluatorOptions): ProgramEvaluator {
  const last = tasks.length - 1;
  const calibration = limitRows(calibrationRows, calibrationCount, 0);
  const evaluators = tasks.map((task) => makeEvaluator({ model, task, cache, writer, calibrationRows: calibration }));

  /** A later step is calibrated with rows that have the columns it reads. */
  async function evaluatorOf(
    step: number,
    steps: readonly Prompt[],
    candidate: Candidate,
    options?: EvaluateOptions,
  ): Promise<{ evaluator: PromptEvaluator; tokensUsed: number }> {
    const kind = { ...tasks[step].decoding, ...steps[step].decoding }.calibration;
    if (step === 0 || !needsRows(kind) || !tasks[step].labels) return { evaluator: evaluators[step], tokensUsed: 0 };
    const traced = await traceTo(step, steps, candidate, calibration, options);
    return {
      evaluator: makeEvaluator({ model, task: tasks[step], cache, writer, calibrationRows: traced.rows }),
      tokensUsed: traced.tokensUsed,
    };
  }

  async function traceTo(
    end: number,
    steps: readonly Prompt[],
    { adapter: ofAll }: Candidate,
    rows: readonly Row[],
    options?: EvaluateOptions,
  ): Promise<Traced> {
    let known = rows;
    let tokensUsed = 0;
    const cuts: Cut[] = [];
    for (let step = 0; step < end; step++) {
      const adapter = adapterOfStep(ofAll, step);
      const { evaluator, tokensUsed: calibrating } = await evaluatorOf(step, steps, { prompt: steps[step], adapter: ofAll }, options);
      const { answers, tokensUsed: answering, cuts: cut = [] } = await evaluator.answer({ prompt: steps[step], adapter }, known, options);
      tokensUsed += calibrating + answering;
      cuts.push(...cut.map((each) => ({ ...each, step: tasks[step].output })));
      known = known.map((row, place) => ({ ...row, values: { ...row.values, [tasks[step].output]: answers[place] } }));
    }
    return { rows: known, tokensUsed, cuts };
  }

  return {
    model,
    task: tasks[last],
    ...(writer && { writer }),
    steps: tasks,
    trace: (candidate, rows, options) => traceTo(last, stepsOf(candidate.prompt), candidate, rows, options),
    async evaluate(candidate, rows, options) {
      const steps = stepsOf(candidate.prompt);
      const traced = await traceTo(last, steps, candidate, rows, options);
      const { evaluator, tokensUsed } = await evaluatorOf(last, steps, candidate, options);
      const evaluation = await evaluator.evaluate(
        { prompt: steps[last], adapter: adapterOfStep(candidate.adapter, last) },
        traced.rows,
        options,
      );
      const promptTokens = steps
        .slice(0, last)
        .reduce(
          (sum, prompt, step) => sum + evaluators[step].promptTokens(prompt, undefined, traced.rows.at(0)?.values),
          evaluation.promptTokens,
        );
      const cuts = [...traced.cuts, ...(evaluation.cuts ?? [])];
      return {
        ...evaluation,
        promptTokens,
        tokensUsed: evaluation.tokensUsed + tokensUsed + traced.tokensUsed,
        ...(cuts.length > 0 && { cuts }),
      };
    },
    async scoreWords(candidate, rows, words, options) {
      const steps = stepsOf(candidate.prompt);
      const traced = await traceTo(last, steps, candidate, rows, options);
      const adapter = adapterOfStep(candidate.adapter, last);
      const found = await evaluators[last].scoreWords!({ prompt: steps[last], ...(adapter && { adapter }) }, traced.rows, words, options);
      return { ...found, tokensUsed: found.tokensUsed + traced.tokensUsed };
    },
    async predict({ prompt, adapter }, values, options) {
      const steps = stepsOf(prompt);
      const row: Row = { id: '', line: 0, values };
      const traced = await traceTo(last, steps, { prompt: asProgram(steps), adapter }, [row], options);
      const { evaluator } = await evaluatorOf(last, steps, { prompt, adapter }, options);
      return evaluator.predict({ prompt: steps[last], adapter: adapterOfStep(adapter, last) }, traced.rows[0].values, options);
    },
  };
}

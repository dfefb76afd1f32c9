/** @file The weight step: LoRA by AdamW on the log-likelihood of the answers under the live prompts, stopped early by the valset. */
import type { Row } from '../data/dataset.ts';
import { TandemError } from '../errors.ts';
import type { Evaluation, Task } from '../evaluate/evaluation.ts';
import { ofRow } from '../evaluate/ofRow.ts';
import { answerAfter, endAfterAnswer, questionText } from '../evaluate/question.ts';
import { checkedLora, initialAdapter, type Adapter, type LoraConfig } from '../model/adapter.ts';
import { linearNames } from '../model/linears.ts';
import { trainAdapter, type AdapterFreedom, type AdapterTraining } from '../model/adapterTraining.ts';
import type { LlamaModel } from '../model/llama.ts';
import type { SoftPrompt } from '../model/softPrompt.ts';
import type { TrainingExample } from '../model/training.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { textIn } from '../prompt/values.ts';
import { randomStream, type Random } from '../random.ts';
import { demonstrationOf } from './proposers/demonstrations.ts';
import { allowance, type Purse } from './purse.ts';
import { softTuner, type SoftTuner } from './softTuner.ts';

/** Makes and trains adapters for one task. */
export interface WeightTrainer {
  /** The column to predict. */
  readonly output: string;
  /** An adapter that changes nothing yet. */
  fresh(seed: number): Adapter;
  /** Trains a copy of the adapter, which keeps its shape. */
  start(from: Adapter, options: { seed: number; weightPenalty: number; softPenalty?: number; freedom?: AdapterFreedom }): AdapterTraining;
  /** A row under a prompt, as tokens; a prompt with a {{soft}} line needs its soft prompt. */
  example(prompt: Prompt, row: Row, soft?: SoftPrompt): TrainingExample;
  readonly soft: SoftTuner;
}

export const defaultLora: LoraConfig = { rank: 8, alpha: 16, dropout: 0, targets: linearNames };

/**
 * What a run's new adapters are like: as asked for, in the rest like the one that the run starts from, or the default.
 * @throws TandemError reason 'bad-lora'
 */
export function loraFor(asked: Partial<LoraConfig> = {}, start?: Adapter): LoraConfig {
  const { rank, alpha, dropout, targets } = start?.config ?? defaultLora;
  return checkedLora({
    rank: asked.rank ?? rank,
    alpha: asked.alpha ?? alpha,
    dropout: asked.dropout ?? dropout,
    targets: asked.targets ?? targets,
  });
}

export function loraTrainer(model: LlamaModel, task: Task, lora: LoraConfig = defaultLora): WeightTrainer {
  const { tokenizer } = model;
  const example: WeightTrainer['example'] = (prompt, row, soft) => {
    const question = ofRow(row, () => questionText(task, tokenizer, prompt, row.values));
    const answer = model.completionTokens(answerAfter(task, question, textIn(row.values, task.output).trim()));
    // A label is chosen among labels; free text must also learn where to end.
    const ended = task.labels ? answer : [...answer, ...endAfterAnswer(task, tokenizer)];
    return { prompt: model.promptTokens(question, soft), answer: ended };
  };
  return {
    output: task.output,
    fresh: (seed) => initialAdapter(model.engine.config, lora, seed),
    start(from, options) {
      // Rank, alpha and targets are what the trained matrices mean; dropout says only how training goes on.
      const config = { ...from.config, dropout: lora.dropout };
      return trainAdapter(model.engine, { ...from, config }, { ...options, weightDecay: 0.01 });
    },
    example,
    soft: softTuner(model, example, lora),
  };
}

export interface WeightStep {
  /** As many as are planned now. */
  readonly steps: number;
  readonly step: number;
  readonly loss: number;
  readonly learningRate: number;
  readonly gradientNorm: number;
  readonly passes: number;
  /** The soft prompt's own, of a step that moved it. */
  readonly soft?: { readonly learningRate: number; readonly gradientNorm: number };
}

export interface TuneOptions {
  readonly trainer: WeightTrainer;
  readonly start: Adapter;
  /** The live prompts: batches take turns. */
  readonly prompts: readonly Prompt[];
  readonly trainset: readonly Row[];
  readonly steps: number;
  /** Where the clock allows more than was planned, they become so many at most; by default not more than planned. */
  readonly mostSteps?: number;
  readonly batchRows: number;
  /** At the top of the schedule: warm-up over a tenth of the steps, then a cosine down to a tenth. */
  readonly learningRate: number;
  readonly weightPenalty: number;
  /** Of the adapter's soft prompt, on the same schedule; it stays as it is without one. */
  readonly soft?: { readonly learningRate: number; readonly penalty: number };
  readonly seed: number;
  /** Draws the batches of a curriculum; by default every row once before any twice. */
  readonly batches?: (count: number) => readonly Row[];
  readonly freedom?: AdapterFreedom;
  /** What may be spent, measuring included. Where the clock changes it, the steps become as many as it pays for. */
  readonly budget: Purse;
  /** Token passes of a measurement, until one has been made. */
  readonly measuring?: number;
  readonly signal?: AbortSignal;
  /** Measures the adapter on the valset; called every `measureEvery` steps and at the end. */
  readonly measure: (adapter: Adapter) => Promise<Evaluation>;
  readonly measureEvery: number;
  /** Called after a measurement that is not the last; what it costs, in token passes, belongs to the phase. */
  readonly afterMeasurement?: (adapter: Adapter) => Promise<number>;
  /** Ends the phase after so many measurements without a better one. */
  readonly patience: number;
  readonly onStep: (step: WeightStep) => void;
}

export interface TuneResult {
  readonly adapter: Adapter;
  /** Of the adapter, on the valset; absent where nothing could be measured within the budget. */
  readonly evaluation?: Evaluation;
  readonly passes: number;
  /** Among how many it is the best. */
  readonly measurements: number;
}

/** Trains and returns the adapter of the best measurement (score first, likelihood where it is level). */
export async function tuneWeights(options: TuneOptions): Promise<TuneResult> {
  const { trainer, prompts, trainset, learningRate, seed } = options;
  const training = trainer.start(options.start, {
    seed,
    weightPenalty: options.weightPenalty,
    ...(options.freedom && { freedom: options.freedom }),
    ...(options.soft && { softPenalty: options.soft.penalty }),
  });
  const rows = options.batches ?? rowCycle(trainset, seed);
  let best: { adapter: Adapter; evaluation: Evaluation } | undefined;
  let passes = 0;
  let since = 0;
  let measurements = 0;
  const length = plannedLength(options);
  for (let step = 0; step < length.steps && passes < length.budget && !options.signal?.aborted; step++) {
    const { steps } = length;
    const random = randomStream(seed, 'step', step);
    const prompt = prompts[step % prompts.length];
    const batch = rows(options.batchRows);
    const shown = resampled(prompt, trainer.output, batch, trainset, random);
    const rate = learningRate * schedule(step, steps);
    const softRate = (options.soft?.learningRate ?? 0) * schedule(step, steps);
    const examples = examplesOf(trainer, batch, shown, prompt, options.start.soft);
    const { loss, gradientNorm, tokens, softGradientNorm } = await training.step(examples, rate, softRate);
    passes += 3 * tokens;
    const soft = softGradientNorm === undefined ? {} : { soft: { learningRate: softRate, gradientNorm: softGradientNorm } };
    options.onStep({ steps, step: step + 1, loss, learningRate: rate, gradientNorm, passes, ...soft });
    length.replan(step + 1, passes);
    const last = step + 1 >= length.steps || passes >= length.budget;
    if (!last && (step + 1) % options.measureEvery !== 0) continue;
    const adapter = training.adapter();
    const evaluation = await options.measure(adapter).catch(nothingIfDiverged);
    if (!evaluation) break;
    passes += evaluation.passes;
    measurements++;
    length.measured(evaluation.passes);
    if (!best || isBetter(evaluation, best.evaluation)) {
      best = { adapter, evaluation };
      since = 0;
    } else if (++since >= options.patience) break;
    if (!last && options.afterMeasurement) passes += await options.afterMeasurement(adapter);
    length.replan(step + 1, passes);
  }
  return best ? { ...best, passes, measurements } : { adapter: training.adapter(), passes, measurements };
}

/** How many steps there are to be, and what may be spent: as planned or, by the clock, as many as are paid for now. */
function plannedLength({ steps: planned, mostSteps = planned, budget: purse, measureEvery, measuring = 0 }: TuneOptions) {
  let steps = planned;
  let budget = allowance(purse);
  let measurement = measuring;
  let measurements = 0;
  return {
    get steps() {
      return steps;
    },
    get budget() {
      return budget;
    },
    measured(passes: number): void {
      measurement = passes;
      measurements++;
    },
    /** After so many steps, which with their measurements cost so many token passes. */
    replan(taken: number, passes: number): void {
      const now = allowance(purse, passes);
      if (now === budget) return;
      budget = now;
      const step = (passes - measurements * measurement) / taken;
      // The measurement at the end is paid for.
      const more = Math.floor((budget - passes + measurement) / (step + measurement / measureEvery));
      steps = Math.max(taken, Math.min(mostSteps, taken + more));
    },
  };
}

/** The rows under the prompt as it is shown, or as it is, where longer demonstrations than its own do not fit. */
function examplesOf(trainer: WeightTrainer, batch: readonly Row[], shown: Prompt, prompt: Prompt, soft?: SoftPrompt): TrainingExample[] {
  try {
    return batch.map((row) => trainer.example(shown, row, soft));
  } catch (error) {
    if (shown === prompt || !(error instanceof TandemError) || error.reason !== 'too-long') throw error;
    return batch.map((row) => trainer.example(prompt, row, soft));
  }
}

/** Weights that ran away cannot be measured; what was best before stands. */
function nothingIfDiverged(error: unknown): undefined {
  if (error instanceof TandemError && error.reason === 'not-finite') return undefined;
  throw error;
}

/** Warm-up over a tenth of the steps, then a cosine from 1 to 0.1. */
export function schedule(step: number, steps: number): number {
  const warm = Math.max(1, Math.round(steps / 10));
  if (step < warm) return (step + 1) / warm;
  return rateAfter((step - warm) / Math.max(1, steps - warm));
}

/** The cosine from 1 to 0.1. @param share of the way, from 0 to 1 */
export const rateAfter = (share: number): number => 0.1 + 0.45 * (1 + Math.cos(Math.PI * share));

type Scores = Pick<Evaluation, 'score' | 'logLikelihood'>;

/** Score first; a level score by the likelihood. */
export function isBetter(a: Scores, b: Scores): boolean {
  return a.score.mean !== b.score.mean ? a.score.mean > b.score.mean : a.logLikelihood.mean > b.logLikelihood.mean;
}

/** Sorts what was measured, the best first. */
export const bestFirst = (a: { readonly evaluation: Scores }, b: { readonly evaluation: Scores }): number =>
  isBetter(a.evaluation, b.evaluation) ? -1 : 1;

/** Rows in random order, every one once before any twice. */
function rowCycle(rows: readonly Row[], seed: number): (count: number) => Row[] {
  let epoch = 0;
  let waiting: Row[] = [];
  return (count) => {
    const size = Math.min(count, rows.length);
    if (waiting.length < size) waiting = [...waiting, ...randomStream(seed, 'epoch', epoch++).shuffle(rows)];
    const batch = waiting.slice(0, size);
    waiting = waiting.slice(size);
    return batch;
  };
}

/** Other demonstrations than the prompt's own, as many, none of them a row of the batch: so that weights do not learn one wording by heart. */
function resampled(prompt: Prompt, output: string, batch: readonly Row[], trainset: readonly Row[], random: Random): Prompt {
  const count = prompt.demonstrations.length;
  if (!count) return prompt;
  const used = new Set(batch.map((row) => row.id));
  const free = random.shuffle(trainset.filter((row) => !used.has(row.id))).slice(0, count);
  return free.length < count ? prompt : { ...prompt, demonstrations: free.map((row) => demonstrationOf(prompt, output, row)) };
}

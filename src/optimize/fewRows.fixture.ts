/** @file A weight phase on a few made-up rows: weights that have learned from a row have memorized its answer. */
import { makeRow, type Row } from '../data/dataset.ts';
import type { Evaluator } from '../evaluate/evaluator.ts';
import type { Adapter } from '../model/adapter.ts';
import type { Decoding } from '../prompt/decoding.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { alternatingDefaults, type PhaseStart } from './alternatingPhase.ts';
import type { OptimizationContext } from './coordinator.ts';
import type { OptimizationEvent } from './events.ts';
import { memoryAdapters } from './jointOptimization.ts';
import { noStatistics } from './targetBandit.ts';
import { evaluationWith, intentTask } from './madeUp.fixture.ts';
import { measureStart } from './measuredState.ts';
import { defaultObjective } from './objective.ts';
import type { Lesson, Trainer, TrainingJob } from './trainer.ts';
import { judge } from './verdict.ts';
import { weightPhase } from './weightPhase.ts';

const prompt: Prompt = { body: 'Message: ${input:message}\nIntent:\n', demonstrations: [] };
const rows = (from: number, to: number): Row[] =>
  Array.from({ length: to - from }, (_, i) => makeRow({ message: `${from + i}`, intent: 'card' }, from + i + 1));
const isTrained = (name: string, adapter?: Adapter): boolean => adapter?.id.startsWith(`fresh on ${name}`) ?? false;
export const adapterNamed = (id: string): Adapter => ({ id, pairs: [], config: { rank: 1, alpha: 1, dropout: 0, targets: [] } });

/** Three rows in four. */
export const most = (line: number): boolean => line % 4 !== 0;

export interface FewRows {
  /** Rows that trained weights answer right without having learned from them. `known` are those of the untrained model. It gets all others wrong. */
  readonly learned: (line: number, trainings: number) => boolean;
  readonly known?: (line: number) => boolean;
  /** The same, if it depends on the label scoring. */
  readonly read?: (line: number, decoding: Decoding) => boolean;
  readonly train?: number;
  readonly validate?: number;
  readonly budget?: number;
  readonly adapter?: Adapter;
  /** Whether weights that learn from all rows have memorized none of them in the end. */
  readonly forgets?: boolean;
  /** How many times the usual price a step on all rows costs. */
  readonly dear?: number;
}

/** A context, the jobs that its trainer received, and the events that it emitted. */
export function fewRowsContext({
  learned,
  known = () => false,
  train = 15,
  validate = 9,
  budget = 1e6,
  adapter,
  forgets,
  dear = 1,
  read,
}: FewRows) {
  const [valset, trainset] = [rows(0, validate), rows(validate, validate + train)];
  const [events, jobs]: [OptimizationEvent[], TrainingJob[]] = [[], []];
  const { labels, ...free } = intentTask;
  const task = read ? { ...free, labels } : free;
  const byHeart = (row: Row, weights?: Adapter): boolean =>
    isTrained('all', weights) || (isTrained('train', weights) ? trainset.includes(row) : isTrained('val', weights) && valset.includes(row));
  const evaluator = {
    task,
    model: { texts: { count: (text: string) => text.split(' ').length } },
    evaluate: (candidate: { adapter?: Adapter; prompt: Prompt }, on: readonly Row[]) => {
      const weights = candidate.adapter;
      const tuned = read
        ? (line: number): boolean => read(line, { ...task.decoding, ...candidate.prompt.decoding })
        : (line: number): boolean => learned(line, weights!.id.split(' on ').length - 1);
      const right = (row: Row): boolean =>
        !(forgets && isTrained('all', weights)) &&
        (byHeart(row, weights) || (weights?.id.startsWith('fresh on') ? tuned : known)(row.line));
      const evaluation = evaluationWith(on.map((row) => Number(right(row))));
      return Promise.resolve({ ...evaluation, rows: evaluation.rows.map((result, i) => ({ ...result, row: on[i].id, gold: 'card' })) });
    },
  } as unknown as Evaluator;
  const stepCost = ({ rows: taught }: Lesson): number => 100 * (taught.length > train ? dear : 1);
  const trainer = {
    outputColumn: 'intent',
    fresh: () => adapterNamed('fresh'),
    stepCost,
    async train(job: TrainingJob, hooks: Parameters<Trainer['train']>[1]) {
      jobs.push(job);
      const [{ rows: taught }] = job.lessons;
      const name = taught.length > train ? 'all' : taught.every((row) => valset.includes(row)) ? 'val' : 'train';
      const tuned = adapterNamed(`${job.from} on ${name}`);
      const evaluation = await hooks.measure(tuned);
      const tokensUsed = stepCost(job.lessons[0]) * job.steps + evaluation.tokensUsed;
      hooks.onStep?.({ steps: job.steps, step: job.steps, loss: 1, learningRate: job.learningRate, gradientNorm: 1, tokensUsed });
      return { adapter: tuned, evaluation, tokensUsed, measurements: 1, steps: job.steps };
    },
  } as unknown as Trainer;
  const context: OptimizationContext = {
    ...{ evaluator, trainer, adapters: memoryAdapters(), prompt, trainset, valset, objective: defaultObjective, seed: 1, budget },
    emit: (event) => events.push(event),
    ...(adapter && { start: adapter }),
  };
  return { context, events, jobs };
}

/** The first weight phase, with its verdict. */
export async function phaseOn(given: FewRows) {
  const { context, events, jobs } = fewRowsContext(given);
  const { budget } = context;
  const { adapter } = given;
  const { start: current, evaluation: before } = await measureStart(context);
  const memory = { current, statistics: noStatistics, challengers: [], tried: [] };
  const start: PhaseStart = { phase: 1, memory, before, adapter, spent: 0, budget };
  const outcome = await weightPhase(context, { ...alternatingDefaults, targets: given.read ? ['weights', 'prompt'] : ['weights'] }, start);
  const measured = outcome.measured!;
  const verdict = judge(context, { start: current, phase: 1, before, from: current }, measured);
  return { context, result: { ...measured, tokensUsed: outcome.tokensUsed }, verdict, jobs, events };
}

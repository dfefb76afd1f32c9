/** @file One run of a comparison at equal compute, and the results file that it becomes a line of. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Row } from '../../src/data/dataset.ts';
import type { Task } from '../../src/evaluate/evaluation.ts';
import { makeProgramEvaluator } from '../../src/evaluate/programEvaluator.ts';
import type { LlamaModel } from '../../src/model/llama.ts';
import { AlternatingJointOptimizer, type AlternatingOptions } from '../../src/optimize/alternating.ts';
import { CoordinateJointOptimizer, type CoordinateOptions } from '../../src/optimize/coordinate.ts';
import type { Coordinator } from '../../src/optimize/coordinator.ts';
import type { OptimizationEvent } from '../../src/optimize/events.ts';
import { JointOptimizer } from '../../src/optimize/jointOptimizer.ts';
import { weightDrift } from '../../src/model/adapterTraining.ts';
import { asProgram, stepsOf, type Prompt } from '../../src/prompt/prompt.ts';

export const variants: Readonly<Record<string, Partial<AlternatingOptions>>> = {
  'weights only': { levers: ['weights'], strategy: 'plain' },
  mixture: { strategy: 'mixture' },
  'look-ahead': { strategy: 'look-ahead' },
  'plain gate': { strategy: 'plain' },
  'chain p -> w -> p': { schedule: { kind: 'chain', levers: ['prompt', 'weights', 'prompt'] }, strategy: 'plain' },
  'prompt only': { levers: ['prompt'], strategy: 'plain' },
};

/** Coordinate descent, of a prompt or of a program as a whole. */
export const coordinateVariants: Readonly<Record<string, Partial<CoordinateOptions>>> = {
  coordinate: {},
  'adapter only': { levers: ['weights'] },
  'prompts only': { levers: ['prompt'] },
};

const makers = (set: object): (readonly [string, () => Coordinator])[] => [
  ...Object.entries(variants).map(([name, options]) => [name, () => new AlternatingJointOptimizer({ ...options, ...set })] as const),
  ...Object.entries(coordinateVariants).map(
    ([name, options]) => [name, () => new CoordinateJointOptimizer({ ...options, ...set })] as const,
  ),
];

/** One line of the results file. */
export interface JointLine {
  /** Of the code that ran, `-dirty` with uncommitted changes. */
  readonly commit: string;
  readonly task: string;
  readonly train: number;
  readonly seed: number;
  readonly variant: string;
  readonly budget: number;
  readonly passes: number;
  readonly seconds: number;
  readonly done: string;
  /** Score of each test row, in the order of the rows: '1' right, '0' wrong. */
  readonly before: string;
  readonly after: string;
  readonly logLikelihoodBefore: number;
  readonly logLikelihoodAfter: number;
  readonly val: number;
  readonly body: string;
  readonly demonstrations: number;
  /** What was decoded otherwise, a step each; absent where nothing was. */
  readonly decoding?: readonly object[];
  /** Squared norm of the change of the weights; absent from lines of versions that did not tell. */
  readonly drift?: number;
  readonly phases: readonly {
    readonly lever: string;
    readonly block?: string;
    readonly accepted: boolean;
    readonly val: number;
    readonly passes: number;
  }[];
}

export interface JointCase {
  readonly name: string;
  readonly task: Task;
  /** Of a program: what its earlier steps ask. */
  readonly earlier?: readonly Task[];
  /** Of a program the last step's, with the earlier ones in it. */
  readonly prompt: Prompt;
  readonly rows: { readonly train: readonly Row[]; readonly val: readonly Row[]; readonly test: readonly Row[] };
}

/** Runs the variants that the file does not have yet, and adds a line for each. */
export async function runVariants(
  model: LlamaModel,
  { name, task, earlier = [], prompt, rows }: JointCase,
  { out, seed, budget, chosen, set = {} }: { out: string; seed: number; budget: number; chosen?: string; set?: object },
): Promise<void> {
  const commit = execFileSync('git', ['describe', '--always', '--dirty', '--exclude', '*'], { encoding: 'utf8' }).trim();
  const train = rows.train.length;
  const known = readResultLines(out).filter(
    (line) => line.task === name && line.train === train && line.seed === seed && line.budget === budget,
  );
  for (const [variant, make] of makers(set)) {
    const isChosen = chosen ? chosen.split(',').includes(variant) : Object.hasOwn(variants, variant);
    if (!isChosen || known.some((line) => line.variant === variant)) continue;
    const phases: JointLine['phases'][number][] = [];
    let block: string | undefined;
    const onEvent = (event: OptimizationEvent): void => {
      if (event.type === 'phaseStarted') block = event.block;
      if (event.type !== 'phaseEnded') return;
      const { phase, lever, accepted, best, passes } = event;
      phases.push({ lever, ...(block !== undefined && { block }), accepted, val: best.score.mean, passes });
      console.error(
        `  ${phase} ${block ?? lever} ${accepted ? 'accepted' : 'rejected'} val ${best.score.mean.toFixed(3)} passes ${passes}`,
      );
    };
    const begun = performance.now();
    const optimizer = new JointOptimizer({ coordinator: make() });
    const { adapter, prompts, state } = await optimizer.optimize({
      model,
      metric: task.metric,
      task,
      earlier,
      prompts: stepsOf(prompt) as [Prompt, ...Prompt[]],
      trainset: rows.train,
      valset: rows.val,
      budget,
      seed,
      onEvent,
    });
    const seconds = (performance.now() - begun) / 1000;
    const evaluator = makeProgramEvaluator({ model, tasks: [...earlier, task], calibrationRows: rows.train });
    const before = await evaluator.evaluate({ prompt }, rows.test);
    const after = await evaluator.evaluate({ prompt: asProgram(prompts), adapter }, rows.test);
    const line: JointLine = {
      commit,
      task: name,
      train,
      seed,
      variant,
      budget,
      passes: state.passes,
      seconds: Math.round(seconds * 10) / 10,
      done: String(state.done),
      before: before.rows.map(({ score }) => score).join(''),
      after: after.rows.map(({ score }) => score).join(''),
      logLikelihoodBefore: before.logLikelihood.mean,
      logLikelihoodAfter: after.logLikelihood.mean,
      val: state.best.score.mean,
      body: prompts.map(({ body }) => body).join('\n---\n'),
      demonstrations: prompts.reduce((sum, { demonstrations }) => sum + demonstrations.length, 0),
      ...(prompts.some(({ decoding }) => decoding) && { decoding: prompts.map((each) => each.decoding ?? {}) }),
      drift: adapter ? weightDrift(adapter) : 0,
      phases,
    };
    mkdirSync(dirname(out), { recursive: true });
    appendFileSync(out, JSON.stringify(line) + '\n');
    console.log(
      `${name} ${train} rows, seed ${seed}, ${variant}: test ${before.score.mean.toFixed(3)} -> ${after.score.mean.toFixed(3)}, val ${line.val.toFixed(3)}, ${state.passes} passes in ${seconds.toFixed(0)} s (${Math.round(state.passes / seconds)}/s), ${line.done}`,
    );
  }
}

export function readResultLines(file: string): JointLine[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as JointLine);
}

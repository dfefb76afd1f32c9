/**
 * @file Quality: joint optimization beside its parts and the published chain, at equal compute, on the same rows.
 * `npm run bench -- joint [--task trec6] [--train 200] [--seeds 3] [--passes 270000] [--variant mixture] [--out FILE]`
 * Runs that the results file already has are passed over, so that a broken-off benchmark goes on.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import type { Task } from '../src/evaluate/evaluation.ts';
import { makeEvaluator } from '../src/evaluate/evaluator.ts';
import { metricNamed } from '../src/evaluate/metrics.ts';
import { makeLlama } from '../src/model/llama.ts';
import { loadModelFiles } from '../src/model/files/modelFiles.ts';
import { resolveModel } from '../src/model/store/store.ts';
import { AlternatingJointOptimizer, type AlternatingOptions } from '../src/optimize/alternating.ts';
import type { OptimizationEvent } from '../src/optimize/events.ts';
import { JointOptimizer } from '../src/optimize/jointOptimizer.ts';
import { onnxRuntimeExecutor } from '../src/tensor/onnxruntime.ts';
import { rowsOf, tasks } from './cases/tasks.ts';

export const variants: Readonly<Record<string, Partial<AlternatingOptions>>> = {
  'weights only': { levers: ['weights'], strategy: 'plain' },
  mixture: { strategy: 'mixture' },
  'look-ahead': { strategy: 'look-ahead' },
  'plain gate': { strategy: 'plain' },
  'chain p -> w -> p': { schedule: { kind: 'chain', levers: ['prompt', 'weights', 'prompt'] }, strategy: 'plain' },
  'prompt only': { levers: ['prompt'], strategy: 'plain' },
};

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
  readonly phases: readonly { readonly lever: string; readonly accepted: boolean; readonly val: number; readonly passes: number }[];
}

const { values: options } = parseArgs({
  options: {
    task: { type: 'string' },
    train: { type: 'string', default: '200' },
    val: { type: 'string', default: '100' },
    test: { type: 'string', default: '300' },
    seeds: { type: 'string', default: '3' },
    passes: { type: 'string', default: '270000' },
    variant: { type: 'string' },
    model: { type: 'string', default: 'smollm2-135m' },
    threads: { type: 'string', default: '2' },
    out: { type: 'string', default: 'bench/results/joint.jsonl' },
    /** First seed. */
    from: { type: 'string', default: '0' },
    /** Test rows from the train file: for developing methods without looking at the test rows. */
    development: { type: 'boolean', default: false },
    /** Overrides of the method's options, as JSON. */
    set: { type: 'string', default: '{}' },
  },
});

const model = makeLlama(await loadModelFiles(await resolveModel(options.model)), onnxRuntimeExecutor({ threads: Number(options.threads) }));
const budget = Number(options.passes);
const commit = execFileSync('git', ['describe', '--always', '--dirty', '--exclude', '*'], { encoding: 'utf8' }).trim();
mkdirSync(dirname(options.out), { recursive: true });
const known = existsSync(options.out)
  ? readFileSync(options.out, 'utf8')
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as JointLine)
  : [];
for (let seed = Number(options.from); seed < Number(options.from) + Number(options.seeds); seed++) {
  for (const task of tasks) {
    if (options.task && !options.task.split(',').includes(task.name)) continue;
    const train = Number(options.train);
    const rows = await rowsOf(
      task,
      seed,
      { train, val: Number(options.val), test: Number(options.test) },
      options.development ? 'development' : 'test',
    );
    const labels = [...new Set([...rows.train, ...rows.val].map((row) => row.values[task.output]))].sort();
    const asked: Task = {
      output: task.output,
      labels,
      metric: metricNamed('accuracy'),
      template: 'text',
      decoding: { calibration: 'none', normalize: 'tokens', maxTokens: 16, temperature: 0, topP: 1, stop: [], seed: 0 },
    };
    for (const [variant, chosen] of Object.entries(variants)) {
      if (options.variant && !options.variant.split(',').includes(variant)) continue;
      if (
        known.some(
          (line) =>
            line.task === task.name && line.train === train && line.seed === seed && line.variant === variant && line.budget === budget,
        )
      )
        continue;
      const phases: JointLine['phases'][number][] = [];
      const onEvent = (event: OptimizationEvent): void => {
        if (event.type === 'phaseEnded') {
          phases.push({ lever: event.lever, accepted: event.accepted, val: event.best.score.mean, passes: event.passes });
          console.error(
            `  ${event.phase} ${event.lever} ${event.accepted ? 'accepted' : 'rejected'} val ${event.best.score.mean.toFixed(3)} passes ${event.passes}`,
          );
        }
      };
      const begun = performance.now();
      const optimizer = new JointOptimizer({
        coordinator: new AlternatingJointOptimizer({ ...chosen, ...(JSON.parse(options.set) as object) }),
      });
      const { adapter, prompts, state } = await optimizer.optimize({
        model,
        metric: asked.metric,
        task: asked,
        prompts: [task.prompt],
        trainset: rows.train,
        valset: rows.val,
        budget,
        seed,
        onEvent,
      });
      const seconds = (performance.now() - begun) / 1000;
      const evaluator = makeEvaluator({ model, task: asked, calibrationRows: rows.train });
      const before = await evaluator.evaluate({ prompt: task.prompt }, rows.test);
      const after = await evaluator.evaluate({ prompt: prompts[0], adapter }, rows.test);
      const line: JointLine = {
        commit,
        task: task.name,
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
        body: prompts[0].body,
        demonstrations: prompts[0].demonstrations.length,
        phases,
      };
      appendFileSync(options.out, JSON.stringify(line) + '\n');
      console.log(
        `${task.name} ${train} rows, seed ${seed}, ${variant}: test ${before.score.mean.toFixed(3)} -> ${after.score.mean.toFixed(3)}, val ${line.val.toFixed(3)}, ${state.passes} passes in ${seconds.toFixed(0)} s (${Math.round(state.passes / seconds)}/s), ${line.done}`,
      );
    }
  }
}
await model.dispose();

/**
 * @file Quality: tuning from a learned start compared with tuning from nothing, on held-out tasks of ../shared/corpus, with nano: the
 * adapter alone, the prompt alone (it learns which proposals come first), and prompt and weights together. Reports the weight steps, or the
 * tokens, that the learned start needs to reach the other's final score. Runs that the file already has are skipped.
 * `npm run bench -- warm-start [--start models/nano/warm-start] [--tasks 10] [--seeds 5] [--tune adapter,prompt,both] [--rows 48] [--out FILE]`
 */
import { parseArgs } from 'node:util';
import { makeEvaluator } from '../src/evaluate/evaluator.ts';
import { loadModelFiles } from '../src/model/files/modelFiles.ts';
import { makeLocalModel } from '../src/model/localModel.ts';
import { resolveModel } from '../src/model/store/store.ts';
import { textOf } from '../src/prompt/values.ts';
import { randomStream } from '../src/random.ts';
import { defaultObjective } from '../src/optimize/objective.ts';
import { warmTrainer } from '../src/optimize/warmStart.ts';
import { loraTrainer } from '../src/optimize/loraTrainer.ts';
import type { TrainingHooks, TrainingJob } from '../src/optimize/trainer.ts';
import { readWarmStart } from '../src/run/warmStarts.ts';
import { onnxRuntimeExecutor } from '../src/tensor/onnxruntime.ts';
import { heldOutCase, heldOutNames } from './cases/heldOutCase.ts';
import type { JointCase } from './cases/jointRun.ts';
import { addLine, readLines } from './cases/resultLines.ts';
import { tracedRun, type TracePoint } from './cases/tracedRun.ts';
import { warmTargets, warmStartTable, type WarmTarget, type WarmStartLine } from './cases/warmStartTable.ts';

const { values: options } = parseArgs({
  options: {
    start: { type: 'string', default: 'models/nano/warm-start' },
    tasks: { type: 'string', default: '10' },
    seeds: { type: 'string', default: '5' },
    target: { type: 'string', default: Object.keys(warmTargets).join() },
    steps: { type: 'string', default: '16' },
    every: { type: 'string', default: '2' },
    batch: { type: 'string', default: '8' },
    rows: { type: 'string', default: '48' },
    /** The budget of a run that tunes the prompt. */
    tokens: { type: 'string', default: '16000' },
    threads: { type: 'string', default: '2' },
    out: { type: 'string', default: 'bench/results/warm-start.jsonl' },
  },
});

const model = makeLocalModel(await loadModelFiles(await resolveModel('nano')), onnxRuntimeExecutor({ threads: Number(options.threads) }));
const { warm: learned } = await readWarmStart(options.start);
if (options.target !== 'adapter' && Object.keys(learned.prior?.proposers ?? {}).length === 0) {
  throw new Error(
    `${options.start} has no prior over proposals, so that both starts would be the same prompts. Learn one: npm run nano -- warmStart --prior`,
  );
}
// Tasks whose source is held out come first, and short rows come before long ones.
const length = ({ rows }: JointCase): number =>
  rows.test.reduce((sum, { values }) => sum + textOf(values.input).length, 0) / rows.test.length;
const cases = heldOutNames()
  .map((name) => heldOutCase(name))
  .sort((a, b) => Number(b.fresh) - Number(a.fresh) || length(a) - length(b));
const [steps, batchRows, every] = [options.steps, options.batch, options.every].map(Number);
type Run = Pick<WarmStartLine, 'trace' | 'test'>;

for (let seed = 0; seed < Number(options.seeds); seed++) {
  for (const { fresh, ...given } of cases.slice(0, Number(options.tasks))) {
    for (const count of options.rows.split(',').map(Number)) {
      const train = randomStream('warm start rows', seed, given.name).shuffle(given.rows.train).slice(0, count);
      const of: JointCase = { ...given, rows: { ...given.rows, train } };
      for (const target of options.target.split(',') as WarmTarget[]) {
        for (const start of ['cold', 'warm'] as const) {
          const learnedFrom = start === 'warm' ? learned.adapter.id : 'none';
          const known = readLines<WarmStartLine>(options.out).some(
            (line) =>
              line.task === of.name &&
              line.seed === seed &&
              line.target === target &&
              line.start === start &&
              line.rows === train.length &&
              line.learned === learnedFrom,
          );
          if (known) continue;
          const begun = performance.now();
          const run = await (target === 'adapter' ? adapterRun : promptRun)(of, seed, target, start === 'warm');
          const seconds = Math.round((performance.now() - begun) / 1000);
          addLine(options.out, {
            ...{ task: of.name, fresh, seed, target, start, learned: learnedFrom, rows: train.length, seconds },
            ...run,
          } satisfies WarmStartLine);
          const scores = run.trace.map(({ score }) => score.toFixed(2)).join(' ');
          console.error(`${of.name} ${target} ${start}, seed ${seed}: val ${scores}, test ${run.test.score.toFixed(3)}, ${seconds} s`);
          model.forget();
        }
      }
    }
  }
}
console.log(warmStartTable(readLines(options.out)));
await model.dispose();

/** A training that is measured every few steps, because a run would measure too rarely to tell starts apart. */
async function adapterRun({ task, prompt, rows }: JointCase, seed: number, _: WarmTarget, warm: boolean): Promise<Run> {
  const own = loraTrainer(model, task);
  const trainer = warm ? warmTrainer(own, learned.adapter) : own;
  const evaluator = makeEvaluator({ model, task, calibrationRows: rows.train });
  const trace: TracePoint[] = [];
  let [taken, tokensUsed] = [0, 0];
  const measure: TrainingHooks['measure'] = async (adapter) => {
    const evaluation = await evaluator.evaluate({ prompt, adapter }, rows.val);
    trace.push({ steps: taken, tokensUsed, score: evaluation.score.mean, logLikelihood: evaluation.logLikelihood!.mean });
    return evaluation;
  };
  const adapter = trainer.fresh(seed);
  await measure(adapter);
  const job: TrainingJob = {
    ...{ from: adapter.id, lessons: [{ prompt, rows: rows.train, shots: 0 }], steps, batchRows, learningRate: 1e-3, seed },
    ...{ weightPenalty: defaultObjective.weights, measureEvery: every, patience: steps },
  };
  const tuned = await trainer.train(job, {
    ...{ start: adapter, budget: Infinity, measure },
    onStep: (step) => ([taken, tokensUsed] = [step.step, step.tokensUsed]),
  });
  const test = await evaluator.evaluate({ prompt, adapter: tuned.adapter }, rows.test);
  return { trace, test: { score: test.score.mean, logLikelihood: test.logLikelihood!.mean } };
}

async function promptRun(of: JointCase, seed: number, target: WarmTarget, warm: boolean): Promise<Run> {
  const { trace, test } = await tracedRun(model, of, {
    options: { ...warmTargets[target].options, weightSteps: steps, lookAheadSteps: 6, batchRows, proposals: 6 },
    seed,
    budget: Number(options.tokens),
    ...(warm && { prior: learned.prior, ...(target === 'both' && { trainer: (own) => warmTrainer(own, learned.adapter) }) }),
  });
  return { trace, test: { score: test.after, logLikelihood: test.logLikelihood } };
}

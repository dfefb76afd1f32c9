/**
 * @file Quality: tuning weights from a learned start beside tuning from nothing, on held-out tasks of ../shared/corpus, with nano.
 * `npm run bench -- warm-start [--start models/nano/warm-start] [--tasks 10] [--seeds 1] [--steps 16] [--rows 48] [--out FILE]`
 * Steps (and with --rows 24,48 rows) that the learned start needs to the final score of the other. Runs that the file has are passed over.
 */
import { parseArgs } from 'node:util';
import { makeEvaluator } from '../src/evaluate/evaluator.ts';
import { loadModelFiles } from '../src/model/files/modelFiles.ts';
import { loadAdapter } from '../src/model/files/peft.ts';
import { makeLlama } from '../src/model/llama.ts';
import { resolveModel } from '../src/model/store/store.ts';
import { randomStream } from '../src/random.ts';
import { defaultObjective } from '../src/optimize/objective.ts';
import { warmTrainer } from '../src/optimize/warmStart.ts';
import { loraTrainer, tuneWeights } from '../src/optimize/weightTuner.ts';
import { onnxRuntimeExecutor } from '../src/tensor/onnxruntime.ts';
import { heldOutCase, heldOutNames } from './cases/heldOutCase.ts';
import type { JointCase } from './cases/jointRun.ts';
import { addLine, readLines } from './cases/tracedRun.ts';
import { warmStartTable, type WarmStartLine } from './cases/warmStartTable.ts';

const { values: options } = parseArgs({
  options: {
    start: { type: 'string', default: 'models/nano/warm-start' },
    tasks: { type: 'string', default: '10' },
    seeds: { type: 'string', default: '1' },
    steps: { type: 'string', default: '16' },
    every: { type: 'string', default: '4' },
    batch: { type: 'string', default: '8' },
    rows: { type: 'string', default: '48' },
    threads: { type: 'string', default: '2' },
    out: { type: 'string', default: 'bench/results/warm-start.jsonl' },
  },
});

const model = makeLlama(await loadModelFiles(await resolveModel('nano')), onnxRuntimeExecutor({ threads: Number(options.threads) }));
const learned = await loadAdapter(options.start);
// Tasks whose source is held out first, short rows before long ones.
const length = ({ rows }: JointCase): number => rows.test.reduce((sum, { values }) => sum + values.input.length, 0) / rows.test.length;
const cases = heldOutNames()
  .map((name) => heldOutCase(name))
  .sort((a, b) => Number(b.fresh) - Number(a.fresh) || length(a) - length(b));
const [steps, batchRows, every] = [options.steps, options.batch, options.every].map(Number);

for (let seed = 0; seed < Number(options.seeds); seed++) {
  for (const { name, fresh, task, prompt, rows: all } of cases.slice(0, Number(options.tasks))) {
    for (const count of options.rows.split(',').map(Number)) {
      const trainset = randomStream('warm start rows', seed, name).shuffle(all.train).slice(0, count);
      for (const start of ['cold', 'warm'] as const) {
        const adapterId = start === 'warm' ? learned.id : 'none';
        const known = readLines<WarmStartLine>(options.out).some(
          (line) => line.task === name && line.seed === seed && line.start === start && line.rows === count && line.adapter === adapterId,
        );
        if (known) continue;
        const begun = performance.now();
        const own = loraTrainer(model, task);
        const trainer = start === 'warm' ? warmTrainer(own, learned) : own;
        const evaluator = makeEvaluator({ model, task, calibrationRows: trainset });
        const trace: { steps: number; passes: number; score: number; logLikelihood: number }[] = [];
        let taken = 0;
        let passes = 0;
        const measure: Parameters<typeof tuneWeights>[0]['measure'] = async (adapter) => {
          const evaluation = await evaluator.evaluate({ prompt, adapter }, all.val);
          trace.push({ steps: taken, passes, score: evaluation.score.mean, logLikelihood: evaluation.logLikelihood.mean });
          return evaluation;
        };
        const adapter = trainer.fresh(seed);
        await measure(adapter);
        const tuned = await tuneWeights({
          ...{ trainer, start: adapter, prompts: [prompt], trainset, steps, batchRows, learningRate: 1e-3, seed, budget: Infinity },
          ...{ weightPenalty: defaultObjective.weights, measure, measureEvery: every, patience: steps },
          onStep: (step) => ([taken, passes] = [step.step, step.passes]),
        });
        const test = await evaluator.evaluate({ prompt, adapter: tuned.adapter }, all.test);
        const seconds = Math.round((performance.now() - begun) / 1000);
        const line: WarmStartLine = {
          ...{ task: name, fresh, seed, start, adapter: adapterId, rows: trainset.length, trace, seconds },
          test: { score: test.score.mean, logLikelihood: test.logLikelihood.mean },
        };
        addLine(options.out, line);
        const scores = trace.map(({ score }) => score.toFixed(2)).join(' ');
        console.error(`${name} ${start}, ${count} rows, seed ${seed}: val ${scores}, test ${test.score.mean.toFixed(3)}, ${seconds} s`);
        model.forget();
      }
    }
  }
}
console.log(warmStartTable(readLines(options.out)));
await model.dispose();

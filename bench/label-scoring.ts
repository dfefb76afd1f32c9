/**
 * @file Which label scoring to choose for a tuned adapter. Weights are trained on development rows. At the start and at each measurement,
 * all label scorings are measured on the validation rows, which choose, and on fresh rows, on which the rules of choice are compared.
 * `npm run bench -- label-scoring [--task trec6,sst2,banking12,support] [--from 10] [--seeds 4] [--rows 100,60] [--threads 2] [--out FILE]`
 */
import { parseArgs } from 'node:util';
import { calibrationRows } from '../src/evaluate/calibration.ts';
import type { Evaluation } from '../src/evaluate/evaluation.ts';
import { makeEvaluator } from '../src/evaluate/evaluator.ts';
import type { Adapter } from '../src/model/adapter.ts';
import type { OpenedModel } from '../src/model/trainableModel.ts';
import { resolveModel } from '../src/model/store/store.ts';
import { defaultObjective } from '../src/optimize/objective.ts';
import { otherScorings } from '../src/optimize/labelScoring.ts';
import { loraTrainer } from '../src/optimize/loraTrainer.ts';
import type { TrainingJob } from '../src/optimize/trainer.ts';
import { openModel } from '../src/run/worker/openModel.ts';
import { scoringRules, scoringWays, type ScoringLine } from './cases/labelScoringRules.ts';
import { addLine, readLines } from './cases/resultLines.ts';
import { supportRows, type DividedRows } from './cases/supportRows.ts';
import { furtherTasks, labelTask, rowsOf, tasks } from './cases/tasks.ts';

const { values: options } = parseArgs({
  options: {
    task: { type: 'string', default: 'trec6,sst2,banking12,support' },
    from: { type: 'string', default: '10' },
    seeds: { type: 'string', default: '4' },
    steps: { type: 'string', default: '48' },
    every: { type: 'string', default: '12' },
    /** Training rows, and validation rows that choose. */
    rows: { type: 'string', default: '100,60' },
    threads: { type: 'string', default: '2' },
    out: { type: 'string', default: 'bench/results/label-scoring.jsonl' },
  },
});
const [steps, every] = [options.steps, options.every].map(Number);
const [trainCount, valCount] = options.rows.split(',').map(Number);
const counts = { train: trainCount, val: valCount, test: 200 };
const model = await openModel(await resolveModel('nano'), 'onnxruntime', Number(options.threads));

for (let seed = Number(options.from); seed < Number(options.from) + Number(options.seeds); seed++) {
  for (const name of options.task.split(',')) {
    if (readLines<ScoringLine>(options.out).some((line) => line.task === name && line.seed === seed && line.steps >= steps)) continue;
    const { task, prompt, train, val, fresh } = await (name === 'support' ? supportRows(seed) : dataTask(name, seed));
    await trainAndScore(model, { name, seed, task, prompt, train, val, fresh });
    model.forget();
  }
}
await model.dispose();
const lines = readLines<ScoringLine>(options.out);
console.log(`${scoringWays(lines)}\n\n${scoringRules(lines)}`);

async function trainAndScore(
  given: OpenedModel,
  { name, seed, task, prompt, train, val, fresh }: DividedRows & { readonly name: string; readonly seed: number },
): Promise<void> {
  const evaluator = makeEvaluator({ model: given, task, calibrationRows: calibrationRows(val, train) });
  const trainer = loraTrainer(given, task);
  let taken = 0;
  const start = trainer.fresh(seed);
  const job: TrainingJob = {
    ...{ from: start.id, lessons: [{ prompt, rows: train, shots: 0 }], steps, batchRows: 16, learningRate: 1e-3, seed },
    ...{ weightPenalty: defaultObjective.weights, measureEvery: every, patience: steps },
  };
  const measure = async (adapter?: Adapter): Promise<Evaluation> => {
    const scorings = [];
    const tuned = adapter && { adapter };
    const plain = await evaluator.evaluate({ prompt, ...tuned }, val);
    const ways = [prompt, ...otherScorings({ evaluator, trainset: train }, prompt, plain).map((way) => way.prompt)];
    for (const way of ways) {
      const [chosenBy, unseen] = [
        await evaluator.evaluate({ prompt: way, ...tuned }, val),
        await evaluator.evaluate({ prompt: way, ...tuned }, fresh),
      ];
      scorings.push({
        decoding: way.decoding ?? {},
        val: digits(chosenBy.rows),
        fresh: digits(unseen.rows),
        logLikelihoods: chosenBy.rows.map(({ logLikelihood }) => Math.round(1e3 * logLikelihood!) / 1e3),
      });
    }
    addLine(options.out, { task: name, seed, steps: taken, scorings } satisfies ScoringLine);
    return plain;
  };
  await measure();
  if (steps > 0) await trainer.train(job, { ...{ start, budget: Infinity, measure }, onStep: ({ step }) => (taken = step) });
  console.error(`${name}, seed ${seed}: done`);
}

function digits(rows: readonly { readonly score: number }[]): string {
  return rows.map(({ score }) => String(score)).join('');
}

async function dataTask(name: string, seed: number): Promise<DividedRows> {
  const known = [...tasks, ...furtherTasks].find((each) => each.name === name)!;
  const rows = await rowsOf(known, seed, counts, 'development');
  return { task: labelTask(known, rows), prompt: known.prompt, train: rows.train, val: rows.val, fresh: rows.test };
}

/**
 * @file Whether a soft prompt tunes faster from a learned start than from the instruction. Reptile learns the start on all but the last few
 * training tasks of ../shared/corpus, and it is measured on those, with nano. `npm run bench -- soft-start [--rounds 20] [--tasks 3] [--out FILE]`
 */
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { corpusTasks, metaTaskOf, promptFor } from '../models/nano/train/corpusTasks.ts';
import { makeEvaluator } from '../src/evaluate/evaluator.ts';
import { makeAdapter } from '../src/model/adapter.ts';
import { loadAdapter } from '../src/model/files/peft.ts';
import { loadModelFiles } from '../src/model/files/modelFiles.ts';
import { makeLocalModel } from '../src/model/localModel.ts';
import { resolveModel } from '../src/model/store/store.ts';
import { reptile, reptileDefaults } from '../src/optimize/metaLearning.ts';
import { defaultObjective } from '../src/optimize/objective.ts';
import { loraTrainer } from '../src/optimize/loraTrainer.ts';
import type { TrainingHooks } from '../src/optimize/trainer.ts';
import { withSoftLine } from '../src/prompt/instruction.ts';
import { randomStream } from '../src/random.ts';
import { softStartOf } from '../src/run/learnStart.ts';
import { onnxRuntimeExecutor } from '../src/tensor/onnxruntime.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    tasks: { type: 'string', default: '3' },
    steps: { type: 'string', default: '16' },
    tokens: { type: 'string', default: '16' },
    threads: { type: 'string', default: '1' },
    out: { type: 'string', default: 'bench/results/soft-start.jsonl' },
  },
});
const model = makeLocalModel(await loadModelFiles(await resolveModel('nano')), onnxRuntimeExecutor({ threads: Number(options.threads) }));
// The corpus gives tasks from one source similar names. After shuffling, the last tasks come from many sources.
const all = randomStream('soft start tasks').shuffle(corpusTasks('train'));
const [apart, seen] = [all.slice(0, Number(options.tasks)), all.slice(Number(options.tasks))];
const known = await loadAdapter('models/nano/warm-start');
const begun = softStartOf(loraTrainer(model, seen[0].task), { seed: 0, softTokens: Number(options.tokens) });
const learned = await reptile(
  { round: 0, tokensUsed: 0, adapter: makeAdapter(known.config, known.pairs, begun) },
  seen.map((task) => metaTaskOf(model, task)),
  { ...reptileDefaults, rounds: Number(options.rounds), seed: 0 },
  ({ round, tokensUsed }, { first, last }) => {
    console.error(`round ${round}: loss ${first.toFixed(3)} -> ${last.toFixed(3)}, ${tokensUsed} tokens`);
    model.forget();
  },
);
for (const { name, task, definition, rows } of apart) {
  const trainer = loraTrainer(model, task);
  const [trainset, valset] = [rows.slice(0, 48), rows.slice(48, 108)];
  const prompt = withSoftLine(promptFor(definition));
  const weights = trainer.fresh(0);
  const starts = {
    instruction: trainer.soft.begin(definition, { start: 'text', seed: 0 }),
    sentence: begun!,
    learned: learned.adapter.soft!,
  };
  for (const [start, soft] of Object.entries(starts)) {
    const evaluator = makeEvaluator({ model, task, calibrationRows: trainset });
    const trace: { score: number; logLikelihood: number }[] = [];
    const measure: TrainingHooks['measure'] = async (adapter) => {
      const evaluation = await evaluator.evaluate({ prompt, adapter }, valset);
      trace.push({ score: evaluation.score.mean, logLikelihood: evaluation.logLikelihood!.mean });
      return evaluation;
    };
    const adapter = makeAdapter(weights.config, weights.pairs, soft);
    await measure(adapter);
    const steps = Number(options.steps);
    await trainer.train(
      {
        ...{ from: adapter.id, lessons: [{ prompt, rows: trainset, shots: 0 }], steps, batchRows: 8, learningRate: 1e-3, seed: 0 },
        ...{ soft: { learningRate: reptileDefaults.softRate, penalty: defaultObjective.prompt }, weightPenalty: defaultObjective.weights },
        ...{ measureEvery: steps / 2, patience: steps },
      },
      { start: adapter, budget: Infinity, measure },
    );
    const line = { task: name, start, tokens: soft.tokens, rounds: learned.round, tokensUsed: learned.tokensUsed, steps, trace };
    appendFileSync(options.out, JSON.stringify(line) + '\n');
    console.log(JSON.stringify(line));
    model.forget();
  }
}
await model.dispose();

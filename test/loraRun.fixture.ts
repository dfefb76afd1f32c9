/**
 * @file A LoRA run of 12 steps on 32 rows in its own process. `node loraRun.js <model> <rows.jsonl>` prints as JSON the mean log-likelihood of
 * 48 other rows before and after, in nats, and the peak memory of the process.
 */
import { defaultDecoding } from '../src/prompt/decoding.ts';
import { readFileSync } from 'node:fs';
import { readDataset } from '../src/data/readDataset.ts';
import { makeEvaluator } from '../src/evaluate/evaluator.ts';
import { metricNamed } from '../src/evaluate/metrics/table.ts';
import { makeLocalModel } from '../src/model/localModel.ts';
import { loadModelFiles } from '../src/model/files/modelFiles.ts';
import { loraTrainer } from '../src/optimize/loraTrainer.ts';
import { textOf } from '../src/prompt/values.ts';
import { onnxRuntimeExecutor } from '../src/tensor/onnxruntime.ts';

const [modelPath, rowsPath] = process.argv.slice(2);
const { rows } = await readDataset(rowsPath);
const [trainset, heldOut] = [rows.slice(0, 32), rows.slice(32, 80)];
const model = makeLocalModel(await loadModelFiles(modelPath), onnxRuntimeExecutor({ threads: 2 }));
const task = {
  output: 'type',
  labels: [...new Set(rows.map(({ values }) => textOf(values.type)))].sort(),
  metric: metricNamed('accuracy'),
  template: 'text',
  decoding: { ...defaultDecoding, maxTokens: 8 },
} as const;
const prompt = { body: 'Question: ${input:question}\nType:\n', demonstrations: [] };
const evaluator = makeEvaluator({ model, task });
const trainer = loraTrainer(model, task);
const training = trainer.start(trainer.fresh(0), { seed: 0, weightPenalty: 1e-4 });

const before = await evaluator.evaluate({ prompt }, heldOut);
for (let step = 0; step < 12; step++) {
  const batch = step % 2 ? trainset.slice(16) : trainset.slice(0, 16);
  await training.step(
    batch.map((row) => trainer.example(prompt, row)),
    1e-3,
  );
}
const after = await evaluator.evaluate({ prompt, adapter: training.adapter() }, heldOut);
await model.dispose();
console.log(
  JSON.stringify({ before: before.logLikelihood!.mean, after: after.logLikelihood!.mean, peakMebibytes: peakMemory() / 2 ** 20 }),
);

/** The peak of resident bytes. Linux keeps it apart from what the parent process used. */
function peakMemory(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) * 1024;
}

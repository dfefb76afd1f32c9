/**
 * @file Quality: joint optimization compared with its parts and the published chain, at equal compute, on the same rows.
 * `npm run bench -- joint [--task trec6] [--train 200] [--seeds 3] [--tokens 270000] [--variant mixture] [--out FILE]`
 * Runs that the results file already has are skipped, so that an interrupted benchmark can continue.
 */
import { parseArgs } from 'node:util';
import { makeLocalModel } from '../src/model/localModel.ts';
import { loadModelFiles } from '../src/model/files/modelFiles.ts';
import { resolveModel } from '../src/model/store/store.ts';
import { onnxRuntimeExecutor } from '../src/tensor/onnxruntime.ts';
import { runVariants } from './cases/jointRun.ts';
import { labelTask, rowsOf, tasks } from './cases/tasks.ts';

const { values: options } = parseArgs({
  options: {
    task: { type: 'string' },
    train: { type: 'string', default: '200' },
    val: { type: 'string', default: '100' },
    test: { type: 'string', default: '300' },
    seeds: { type: 'string', default: '3' },
    tokens: { type: 'string', default: '270000' },
    variant: { type: 'string' },
    model: { type: 'string', default: 'smollm2-135m' },
    threads: { type: 'string', default: '2' },
    out: { type: 'string', default: 'bench/results/joint.jsonl' },
    /** First seed. */
    from: { type: 'string', default: '0' },
    /** Draws the test rows from the train file, to develop methods without looking at the real test rows. */
    development: { type: 'boolean', default: false },
    /** Overrides of the method's options, as JSON. */
    set: { type: 'string', default: '{}' },
  },
});

const model = makeLocalModel(
  await loadModelFiles(await resolveModel(options.model)),
  onnxRuntimeExecutor({ threads: Number(options.threads) }),
);
for (let seed = Number(options.from); seed < Number(options.from) + Number(options.seeds); seed++) {
  for (const task of tasks) {
    if (options.task && !options.task.split(',').includes(task.name)) continue;
    const counts = { train: Number(options.train), val: Number(options.val), test: Number(options.test) };
    const rows = await rowsOf(task, seed, counts, options.development ? 'development' : 'test');
    await runVariants(
      model,
      { name: task.name, task: labelTask(task, rows), prompt: task.prompt, rows },
      { out: options.out, seed, budget: Number(options.tokens), chosen: options.variant, set: JSON.parse(options.set) as object },
    );
  }
}
await model.dispose();

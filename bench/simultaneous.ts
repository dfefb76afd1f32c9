/**
 * @file Quality of the simultaneous coordinator compared with tuning only the weights, at equal compute, and of its projected text alone.
 * `npm run bench -- simultaneous [--model smollm2-135m] [--task trec6,sst2,banking12,support] [--seeds 5] [--variant "weights only;simultaneous"] [--out FILE]`
 * Runs that the results file already has are skipped, so that an interrupted benchmark can continue.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { OpenedModel } from '../src/model/trainableModel.ts';
import { openModel } from '../src/run/worker/openModel.ts';
import { resolveModel } from '../src/model/store/store.ts';
import { openSession } from '../src/run/session.ts';
import { sessionDefaults } from '../src/run/spec.ts';
import { runVariants, type JointCase } from './cases/jointRun.ts';
import { labelTask, rowsOf, tasks } from './cases/tasks.ts';

const { values: options } = parseArgs({
  options: {
    task: { type: 'string', default: 'trec6,sst2,banking12,support' },
    seeds: { type: 'string', default: '5' },
    /** First seed. */
    from: { type: 'string', default: '0' },
    /** Names separated by semicolons, because some contain commas. */
    variant: { type: 'string', default: 'weights only;simultaneous' },
    /** What two cores of 2024 process in a minute. */
    tokens: { type: 'string', default: '135000' },
    model: { type: 'string', default: 'nano' },
    threads: { type: 'string', default: '2' },
    /** By default, the model's own results file. */
    out: { type: 'string' },
    /** Draws the test rows from the train file, to develop methods without looking at the real test rows. */
    development: { type: 'boolean', default: false },
    set: { type: 'string', default: '{}' },
  },
});

/** Rows of each split of the tasks of ../shared/data. */
const counts = { train: 100, val: 60, test: 200 };

const threads = Number(options.threads);
const model = await openModel(await resolveModel(options.model), 'onnxruntime', threads);
const first = Number(options.from);
for (let seed = first; seed < first + Number(options.seeds); seed++) {
  for (const name of options.task.split(',')) {
    const known = name === 'support' ? await support() : await dataTask(model, name, seed);
    await runVariants(known.model, known.of, {
      out: options.out ?? `bench/results/simultaneous-${options.model}.jsonl`,
      seed,
      budget: Number(options.tokens),
      chosen: options.variant,
      set: JSON.parse(options.set) as object,
    });
    await known.dispose();
  }
}
await model.dispose();

interface Opened {
  readonly model: OpenedModel;
  readonly of: JointCase;
  dispose(): Promise<void>;
}

async function dataTask(model: OpenedModel, name: string, seed: number): Promise<Opened> {
  const task = tasks.find((each) => each.name === name);
  if (!task) throw new Error(`There is no task ${name}: ${tasks.map((each) => each.name).join(', ')}, support.`);
  const rows = await rowsOf(task, seed, counts, options.development ? 'development' : 'test');
  return { model, of: { name, task: labelTask(task, rows), prompt: task.prompt, rows }, dispose: async () => {} };
}

async function support(): Promise<Opened> {
  const prompt = resolve('examples/support/intent.prompt.md');
  const session = await openSession({ ...sessionDefaults, prompt, model: options.model, threads }, { forgetful: true });
  const rows = { train: session.trainset, val: session.valset, test: session.openTest('the benchmark of the simultaneous coordinator') };
  return {
    model: session.model,
    of: { name: 'support', task: session.evaluator.task, prompt: session.file.prompt, rows },
    dispose: () => session.dispose(),
  };
}

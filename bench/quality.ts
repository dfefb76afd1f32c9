/**
 * @file Quality: Tandem's default compared with the published methods, at equal compute, on the same rows, by the same evaluator and tuner.
 * `npm run bench -- quality [--model smollm2-135m] [--task trec6,sst2] [--many] [--seeds 5] [--method tandem,gepa] [--out FILE]`
 * Runs that the results file already has are skipped. Every task runs with one seed before any runs with the next. At the end it prints the
 * tables for these options.
 */
import { parseArgs } from 'node:util';
import { loadModelFiles } from '../src/model/files/modelFiles.ts';
import { makeLocalModel } from '../src/model/localModel.ts';
import { resolveModel } from '../src/model/store/store.ts';
import { alternating } from '../src/optimize/alternating.ts';
import { baselines } from '../src/optimize/baselines/baselines.ts';
import { baselineNames, type BaselineName } from '../src/optimize/baselines/names.ts';
import { onnxRuntimeExecutor } from '../src/tensor/onnxruntime.ts';
import { runVariants, type Coordinators, type JointLine } from './cases/jointRun.ts';
import { modelTables } from './cases/qualityTable.ts';
import { readLines } from './cases/resultLines.ts';
import { furtherTasks, labelTask, largeTasks, rowsOf, tasks } from './cases/tasks.ts';

const { values: options } = parseArgs({
  options: {
    model: { type: 'string', default: 'nano' },
    task: { type: 'string' },
    method: { type: 'string' },
    seeds: { type: 'string', default: '5' },
    /** First seed. */
    from: { type: 'string', default: '0' },
    threads: { type: 'string', default: '2' },
    out: { type: 'string' },
    /** Draws the test rows from the train file, to develop methods without looking at the real test rows. */
    development: { type: 'boolean', default: false },
    /** Uses thousands of training rows. */
    many: { type: 'boolean', default: false },
    /** Other options for Tandem, as JSON. */
    set: { type: 'string', default: '{}' },
  },
});

interface Size {
  readonly counts: { readonly train: number; readonly val: number; readonly test: number };
  /** Tokens per run, for nano and, for the tasks that it runs on, for SmolLM2-135M. */
  readonly tokensUsed: number;
}

const usual: Size = { counts: { train: 160, val: 60, test: 200 }, tokensUsed: 60_000 };
const heldOut: Size = { counts: { train: 100, val: 50, test: 150 }, tokensUsed: 60_000 };
/** Scoring 77 labels takes some 250 tokens per row. */
const sizes: Readonly<Record<string, Size>> = {
  banking77: { counts: { train: 300, val: 60, test: 200 }, tokensUsed: 180_000 },
  sms_spam: heldOut,
  verse_sentiment: heldOut,
};
/** As many validation rows as a run with such a budget uses. */
const manySizes: Readonly<Record<string, Size>> = {
  trec6: { counts: { train: 4000, val: 133, test: 500 }, tokensUsed: 200_000 },
  sst2: { counts: { train: 5500, val: 133, test: 500 }, tokensUsed: 200_000 },
  banking77: { counts: { train: 8000, val: 80, test: 300 }, tokensUsed: 400_000 },
  clinc150: { counts: { train: 6500, val: 80, test: 300 }, tokensUsed: 400_000 },
};
const tasksOf: Readonly<Record<string, string>> = { 'smollm2-135m': 'trec6,sst2' };

/** Runs of the prompt or the weights alone are controls of Tandem itself, not published methods. */
const controls: readonly BaselineName[] = ['w-w', 'prompt', 'weights'];
const published = baselineNames.filter((name) => !controls.includes(name));

const methods: Coordinators = {
  tandem: (set) => alternating(set),
  ...Object.fromEntries(published.map((name) => [name, () => baselines[name].make()])),
};

/** Besides Tandem, only the method that is closest when rows are few. */
const manyMethods = ['tandem', 'lora-on-gold'];

const model = makeLocalModel(
  await loadModelFiles(await resolveModel(options.model)),
  onnxRuntimeExecutor({ threads: Number(options.threads) }),
);
const chosen = (options.task ?? tasksOf[options.model])?.split(',');
const out = options.out ?? `bench/results/quality${options.many ? '-many' : ''}.jsonl`;
for (let seed = Number(options.from); seed < Number(options.from) + Number(options.seeds); seed++) {
  for (const task of options.many ? largeTasks : [...tasks, ...furtherTasks]) {
    if (chosen && !chosen.includes(task.name)) continue;
    const { counts, tokensUsed } = options.many ? manySizes[task.name] : (sizes[task.name] ?? usual);
    const rows = await rowsOf(task, seed, counts, options.development ? 'development' : 'test');
    const run = {
      out,
      seed,
      budget: tokensUsed,
      set: JSON.parse(options.set) as object,
      coordinators: methods,
      chosen: options.method ?? (options.many ? manyMethods : Object.keys(methods)).join(';'),
    };
    await runVariants(model, { name: task.name, task: labelTask(task, rows), prompt: task.prompt, rows }, run);
  }
}
await model.dispose();
const asked = readLines<JointLine>(out).filter((line) => line.model === model.name && (!chosen || chosen.includes(line.task)));
console.log(modelTables(asked, options.many ? ', many rows' : '').join('\n\n'));

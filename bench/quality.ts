/**
 * @file Quality: Tandem's default beside the published methods, at equal compute, on the same rows, by the same evaluator and tuner.
 * `npm run bench -- quality [--model smollm2-135m] [--task trec6,sst2] [--many] [--seeds 5] [--method tandem,gepa] [--out FILE]`
 * Runs that the results file already has are passed over; every task has a seed before any has the next. In the end it prints the tables of
 * what was asked for.
 */
import { parseArgs } from 'node:util';
import { loadModelFiles } from '../src/model/files/modelFiles.ts';
import { makeLlama } from '../src/model/llama.ts';
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
    /** Test rows from the train file: for developing methods without looking at the test rows. */
    development: { type: 'boolean', default: false },
    /** Thousands of training rows. */
    many: { type: 'boolean', default: false },
    /** Other options of Tandem's, as JSON. */
    set: { type: 'string', default: '{}' },
  },
});

interface Size {
  readonly counts: { readonly train: number; readonly val: number; readonly test: number };
  /** Tokens a run, for nano and, on the tasks that it is run on, for SmolLM2-135M. */
  readonly tokensUsed: number;
}

const usual: Size = { counts: { train: 160, val: 60, test: 200 }, tokensUsed: 60_000 };
const heldOut: Size = { counts: { train: 100, val: 50, test: 150 }, tokensUsed: 60_000 };
/** 77 labels are some 250 tokens to score a row. */
const sizes: Readonly<Record<string, Size>> = {
  banking77: { counts: { train: 300, val: 60, test: 200 }, tokensUsed: 180_000 },
  sms_spam: heldOut,
  verse_sentiment: heldOut,
};
/** As many validation rows as a run takes of such a budget. */
const manySizes: Readonly<Record<string, Size>> = {
  trec6: { counts: { train: 4000, val: 133, test: 500 }, tokensUsed: 200_000 },
  sst2: { counts: { train: 5500, val: 133, test: 500 }, tokensUsed: 200_000 },
  banking77: { counts: { train: 8000, val: 80, test: 300 }, tokensUsed: 400_000 },
  clinc150: { counts: { train: 6500, val: 80, test: 300 }, tokensUsed: 400_000 },
};
const tasksOf: Readonly<Record<string, string>> = { 'smollm2-135m': 'trec6,sst2' };

/** Runs of the prompt or the weights alone are Tandem's own controls, not published methods. */
const controls: readonly BaselineName[] = ['w-w', 'prompt', 'weights'];
const published = baselineNames.filter((name) => !controls.includes(name));

const methods: Coordinators = {
  tandem: (set) => alternating(set),
  ...Object.fromEntries(published.map((name) => [name, () => baselines[name].make()])),
};

/** The one that comes nearest where rows are few. */
const manyMethods = ['tandem', 'lora-on-gold'];

const model = makeLlama(await loadModelFiles(await resolveModel(options.model)), onnxRuntimeExecutor({ threads: Number(options.threads) }));
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

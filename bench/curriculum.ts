/**
 * @file Quality: curricula of data, of freedom and of both compared with none, at equal compute, with the embedded model. Reports the steps
 * to the final validation likelihood of the run without a curriculum, and the final score.
 * `npm run bench -- curriculum [--task support,robot_first_step] [--seeds 5] [--tokens 48000] [--variant "none;data, root"] [--threads 1] [--out FILE]`
 * Separate the names of variants by semicolons, because some contain commas. Runs that the file already has are skipped.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { AlternatingOptions } from '../src/optimize/alternatingPhase.ts';
import { makeLocalModel } from '../src/model/localModel.ts';
import type { OpenedModel } from '../src/model/trainableModel.ts';
import { loadModelFiles } from '../src/model/files/modelFiles.ts';
import { resolveModel } from '../src/model/store/store.ts';
import { onnxRuntimeExecutor } from '../src/tensor/onnxruntime.ts';
import { openSession } from '../src/run/session.ts';
import { sessionDefaults } from '../src/run/spec.ts';
import { addLine, readLines } from './cases/resultLines.ts';
import { tracedRun } from './cases/tracedRun.ts';
import { heldOutCase } from './cases/heldOutCase.ts';
import type { JointCase } from './cases/jointRun.ts';
import { curriculumTable, type CurriculumLine } from './cases/curriculumTable.ts';

const prompts: Readonly<Record<string, string>> = {
  support: 'examples/support/intent.prompt.md',
  dates: 'examples/dates/date.prompt.md',
};

const variants: Readonly<Record<string, Partial<AlternatingOptions>>> = {
  none: {},
  data: { curriculum: 'data' },
  freedom: { curriculum: 'freedom' },
  both: { curriculum: 'both' },
  'data, linear': { curriculum: 'data', pacing: 'linear' },
  'data, root': { curriculum: 'data', pacing: 'root' },
  'freedom, linear': { curriculum: 'freedom', pacing: 'linear' },
};

/** Short phases, so that a run has several. */
const short: Partial<AlternatingOptions> = { weightSteps: 24, lookAheadSteps: 6, batchRows: 8, proposals: 6 };

/** An example, or a held-out task of the corpus, whose short rows allow many phases at a small budget. */
async function openCase(name: string): Promise<{ model: OpenedModel; given: JointCase; dispose: () => Promise<void> }> {
  if (Object.hasOwn(prompts, name)) {
    const spec = { ...sessionDefaults, prompt: resolve(prompts[name]), model: 'nano', threads: Number(options.threads) };
    const session = await openSession(spec, { forgetful: true });
    const rows = { train: session.trainset, val: session.valset, test: session.openTest('the benchmark of curricula') };
    const given = { name, task: session.evaluator.task, prompt: session.file.prompt, rows };
    return { model: session.model, given, dispose: () => session.dispose() };
  }
  const model = makeLocalModel(await loadModelFiles(await resolveModel('nano')), onnxRuntimeExecutor({ threads: Number(options.threads) }));
  return { model, given: heldOutCase(name), dispose: () => model.dispose() };
}

const { values: options } = parseArgs({
  options: {
    task: { type: 'string', default: 'robot_first_step,restaurant_has_detail' },
    seeds: { type: 'string', default: '5' },
    tokens: { type: 'string', default: '48000' },
    variant: { type: 'string', default: 'none;data;freedom;both' },
    threads: { type: 'string', default: '2' },
    out: { type: 'string', default: 'bench/results/curriculum.jsonl' },
  },
});

for (const name of options.task.split(',')) {
  const { model, given, dispose } = await openCase(name);
  for (let seed = 0; seed < Number(options.seeds); seed++) {
    for (const variant of options.variant.split(';')) {
      const budget = Number(options.tokens);
      const known = readLines<CurriculumLine>(options.out).some(
        (line) => line.task === name && line.seed === seed && line.variant === variant && line.budget === budget,
      );
      if (known) continue;
      const begun = performance.now();
      const run = await tracedRun(model, given, { options: { ...short, ...variants[variant] }, seed, budget });
      const seconds = Math.round((performance.now() - begun) / 1000);
      addLine(options.out, { task: name, seed, variant, budget, seconds, ...run } satisfies CurriculumLine);
      console.error(
        `${name} ${variant} seed ${seed}: test ${run.test.after.toFixed(3)}, val ${run.val.logLikelihood.toFixed(3)}, ${run.phases} phases, ${seconds} s`,
      );
    }
  }
  await dispose();
}
console.log(curriculumTable(readLines(options.out)));

/**
 * @file Quality of a program of two steps with the embedded model, judged by its last answer: coordinate descent over all blocks beside the
 * adapter alone and the prompts alone, at equal compute.
 * `npm run bench -- program [--seeds 5] [--passes 100000] [--variant coordinate] [--model nano] [--out FILE]`
 * Runs that the results file already has are passed over; at the end it writes results.md anew.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { openSession } from '../src/run/session.ts';
import { sessionDefaults } from '../src/run/spec.ts';
import { coordinateVariants, runVariants } from './cases/jointRun.ts';

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '5' },
    passes: { type: 'string', default: '100000' },
    variant: { type: 'string', default: Object.keys(coordinateVariants).join() },
    model: { type: 'string', default: 'nano' },
    threads: { type: 'string', default: '2' },
    out: { type: 'string', default: 'bench/results/program.jsonl' },
    set: { type: 'string', default: '{}' },
  },
});

const spec = {
  ...sessionDefaults,
  prompt: resolve('examples/triage/tandem.program.yaml'),
  model: options.model,
  threads: Number(options.threads),
};
const session = await openSession(spec, { forgetful: true });
const rows = { train: session.trainset, val: session.valset, test: session.openTest('the benchmark of the program') };
for (let seed = 0; seed < Number(options.seeds); seed++) {
  await runVariants(
    session.model,
    {
      name: 'triage',
      task: session.evaluator.task,
      earlier: session.programEvaluator!.steps.slice(0, -1),
      prompt: session.file.prompt,
      rows,
    },
    { out: options.out, seed, budget: Number(options.passes), chosen: options.variant, set: JSON.parse(options.set) as object },
  );
}
await session.dispose();

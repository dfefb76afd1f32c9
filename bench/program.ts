/**
 * @file Quality of a program of two steps with the embedded model, judged by its last answer: coordinate descent over all blocks compared
 * with the adapter alone and the prompts alone, at equal compute. Each seed divides the rows differently.
 * `npm run bench -- program [--seeds 5] [--tokens 100000] [--variant coordinate] [--model nano] [--out FILE]`
 * Runs that the results file already has are skipped.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Row } from '../src/data/dataset.ts';
import { randomStream } from '../src/random.ts';
import { openSession } from '../src/run/session.ts';
import { sessionDefaults } from '../src/run/spec.ts';
import { coordinateVariants, runVariants } from './cases/jointRun.ts';

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '5' },
    /** First seed. */
    from: { type: 'string', default: '0' },
    tokens: { type: 'string', default: '100000' },
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
const all = [session.trainset, session.valset, session.openTest('the benchmark of the program')];
const first = Number(options.from);
for (let seed = first; seed < first + Number(options.seeds); seed++) {
  const rows = dividedBy(seed);
  await runVariants(
    session.model,
    {
      name: 'triage',
      task: session.evaluator.task,
      earlier: session.programEvaluator!.steps.slice(0, -1),
      prompt: session.file.prompt,
      rows,
    },
    { out: options.out, seed, budget: Number(options.tokens), chosen: options.variant, set: JSON.parse(options.set) as object },
  );
}
await session.dispose();

/** A single division of so few rows might favour one variant, whatever the seed of the run. */
function dividedBy(seed: number): { readonly train: readonly Row[]; readonly val: readonly Row[]; readonly test: readonly Row[] } {
  const [train, val] = all.map(({ length }) => length);
  const shuffled = randomStream('program rows', seed).shuffle(all.flat());
  return { train: shuffled.slice(0, train), val: shuffled.slice(train, train + val), test: shuffled.slice(train + val) };
}

/**
 * @file Quality on the examples with the embedded model: joint optimization compared with prompt only and weights only, at equal compute.
 * `npm run bench -- examples [--example support,dates] [--seeds 5] [--tokens 135000] [--model nano] [--out FILE]`
 * Runs that the results file already has are skipped.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { openSession } from '../src/run/session.ts';
import { sessionDefaults } from '../src/run/spec.ts';
import { runVariants } from './cases/jointRun.ts';

const prompts: Readonly<Record<string, string>> = {
  support: 'examples/support/intent.prompt.md',
  dates: 'examples/dates/date.prompt.md',
};

const { values: options } = parseArgs({
  options: {
    example: { type: 'string', default: Object.keys(prompts).join() },
    seeds: { type: 'string', default: '5' },
    /** What two cores of 2024 process in a minute. */
    tokens: { type: 'string', default: '135000' },
    variant: { type: 'string', default: 'weights only,prompt only,look-ahead' },
    model: { type: 'string', default: 'nano' },
    threads: { type: 'string', default: '2' },
    out: { type: 'string', default: 'bench/results/examples.jsonl' },
    set: { type: 'string', default: '{}' },
  },
});

for (const name of options.example.split(',')) {
  const spec = { ...sessionDefaults, prompt: resolve(prompts[name]), model: options.model, threads: Number(options.threads) };
  const session = await openSession(spec, { forgetful: true });
  const rows = { train: session.trainset, val: session.valset, test: session.openTest('the benchmark of the examples') };
  for (let seed = 0; seed < Number(options.seeds); seed++) {
    await runVariants(
      session.model,
      { name, task: session.evaluator.task, prompt: session.file.prompt, rows },
      { out: options.out, seed, budget: Number(options.tokens), chosen: options.variant, set: JSON.parse(options.set) as object },
    );
  }
  await session.dispose();
}

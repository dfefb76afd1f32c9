/**
 * @file Learns nano's warm start on the training tasks of ../shared/corpus: `npm run nano -- warmStart [--rounds 70] [--rank 4] [--prompts 8000]`.
 * Records every round in .work/warm-start/, and continues from there if it was interrupted. Writes models/nano/warm-start/.
 * `--prior` keeps the existing adapter and learns which proposals win. nano ships without that: docs/warm-start.md.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { initialAdapter } from '../../../src/model/adapter.ts';
import { linearNames } from '../../../src/model/linears.ts';
import { loadAdapter, saveAdapter } from '../../../src/model/files/peft.ts';
import { loadModelFiles } from '../../../src/model/files/modelFiles.ts';
import { makeLocalModel } from '../../../src/model/localModel.ts';
import { resolveModel } from '../../../src/model/store/store.ts';
import { reptile, reptileDefaults, type ReptileState } from '../../../src/optimize/metaLearning.ts';
import { learnFrom, noPrior, type ProposalPrior } from '../../../src/optimize/proposalPrior.ts';
import { writeFileAtomically } from '../../../src/run/record/jsonFile.ts';
import { readWarmStart, saveWarmStart, writeRecord } from '../../../src/run/warmStarts.ts';
import { truncated } from '../../../src/model/lowRank.ts';
import { onnxRuntimeExecutor } from '../../../src/tensor/onnxruntime.ts';
import { tryPrompts } from '../../../src/run/learnStart.ts';
import { corpusTasks, metaTaskOf, promptFor } from './corpusTasks.ts';
import { work } from './settings.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '70' },
    rank: { type: 'string', default: '4' },
    threads: { type: 'string', default: '2' },
    /** The rank of the adapter that is written at the end. */
    ship: { type: 'string', default: '2' },
    /** Tokens for trying prompts on each task. */
    prompts: { type: 'string', default: '8000' },
    /** Prompts are tried on every n-th task, because many tasks have the same source. */
    every: { type: 'string', default: '4' },
    prior: { type: 'boolean', default: false },
    seed: { type: 'string', default: '0' },
    out: { type: 'string', default: join(work, 'warm-start') },
  },
});
const model = makeLocalModel(await loadModelFiles(await resolveModel('nano')), onnxRuntimeExecutor({ threads: Number(options.threads) }));
const rank = Number(options.rank);
const seed = Number(options.seed);
const folder = 'models/nano/warm-start';
const cases = corpusTasks('train');
if (options.prior) {
  const { record } = await readWarmStart(folder);
  writeRecord(folder, { ...record, prior: await triedPrompts() });
} else {
  const learned = await learnedAdapter();
  const { adapter, kept } = truncated(learned.adapter, Number(options.ship));
  const record = { model: { name: model.name, fingerprint: model.fingerprint }, tasks: cases.map(({ name }) => name), prior: noPrior };
  const { round: rounds, tokensUsed } = learned;
  const card = { baseModel: 'nano', dtype: 'F16', about: cardOf({ rounds, tokensUsed, kept }) } as const;
  await saveWarmStart(folder, adapter, { ...record, rounds, tokensUsed }, card);
  console.log(JSON.stringify({ tokensUsed, kept, id: adapter.id }));
}
await model.dispose();

async function learnedAdapter(): Promise<ReptileState> {
  const tasks = cases.map((task) => metaTaskOf(model, task));
  mkdirSync(options.out, { recursive: true });
  const [stateFile, adapterFolder] = [join(options.out, 'state.json'), join(options.out, 'adapter')];
  const lora = { rank, alpha: 2 * rank, dropout: 0, targets: linearNames };
  const begun: ReptileState = existsSync(stateFile)
    ? {
        ...(JSON.parse(readFileSync(stateFile, 'utf8')) as Pick<ReptileState, 'round' | 'tokensUsed'>),
        adapter: await loadAdapter(adapterFolder),
      }
    : { round: 0, tokensUsed: 0, adapter: initialAdapter(model.engine.config, lora, seed) };
  console.error(`${tasks.length} tasks, from round ${begun.round}`);
  return reptile(begun, tasks, { ...reptileDefaults, rounds: Number(options.rounds), seed }, async (state, losses) => {
    await saveAdapter(adapterFolder, state.adapter, { baseModel: 'nano' });
    writeFileAtomically(stateFile, JSON.stringify({ round: state.round, tokensUsed: state.tokensUsed, tasks: tasks.length }) + '\n');
    console.error(`round ${state.round}: loss ${losses.first.toFixed(3)} -> ${losses.last.toFixed(3)}, ${state.tokensUsed} tokens`);
    model.forget();
  });
}

/** @param kept the share of the squared change that is left after the cut */
function cardOf({ rounds, tokensUsed, kept }: { readonly rounds: number; readonly tokensUsed: number; readonly kept: number }): string {
  const { tasksARound, innerSteps, batchRows } = reptileDefaults;
  return `# nano's warm start

A LoRA adapter (PEFT layout, halves) from which a few steps on a new task lead far. It is not meant to be used without tuning: a run tries it
beside a start from nothing, and uses it where that helps. Learned by Reptile (Nichol et al. 2018) on ${cases.length} training tasks of the corpus that
nano was healed on (labels, short rows; sources and licences: [the model's card](../README.md)): ${rounds} rounds of
${tasksARound} tasks, ${innerSteps} steps of ${batchRows} rows each at rank ${rank}, ${tokensUsed.toLocaleString('en')} tokens, seed ${seed}; then cut to rank ${options.ship} by singular
value decomposition, which keeps ${(100 * kept).toFixed(0)}% of the squared change of the weights. No held-out task was looked at.

\`npm run nano -- warmStart\` makes it again, \`npm run bench -- warm-start\` measures it. Licence: Apache-2.0, as nano's.
`;
}

/** Learns which proposals win on the prompts of some of these tasks. */
async function triedPrompts(): Promise<ProposalPrior> {
  let found = noPrior;
  for (const { name, task, definition, rows } of cases.filter((_, place) => place % Number(options.every) === 0)) {
    const val = Math.min(48, Math.floor(rows.length / 3));
    const [valset, trainset] = [rows.slice(0, val), rows.slice(val, val + 64)];
    const asked = { model, evaluator: { task }, prompt: promptFor(definition), trainset, valset };
    const { events } = await tryPrompts(asked, Number(options.prompts), seed);
    found = learnFrom(found, events);
    console.error(`${name}: ${JSON.stringify(found.proposers)}`);
    model.forget();
  }
  return found;
}

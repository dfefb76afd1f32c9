/**
 * @file What sources of proposals gain before any training: label words and confusions on small tasks. Each proposal is measured on the
 * validation rows and on rows that took no part in making or choosing it.
 * `npm run bench -- sources [--task trec6,banking12,support] [--seeds 3] [--threads 2] [--out FILE]`
 */
import { parseArgs } from 'node:util';
import type { Row } from '../src/data/dataset.ts';
import { compareEvaluations, type Task } from '../src/evaluate/evaluation.ts';
import { makeEvaluator } from '../src/evaluate/evaluator.ts';
import { resolveModel } from '../src/model/store/store.ts';
import { decide } from '../src/optimize/gate.ts';
import { confusionSentences } from '../src/optimize/proposers/confusions.ts';
import { countingEvaluator } from '../src/optimize/proposers/collect.ts';
import { labelWordChoices } from '../src/optimize/proposers/labelWords.ts';
import { decodingProposals } from '../src/optimize/proposers/decoding.ts';
import type { Proposer } from '../src/optimize/proposers/proposer.ts';
import { instructionOf, withInstruction } from '../src/prompt/instruction.ts';
import type { Prompt } from '../src/prompt/prompt.ts';
import { randomStream } from '../src/random.ts';
import { openModel } from '../src/run/worker/openModel.ts';
import { addLine, readLines } from './cases/resultLines.ts';
import { supportRows } from './cases/supportRows.ts';
import { furtherTasks, labelTask, rowsOf, tasks } from './cases/tasks.ts';

const { values: options } = parseArgs({
  options: {
    task: { type: 'string', default: 'trec6,banking12,support' },
    seeds: { type: 'string', default: '3' },
    threads: { type: 'string', default: '2' },
    out: { type: 'string', default: 'bench/results/sources.jsonl' },
  },
});
const counts = { train: 120, val: 100, test: 200 };
const sources: readonly Proposer[] = [labelWordChoices, confusionSentences];
const model = await openModel(await resolveModel('nano'), 'onnxruntime', Number(options.threads));

interface SourceLine {
  readonly task: string;
  readonly seed: number;
  readonly prompt: string;
  readonly source: string;
  readonly reason: string;
  /** The score before, and the gain of the proposal. */
  readonly val: { readonly before: number; readonly gain: number };
  readonly test: { readonly before: number; readonly gain: number };
  readonly accepted: boolean;
  /** The cost of proposing, in evaluations of the validation rows. */
  readonly cost: number;
}

for (let seed = 0; seed < Number(options.seeds); seed++) {
  for (const name of options.task.split(',')) {
    if (readLines<SourceLine>(options.out).some((line) => line.task === name && line.seed === seed)) continue;
    const given = await (name === 'support' ? supportRows(seed) : dataTask(name, seed));
    for (const [kind, prompt] of promptsOf(given.task, given.prompt)) await measure(name, seed, kind, { ...given, prompt });
    model.forget();
    console.error(`${name}, seed ${seed}: done`);
  }
}
await model.dispose();
console.log(tableOf(readLines<SourceLine>(options.out)));

interface Given {
  readonly task: Task;
  readonly prompt: Prompt;
  readonly train: readonly Row[];
  readonly val: readonly Row[];
  readonly fresh: readonly Row[];
}

/** The bare prompt, and one that lists the labels as people do. */
function promptsOf({ labels = [], output }: Task, prompt: Prompt): [string, Prompt][] {
  const listed = `Give the ${output}. It is one of: ${labels.join(', ')}.`;
  return instructionOf(prompt.body) === ''
    ? [
        ['bare', prompt],
        ['labels listed', withInstruction(prompt, listed)],
      ]
    : [['as it is', prompt]];
}

async function measure(name: string, seed: number, kind: string, { task, prompt: given, train, val, fresh }: Given): Promise<void> {
  const plain = makeEvaluator({ model, task, calibrationRows: train });
  const { evaluator, spent } = countingEvaluator(plain);
  // Like a run, it first chooses the best label scoring on the validation rows.
  const { lengthSlope } = await plain.evaluate({ prompt: given }, val);
  const ways = [
    given,
    ...decodingProposals(given, task, { trainset: train, ...(lengthSlope !== undefined && { lengthSlope }) }).map((way) => way.prompt),
  ];
  let prompt = given;
  let best = await plain.evaluate({ prompt }, val);
  for (const way of ways.filter(({ decoding }) => decoding?.calibration !== 'prior')) {
    const read = await plain.evaluate({ prompt: way }, val);
    if (read.score.mean > best.score.mean) [prompt, best] = [way, read];
  }
  const before = await plain.evaluate({ prompt }, fresh);
  for (const source of sources) {
    const from = spent();
    const proposals = await source.propose({
      prompt,
      evaluator,
      trainset: train,
      random: randomStream('sources', seed, source.name),
      count: 4,
    });
    const cost = (spent() - from) / best.tokensUsed;
    for (const { prompt: next, reason } of proposals) {
      const [onVal, onFresh] = [await plain.evaluate({ prompt: next }, val), await plain.evaluate({ prompt: next }, fresh)];
      const gained = (a: typeof best, b: typeof best) => ({ before: a.score.mean, gain: compareEvaluations(a, b).score.mean });
      addLine(options.out, {
        ...{ task: name, seed, prompt: kind, source: source.name, reason },
        ...{ val: gained(best, onVal), test: gained(before, onFresh) },
        ...{ accepted: decide(best, onVal, proposals.length).accepted, cost: Math.round(100 * cost) / 100 },
      } satisfies SourceLine);
    }
  }
}

async function dataTask(name: string, seed: number): Promise<Given> {
  const known = [...tasks, ...furtherTasks].find((each) => each.name === name)!;
  const rows = await rowsOf(known, seed, counts, 'development');
  return { task: labelTask(known, rows), prompt: known.prompt, train: rows.train, val: rows.val, fresh: rows.test };
}

function tableOf(lines: readonly SourceLine[]): string {
  const mean = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length;
  const points = (share: number): string => `${share >= 0 ? '+' : ''}${(100 * share).toFixed(1)}`;
  const rows = [...grouped(lines, ({ task, prompt, source }) => `${task} | ${prompt} | ${source}`)].map(([key, own]) => {
    // The proposal that successive halving would choose: the best on the validation rows of each seed.
    const chosen = [...grouped(own, ({ seed }) => String(seed)).values()].map((each) =>
      each.reduce((a, b) => (b.val.gain > a.val.gain ? b : a)),
    );
    const cells = [
      own.length,
      points(mean(own.map(({ val }) => val.gain))),
      own.filter(({ val }) => val.gain > 0).length,
      points(mean(chosen.map(({ val }) => val.gain))),
      points(mean(chosen.map(({ test }) => test.gain))),
      own.filter(({ accepted }) => accepted).length,
      mean(own.map(({ cost }) => cost)).toFixed(2),
    ];
    return `| ${key} | ${cells.join(' | ')} |`;
  });
  const head = [
    ...['task', 'prompt', 'source', 'proposals', 'mean on validation', 'better there', 'the best one: validation', 'fresh rows'],
    ...['accepted', 'cost in evaluations'],
  ];
  return [`| ${head.join(' | ')} |`, `| ${head.map(() => '---').join(' | ')} |`, ...rows].join('\n');
}

function grouped<T>(all: readonly T[], keyOf: (each: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const each of all) groups.set(keyOf(each), [...(groups.get(keyOf(each)) ?? []), each]);
  return groups;
}

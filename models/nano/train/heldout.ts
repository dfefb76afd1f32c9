/**
 * @file Does a model read its prompt? Held-out tasks with labels: with the definition alone, with four demonstrations, with the same under
 * wrong labels, and without a definition. `npm run nano -- heldout --model FOLDER|FILE [--rows 30] [--tasks 60]` appends to .work/heldout.jsonl.
 */
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeRow } from '../../../src/data/dataset.ts';
import type { Task } from '../../../src/evaluate/evaluation.ts';
import { makeEvaluator } from '../../../src/evaluate/evaluator.ts';
import { metricNamed } from '../../../src/evaluate/metrics/table.ts';
import { bootstrapMean, pairedBootstrap } from '../../../src/evaluate/statistics.ts';
import { makeLocalModel } from '../../../src/model/localModel.ts';
import { loadModelFiles } from '../../../src/model/files/modelFiles.ts';
import { resolveModel } from '../../../src/model/store/store.ts';
import type { Demonstration } from '../../../src/prompt/prompt.ts';
import { defaultDecoding, type Calibration } from '../../../src/prompt/decoding.ts';
import { randomStream } from '../../../src/random.ts';
import { onnxRuntimeExecutor } from '../../../src/tensor/onnxruntime.ts';
import { readInstructions, readTasks, type CorpusRow } from './corpus.ts';
import { work } from './settings.ts';

const { values: options } = parseArgs({
  options: {
    model: { type: 'string', default: join(work, 'student') },
    rows: { type: 'string', default: '30' },
    tasks: { type: 'string', default: '60' },
    threads: { type: 'string', default: '2' },
    calibration: { type: 'string', default: 'none' },
  },
});
const model = makeLocalModel(
  await loadModelFiles(await resolveModel(options.model)),
  onnxRuntimeExecutor({ threads: Number(options.threads) }),
);
const all = readInstructions('heldout');
const tasks = Object.entries(readTasks()).filter(
  ([, task]) => task.split === 'heldout' && task.labels && task.labels.length <= 12 && task.definition,
);

const conditions = ['definition', '4 demonstrations', '4 wrong demonstrations', '4 demonstrations, no definition'] as const;
type Condition = (typeof conditions)[number];
const scores = new Map<Condition | 'chance' | 'majority', number[]>();
const started = performance.now();
for (const [name, { definition, labels }] of tasks.slice(0, Number(options.tasks))) {
  const random = randomStream('heldout', name);
  const rows = random.shuffle(all.get(name)!).filter(({ output }) => labels!.includes(output));
  const shown = balanced(rows, 4);
  const asked = rows.filter((row) => !shown.includes(row)).slice(0, Number(options.rows));
  const task: Task = {
    output: 'output',
    labels,
    metric: metricNamed('accuracy'),
    decoding: { ...defaultDecoding, calibration: options.calibration as Calibration, maxTokens: 16 },
    template: 'text',
  };
  const asRow = ({ input, output }: CorpusRow, i: number): ReturnType<typeof makeRow> => makeRow({ input, output }, i + 1);
  const evaluator = makeEvaluator({ model, task, calibrationRows: rows.slice(-40).map(asRow) });
  const prompts: Record<Condition, { head: string; demonstrations: readonly Demonstration[] }> = {
    definition: { head: definition, demonstrations: [] },
    '4 demonstrations': { head: definition, demonstrations: shown.map(demonstration) },
    '4 wrong demonstrations': { head: definition, demonstrations: wrong(shown).map(demonstration) },
    '4 demonstrations, no definition': { head: '', demonstrations: shown.map(demonstration) },
  };
  const line: string[] = [];
  for (const condition of conditions) {
    const { head, demonstrations } = prompts[condition];
    const body = `${head && `${head}\n\n`}{{demos}}\nInput: \${input:input}\nOutput:`;
    const evaluation = await evaluator.evaluate({ prompt: { body, demonstrations } }, asked.map(asRow));
    note(
      condition,
      evaluation.rows.map(({ score }) => score),
    );
    line.push(evaluation.score.mean.toFixed(2));
  }
  note(
    'chance',
    asked.map(() => 1 / labels!.length),
  );
  const most = Math.max(...labels!.map((label) => asked.filter(({ output }) => output === label).length));
  note(
    'majority',
    asked.map((_, i) => Number(i < most)),
  );
  console.log(`${line.join('  ')}  of ${labels!.length} labels  ${name}`);
}
const summary = Object.fromEntries([...scores].map(([condition, values]) => [condition, shortened(bootstrapMean(values))]));
const pair = (a: Condition | 'chance', b: Condition): unknown => shortened(pairedBootstrap(scores.get(a)!, scores.get(b)!));
const result = {
  model: options.model,
  calibration: options.calibration,
  tasks: Math.min(tasks.length, Number(options.tasks)),
  ...summary,
  'demonstrations over chance': pair('chance', '4 demonstrations'),
  'right over wrong demonstrations': pair('4 wrong demonstrations', '4 demonstrations'),
  'demonstrations over none': pair('definition', '4 demonstrations'),
  seconds: Math.round((performance.now() - started) / 1000),
};
mkdirSync(work, { recursive: true });
appendFileSync(join(work, 'heldout.jsonl'), `${JSON.stringify(result)}\n`);
console.log(JSON.stringify(result, null, 1));
await model.dispose();

function note(condition: Condition | 'chance' | 'majority', values: readonly number[]): void {
  scores.set(condition, [...(scores.get(condition) ?? []), ...values]);
}

/** As many rows of each label as possible, in mixed order. */
function balanced(rows: readonly CorpusRow[], count: number): CorpusRow[] {
  const result: CorpusRow[] = [];
  const times = (label: string): number => result.filter(({ output }) => output === label).length;
  while (result.length < Math.min(count, rows.length)) {
    const left = rows.filter((row) => !result.includes(row));
    const least = Math.min(...left.map(({ output }) => times(output)));
    result.push(left.find(({ output }) => times(output) === least)!);
  }
  return result;
}

/** Gives each row the label of the next row that has a different one. */
function wrong(rows: readonly CorpusRow[]): CorpusRow[] {
  return rows.map((row, i) => {
    const after = [...rows.slice(i + 1), ...rows.slice(0, i)];
    return { input: row.input, output: (after.find(({ output }) => output !== row.output) ?? row).output };
  });
}

function demonstration({ input, output }: CorpusRow): Demonstration {
  return { inputs: { input }, output };
}

function shortened({ mean, low, high, rows }: { mean: number; low: number; high: number; rows: number }): string {
  const three = (value: number): string => value.toFixed(3);
  return `${three(mean)} [${three(low)}, ${three(high)}] of ${rows}`;
}

/** @file What the commands of the evidence tables share: options, the loop over tasks and seeds, and the file of tables at the end. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadModelFiles } from '../../src/model/files/modelFiles.ts';
import { makeLocalModel } from '../../src/model/localModel.ts';
import { resolveModel } from '../../src/model/store/store.ts';
import { onnxRuntimeExecutor } from '../../src/tensor/onnxruntime.ts';
import { armNamed, arms, isArm, type ArmName } from './arms.ts';
import { runArms, type EvidenceCase, type EvidenceLine, type Outcome } from './evidenceRun.ts';
import { openTask, type OpenTask } from './evidenceTasks.ts';
import { readLines } from './resultLines.ts';

export interface EvidenceBench<M> {
  /** The name of the command and of its files in bench/results. */
  readonly name: string;
  readonly tasks: readonly string[];
  /** Labelled rows, including those for validation. */
  readonly sizes: readonly number[];
  /** Tokens per run. */
  readonly budget: number;
  readonly arms: readonly ArmName[];
  readonly testRows: number;
  /** The cases of a task with this many rows: one, or several with their own names. */
  cases(open: OpenTask, options: { size: number; seed: number; testRows: number }): EvidenceCase[];
  readonly measure?: (outcome: Outcome) => Promise<M>;
  /** The tables, as Markdown. */
  sections(lines: readonly EvidenceLine<M>[]): string[];
}

/**
 * Runs what the results file does not have yet, and writes the tables of everything in it. Small sizes come first, and everything runs with one
 * seed before any runs with the next. `--seeds 0` only writes the tables.
 */
export async function runBench<M>(bench: EvidenceBench<M>): Promise<void> {
  const { values } = parseArgs({
    options: {
      model: { type: 'string', default: 'nano' },
      /** How many seeds, and the first one. */
      seeds: { type: 'string', default: '3' },
      from: { type: 'string', default: '0' },
      tasks: { type: 'string', default: bench.tasks.join() },
      sizes: { type: 'string', default: bench.sizes.join() },
      budget: { type: 'string', default: String(bench.budget) },
      arms: { type: 'string', default: bench.arms.join() },
      test: { type: 'string', default: String(bench.testRows) },
      threads: { type: 'string', default: '2' },
      out: { type: 'string', default: `bench/results/${bench.name}.jsonl` },
    },
  });
  const chosen = values.arms.split(',').map((name) => {
    if (!isArm(name)) throw new Error(`There is no arm ${name}. Choose from ${Object.keys(arms).join(', ')}.`);
    return name;
  });
  const [seeds, from, budget, test] = [values.seeds, values.from, values.budget, values.test].map(wholeNumber);
  const sizes = values.sizes.split(',').map(wholeNumber);
  if (seeds > 0) {
    const executor = onnxRuntimeExecutor({ threads: wholeNumber(values.threads) });
    const model = makeLocalModel(await loadModelFiles(await resolveModel(values.model)), executor);
    const tasks = await Promise.all(values.tasks.split(',').map(openTask));
    for (let seed = from; seed < from + seeds; seed++) {
      for (const size of sizes) {
        for (const open of tasks) {
          for (const given of bench.cases(open, { size, seed, testRows: test })) {
            await runArms(model, given, { out: values.out, seed, budget, arms: chosen, measure: bench.measure });
          }
        }
      }
    }
    await model.dispose();
  }
  const lines = readLines<EvidenceLine<M>>(values.out);
  const commits = [...new Set(lines.map(({ commit }) => commit))].join(', ');
  const text = [...bench.sections(lines), `Code: ${commits}.`].join('\n\n') + '\n';
  writeFileSync(values.out.replace(/(\.jsonl)?$/, '.md'), text);
  console.log(text);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 0) throw new Error(`'${text}' is not a whole number.`);
  return value;
}

/** The arms that have lines, in the order of the table. */
export const armsOf = (lines: readonly Pick<EvidenceLine, 'arm'>[]): ArmName[] =>
  (Object.keys(arms) as ArmName[]).filter((arm) => lines.some((line) => line.arm === arm));

export const titleOf = (arm: ArmName): string => armNamed(arm).title;

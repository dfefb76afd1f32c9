/** @file What the commands of the evidence tables have in common: their options, their loop over tasks and seeds, and the file of tables they end with. */
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
  /** Of the command, and of the files in bench/results. */
  readonly name: string;
  readonly tasks: readonly string[];
  /** Labelled rows, those for validation included. */
  readonly sizes: readonly number[];
  /** Tokens a run. */
  readonly budget: number;
  readonly arms: readonly ArmName[];
  readonly testRows: number;
  /** What a task with this many rows is run on: one case, or several with names of their own. */
  cases(open: OpenTask, options: { size: number; seed: number; testRows: number }): EvidenceCase[];
  readonly measure?: (outcome: Outcome) => Promise<M>;
  /** The tables, as Markdown. */
  sections(lines: readonly EvidenceLine<M>[]): string[];
}

/**
 * Runs what the results file does not have yet, a seed of everything before any next one, the small sizes first, and writes the tables of all that
 * it has. `--seeds 0` writes the tables alone.
 */
export async function runBench<M>(bench: EvidenceBench<M>): Promise<void> {
  const { values } = parseArgs({
    options: {
      model: { type: 'string', default: 'nano' },
      /** How many, and the first one. */
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

/** The arms that there are lines of, in the order of the table. */
export const armsOf = (lines: readonly Pick<EvidenceLine, 'arm'>[]): ArmName[] =>
  (Object.keys(arms) as ArmName[]).filter((arm) => lines.some((line) => line.arm === arm));

export const titleOf = (arm: ArmName): string => armNamed(arm).title;

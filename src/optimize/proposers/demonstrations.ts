/** @file Demonstrations: labelled rows chosen for coverage, or rows that the model itself gets right. */
import type { Row } from '../../data/dataset.ts';
import { limitRows } from '../../data/split.ts';
import type { Demonstration, Prompt } from '../../prompt/prompt.ts';
import { columnsOf } from '../../prompt/template.ts';
import type { Random } from '../../random.ts';
import type { Proposal, Proposer, ProposerContext } from './proposer.ts';

/** A row as a demonstration for a prompt: the columns that the prompt reads, and the answer. */
export function demonstrationOf(prompt: Prompt, output: string, row: Row): Demonstration {
  const columns = columnsOf(prompt.body).filter((name) => name !== output);
  return { inputs: Object.fromEntries(columns.map((name) => [name, row.values[name] ?? ''])), output: row.values[output] };
}

const sizes = [2, 4, 6, 8];

/** Labelled rows, their answers as different as can be. Brown et al. 2020. */
export const labelledDemonstrations: Proposer = {
  name: 'demonstrations',
  async propose(context) {
    const proposals = Array.from({ length: context.count }, (_, i): Proposal => {
      const size = sizes[i % sizes.length];
      return {
        prompt: withRows(context, covering(context.trainset, context.evaluator.task.output, size, context.random)),
        reason: `${size} demonstrations that cover the answers`,
      };
    });
    return context.prompt.demonstrations.length
      ? [{ prompt: { ...context.prompt, demonstrations: [] }, reason: 'no demonstrations' }, ...proposals]
      : proposals;
  },
};

/** Rows that the model answers right with this prompt: for free text with its own words. Bootstrapped few-shot, Khattab et al. 2023. */
export const bootstrappedDemonstrations: Proposer = {
  name: 'bootstrapped demonstrations',
  async propose(context) {
    const { evaluator, prompt, adapter, trainset, random, count } = context;
    const tried = random.shuffle(trainset).slice(0, 32);
    const { rows } = await evaluator.evaluate({ prompt, adapter }, tried);
    const passed = rows.flatMap((result, i) => (result.score === 1 ? [{ row: tried[i], likelihood: result.logLikelihood }] : []));
    passed.sort((a, b) => b.likelihood - a.likelihood);
    const sure = passed.slice(0, Math.ceil(passed.length / 2)).map(({ row }) => row);
    return Array.from({ length: count }, (_, i) => sizes[i % sizes.length])
      .filter((size) => sure.length >= size)
      .map((size) => ({
        prompt: withRows(context, covering(sure, evaluator.task.output, size, random)),
        reason: `${size} demonstrations that the model answers right and surely`,
      }));
  },
};

function withRows({ prompt, evaluator }: ProposerContext, rows: readonly Row[]): Prompt {
  return { ...prompt, demonstrations: rows.map((row) => demonstrationOf(prompt, evaluator.task.output, row)) };
}

/** Rows with as many different answers as there is room for, short ones preferred among a few drawn. */
function covering(rows: readonly Row[], output: string, size: number, random: Random): Row[] {
  const drawn = limitRows(rows, Math.min(rows.length, 3 * size), random.integer(2 ** 31), { balance: output });
  const length = (row: Row): number => Object.values(row.values).join('').length;
  const seen = new Set<string>();
  const chosen: Row[] = [];
  const byLength = [...drawn].sort((a, b) => length(a) - length(b));
  for (const fresh of [true, false]) {
    for (const row of byLength) {
      if (chosen.length === size || chosen.includes(row) || (fresh && seen.has(row.values[output]))) continue;
      seen.add(row.values[output]);
      chosen.push(row);
    }
  }
  return random.shuffle(chosen);
}

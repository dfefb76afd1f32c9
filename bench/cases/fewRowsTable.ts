/** @file The tables for a handful of labelled rows: one for each model and number of rows. */
import { armsTable, groupsOf, tokensColumn, seedsColumn } from './evidenceTable.ts';
import type { EvidenceLine } from './evidenceRun.ts';

export function fewRowsSections(lines: readonly EvidenceLine[]): string[] {
  const intro =
    '## Few rows\n\n' +
    'All the labelled rows that there are train or validate: each answer has its turn when they are drawn, the first half trains, the second half decides. "All rows train" ' +
    'uses every row for both. Equal compute in tokens (forward 1, backward 2), the same rows for all arms, test rows that are the same for all seeds too. ' +
    'Intervals are 95% intervals over rows and seeds. Weights only, gated: the weights as the default run trains them, with sequences of worked examples. LoRA and w -> w read the label scores in the end as they do best on the validation rows. Demonstrations only: sets of 1, 3, 5, 8 and 16 labelled rows in front of the question, the best of up to 60 sets by the ' +
    'validation rows.\n\n`npm run bench -- few-rows`';
  if (!lines.length) return [intro];
  const tables = groupsOf(lines, ({ model }) => model).flatMap(([model, ofModel]) =>
    groupsOf(
      [...ofModel].sort((a, b) => a.rows - b.rows),
      ({ rows, budget }) => `${rows} rows, ${budget.toLocaleString('en')} tokens`,
    ).map(([title, its]) => `### ${model}, ${title}\n\n${armsTable({ lines: its, best: true, more: [seedsColumn, tokensColumn] })}`),
  );
  return [intro, ...tables];
}

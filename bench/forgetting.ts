/**
 * @file Evidence: what tuning on one task costs on three others, at equal accuracy. Joint compared with LoRA on answers with all, half and a
 * quarter of its budget.
 * `npm run bench -- forgetting [--model nano] [--seeds 3] [--tasks trec6,sst2] [--sizes 150] [--arms joint,lora] [--budget 60000] [--out FILE]`
 * Runs that the results file already has are skipped. The tables are written to a file next to it.
 */
import { runBench } from './cases/evidenceBench.ts';
import { drawRows, testRows } from './cases/evidenceTasks.ts';
import { measureElsewhere, type Elsewhere } from './cases/forgetting.ts';
import { forgettingSections } from './cases/forgettingTable.ts';
import { trainedPrompt } from './cases/wordings.ts';

await runBench<Elsewhere>({
  name: 'forgetting',
  tasks: ['trec6', 'banking12', 'sst2'],
  sizes: [150],
  budget: 60_000,
  arms: ['joint', 'lora', 'lora-half', 'lora-quarter'],
  testRows: 200,
  cases: (open, { size, seed, testRows: count }) => [
    { name: open.name, task: open.task, prompt: trainedPrompt(open.name), test: testRows(open, count), ...drawRows(open.pool, size, seed) },
  ],
  measure: measureElsewhere,
  sections: forgettingSections,
});

/**
 * @file Evidence: 8 to 64 labelled rows. The default run compared with the prompt alone and the weights alone, at equal compute.
 * `npm run bench -- few-rows [--model nano] [--seeds 3] [--tasks trec6,sst2] [--sizes 16,32] [--arms joint,lora] [--budget 120000] [--out FILE]`
 * Runs that the results file already has are skipped. The tables are written to a file next to it.
 */
import { runBench } from './cases/evidenceBench.ts';
import { testRows } from './cases/evidenceTasks.ts';
import { fewRowsSections } from './cases/fewRowsTable.ts';
import { drawFewRows } from './cases/fewRows.ts';

await runBench({
  name: 'few-rows',
  tasks: ['trec6', 'banking12', 'sst2', 'sms_spam', 'verse_sentiment'],
  sizes: [16, 32, 8, 64],
  budget: 120_000,
  arms: ['joint', 'lora', 'lora-all', 'prompt', 'demonstrations', 'weights', 'w-w', 'p-p'],
  testRows: 200,
  cases: (open, { size, seed, testRows: count }) => [
    {
      ...{ name: open.name, task: open.task, prompt: open.prompt, test: testRows(open, count) },
      ...drawFewRows(open.pool, open.task.output, size, seed),
    },
  ],
  sections: fewRowsSections,
});

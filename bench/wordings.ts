/**
 * @file Evidence: ten paraphrases that no run trains on. Measures how much accuracy is left if the wording changes after tuning.
 * `npm run bench -- wordings [--model nano] [--seeds 3] [--tasks trec6,sst2] [--sizes 150] [--arms joint,lora] [--budget 60000] [--out FILE]`
 * Runs that the results file already has are skipped. The tables are written to a file next to it.
 */
import { runBench } from './cases/evidenceBench.ts';
import { drawRows, testRows } from './cases/evidenceTasks.ts';
import { measureWordings, trainedPrompt, type Wordings } from './cases/wordings.ts';
import { wordingsSections } from './cases/wordingsTable.ts';

await runBench<Wordings>({
  name: 'wordings',
  tasks: ['trec6', 'banking12', 'sst2', 'sms_spam', 'verse_sentiment'],
  sizes: [150],
  budget: 60_000,
  arms: ['joint', 'lora'],
  testRows: 200,
  cases: (open, { size, seed, testRows: count }) => [
    { name: open.name, task: open.task, prompt: trainedPrompt(open.name), test: testRows(open, count), ...drawRows(open.pool, size, seed) },
  ],
  measure: measureWordings,
  sections: wordingsSections,
});

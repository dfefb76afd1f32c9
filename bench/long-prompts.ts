/**
 * @file Evidence: prompts of 250 to 500 tokens as people write them (`prompts/long`). Measures accuracy, tokens, and answers per second if each
 * question is asked alone.
 * `npm run bench -- long-prompts [--model nano] [--seeds 3] [--tasks trec6,sst2] [--sizes 150] [--arms joint,lora] [--budget 150000] [--out FILE]`
 * Runs that the results file already has are skipped. The tables are written to a file next to it.
 */
import { runBench } from './cases/evidenceBench.ts';
import { drawRows, longPrompt, testRows } from './cases/evidenceTasks.ts';
import { longPromptsSections } from './cases/longPromptsTable.ts';
import { answerSpeed, type AnswerSpeed } from './cases/answerSpeed.ts';

await runBench<AnswerSpeed>({
  name: 'long-prompts',
  tasks: ['trec6', 'banking12', 'clinc10', 'sst2', 'verse_sentiment'],
  sizes: [150],
  budget: 150_000,
  arms: ['joint', 'lora', 'prompt', 'demonstrations', 'w-w', 'p-p'],
  testRows: 200,
  cases: (open, { size, seed, testRows: count }) => [
    { name: open.name, task: open.task, prompt: longPrompt(open.name), test: testRows(open, count), ...drawRows(open.pool, size, seed) },
  ],
  measure: answerSpeed,
  sections: longPromptsSections,
});

/**
 * @file Evidence: rules that only the prompt's words state: unseen labels, renamed labels, a changed policy. Joint compared with every arm.
 * `npm run bench -- rules [--model nano] [--seeds 3] [--tasks trec6,clinc10] [--sizes 150] [--arms joint,lora] [--budget 150000] [--out FILE]`
 * Runs that the results file already has are skipped. The tables are written to a file next to it.
 */
import { runBench } from './cases/evidenceBench.ts';
import { measureRules, ruleCases, type Rules } from './cases/rules.ts';
import { rulesSections } from './cases/rulesTable.ts';

await runBench<Rules>({
  name: 'rules',
  tasks: ['trec6', 'banking12', 'clinc10'],
  sizes: [150],
  budget: 150_000,
  arms: ['joint', 'lora', 'prompt', 'demonstrations', 'w-w', 'p-p'],
  testRows: 200,
  cases: ruleCases,
  measure: measureRules,
  sections: rulesSections,
});

/** @file The tables of rules in words: one for each kind of rule. */
import { armsTable, groupsOf, seedsColumn, type ArmsTable } from './evidenceTable.ts';
import type { EvidenceLine } from './evidenceRun.ts';
import { digits } from './qualityTable.ts';
import type { Rules } from './rules.ts';

type Line = EvidenceLine<Rules>;
type Side = 'before' | 'after';

const hasRule = (line: Line, kind: string): boolean => Object.hasOwn(line.measured ?? {}, kind);

/** The tables are about the test rows themselves or about the rows of a rule. */
const kinds: Readonly<Record<string, (lines: readonly Line[]) => ArmsTable<Rules>>> = {
  'labels that the prompt lists and no training row has': (lines) => ({ lines: lines.filter(({ task }) => task.includes(', unseen')) }),
  'the same runs with nothing changed': (lines) => ({ lines: lines.filter(({ task }) => !task.includes(', unseen')) }),
  'labels renamed in the prompt after tuning': (lines) => ofRule(lines, 'renamed labels'),
  'a policy changed in the prompt after tuning; the rows that it changes': (lines) => ofRule(lines, 'changed policy'),
};

function ofRule(lines: readonly Line[], kind: string): ArmsTable<Rules> {
  const scores = (side: Side) => (line: Line) => digits(line.measured![kind][side]);
  return { lines: lines.filter((line) => hasRule(line, kind)), scores: scores('after'), start: scores('before') };
}

export function rulesSections(lines: readonly Line[]): string[] {
  const intro =
    '## Rules in words\n\n' +
    'What only the text of the prompt says: labels that it lists with a description and that no training row has; labels renamed in the prompt after tuning; a sentence that moves the messages of one ' +
    'label to another after tuning. The prompts are those of `bench/prompts/long`, the changes in `bench/prompts/rules.json`. 100 training and 50 validation rows, equal compute. If tuning ' +
    'took the list of labels out of the prompt, the names are added again with the change.\n\n`npm run bench -- rules`';
  return [
    intro,
    ...groupsOf(lines, ({ model }) => model).flatMap(([model, ofModel]) =>
      groupsOf(ofModel, ({ rows, budget }) => `${rows} rows, ${budget.toLocaleString('en')} tokens`).flatMap(([title, its]) =>
        Object.entries(kinds).flatMap(([kind, tableOf]) => {
          const given = tableOf(its);
          return given.lines.length
            ? [`### ${model}, ${title}: ${kind}\n\n${armsTable({ ...given, best: true, more: [seedsColumn] })}`]
            : [];
        }),
      ),
    ),
  ];
}

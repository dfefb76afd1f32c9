/** @file The tables of unseen wordings: the trained one, the mean of ten others, and the worst of them. */
import { crossedDifference, type SeedsByRows } from './crossed.ts';
import { armsOf, titleOf } from './evidenceBench.ts';
import { groupsOf, markdown } from './evidenceTable.ts';
import type { EvidenceLine } from './evidenceRun.ts';
import { digits, mean, points } from './qualityTable.ts';
import type { Wordings } from './wordings.ts';

type Line = EvidenceLine<Wordings>;

export function wordingsSections(lines: readonly Line[]): string[] {
  const intro =
    '## Unseen wordings\n\n' +
    'Each run tunes under one prompt; then the text is exchanged for ten paraphrases that no run trains on (`bench/prompts/wordings.json`), with other field names too. 100 training and 50 ' +
    'validation rows, equal compute. The worst paraphrase of a task is the one with the lowest mean over the seeds of the arm; its difference to the trained wording is paired over rows and seeds.\n\n' +
    '`npm run bench -- wordings`';
  return [
    intro,
    ...groupsOf(lines, ({ model }) => model).flatMap(([model, ofModel]) =>
      groupsOf(ofModel, ({ rows, budget }) => `${rows} rows, ${budget.toLocaleString('en')} tokens`).map(
        ([title, its]) => `### ${model}, ${title}\n\n${table(its)}`,
      ),
    ),
  ];
}

function table(lines: readonly Line[]): string {
  const rows = groupsOf(lines, ({ task }) => task).flatMap(([task, its]) =>
    armsOf(its).map((arm) => {
      const runs = its.filter((line) => line.arm === arm);
      const { trained, all, worst } = accuracies(runs);
      return [
        task,
        titleOf(arm),
        percentOf(trained),
        percentOf(all),
        percentOf(worst),
        points(crossedDifference([[trained, worst]])),
        String(runs.length),
      ];
    }),
  );
  const overall = armsOf(lines).map((arm) => {
    const tasks = groupsOf(
      lines.filter((line) => line.arm === arm),
      ({ task }) => task,
    ).map(([, its]) => accuracies(its));
    const average = (part: 'trained' | 'all' | 'worst'): string => (100 * mean(tasks.map((task) => mean(task[part].map(mean))))).toFixed(1);
    const difference = crossedDifference(tasks.map(({ trained, worst }) => [trained, worst] as const));
    return ['all tasks', titleOf(arm), average('trained'), average('all'), average('worst'), points(difference), ''];
  });
  const head = ['task', '', 'trained wording', 'mean of ten others', 'worst of ten', 'worst minus trained', 'seeds'];
  return markdown(head, [...rows, ...overall]);
}

/** @param runs of one task and arm */
export function accuracies(runs: readonly Pick<Line, 'after' | 'measured'>[]): Record<'trained' | 'all' | 'worst', SeedsByRows> {
  const trained = runs.map(({ after }) => digits(after));
  const unseen = runs.map(({ measured }) => measured!.unseen.map(digits));
  const means = unseen[0].map((_, wording) => mean(unseen.map((seed) => mean(seed[wording]))));
  const worst = means.indexOf(Math.min(...means));
  return {
    trained,
    all: unseen.map((wordings) => wordings[0].map((_, row) => mean(wordings.map((scores) => scores[row])))),
    worst: unseen.map((wordings) => wordings[worst]),
  };
}

const percentOf = (scores: SeedsByRows): string => (100 * mean(scores.map(mean))).toFixed(1);

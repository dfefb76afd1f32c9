/** @file The tables of forgetting: accuracy on the task, drift of the weights, and the loss that tuning adds elsewhere. */
import { pairedBootstrap } from '../../src/evaluate/statistics.ts';
import type { ArmName } from './arms.ts';
import { crossedDifference } from './crossed.ts';
import { armsTable, groupsOf, markdown, seedsColumn } from './evidenceTable.ts';
import type { EvidenceLine } from './evidenceRun.ts';
import type { Elsewhere } from './forgetting.ts';
import { digits, mean, points } from './qualityTable.ts';

type Line = EvidenceLine<Elsewhere>;

const loras: readonly ArmName[] = ['lora', 'lora-half', 'lora-quarter'];

export function forgettingSections(lines: readonly Line[]): string[] {
  const intro =
    '## Forgetting\n\n' +
    'A run tunes on one task; then three other tasks are asked under their plain prompts, with the base weights and with the tuned ones. Loss elsewhere: nats that a right answer loses, the mean of the ' +
    'three tasks. LoRA on answers also runs with half and a quarter of the budget, so that there is one of nearly equal accuracy for each joint run.\n\n`npm run bench -- forgetting`';
  return [
    intro,
    ...groupsOf(lines, ({ model }) => model).flatMap(([model, ofModel]) =>
      groupsOf(ofModel, ({ rows, budget }) => `${rows} rows, ${budget.toLocaleString('en')} tokens`).map(([title, its]) => {
        const more = [
          ['drift', (of: readonly Line[]) => mean(of.map(({ drift }) => drift)).toFixed(1)],
          ['loss elsewhere', (of: readonly Line[]) => mean(of.map(lossOf)).toFixed(3)],
          seedsColumn,
        ] as const;
        return `### ${model}, ${title}\n\n${armsTable<Elsewhere>({ lines: its, more })}\n\n${atEqualAccuracy(its)}`;
      }),
    ),
  ];
}

/** How much tuning adds to the loss on the other tasks, on average. */
export const lossOf = ({ measured }: Pick<Line, 'measured'>): number =>
  mean(Object.values(measured ?? {}).map(({ before, after }) => after - before));

/** Each joint run with the LoRA run of the same task and seed that is closest in accuracy. Of equally close ones, the one that forgets less. */
export function nearestPairs(lines: readonly Line[]): (readonly [lora: Line, joint: Line])[] {
  const accuracy = ({ after }: Line): number => mean(digits(after));
  return lines
    .filter(({ arm }) => arm === 'joint')
    .flatMap((joint) => {
      const distance = (line: Line): number => Math.abs(accuracy(line) - accuracy(joint));
      const [nearest] = lines
        .filter(({ arm, task, seed }) => loras.includes(arm) && task === joint.task && seed === joint.seed)
        .sort((a, b) => distance(a) - distance(b) || lossOf(a) - lossOf(b));
      return nearest ? [[nearest, joint] as const] : [];
    });
}

function atEqualAccuracy(lines: readonly Line[]): string {
  const pairs = nearestPairs(lines);
  if (pairs.length < 2) return '';
  const both = pairs.map((pair) => pair.map(lossOf));
  const difference = pairedBootstrap(
    both.map(([lora]) => lora),
    both.map(([, joint]) => joint),
    { range: { low: -Infinity, high: Infinity } },
  );
  const [ofLora, ofJoint] = [0, 1].map((side) => mean(both.map((pair) => pair[side])));
  const accuracies = groupsOf(pairs, ([, { task }]) => task).map(
    ([, its]) => [its.map(([lora]) => digits(lora.after)), its.map(([, joint]) => digits(joint.after))] as const,
  );
  const nats = (value: number): string => `${value >= 0 ? '+' : ''}${value.toFixed(3)}`;
  return (
    'At equal accuracy, each joint run beside the LoRA run that comes nearest:\n\n' +
    markdown(
      ['pairs', 'accuracy, joint minus LoRA', 'loss elsewhere, LoRA', 'loss elsewhere, joint', 'joint minus LoRA', 'joint as a share'],
      [
        [
          String(pairs.length),
          points(crossedDifference(accuracies)),
          nats(ofLora),
          nats(ofJoint),
          `${nats(difference.mean)} [${nats(difference.low)}, ${nats(difference.high)}]`,
          ofLora > 0 ? `${Math.round((100 * ofJoint) / ofLora)}%` : '',
        ],
      ],
    )
  );
}

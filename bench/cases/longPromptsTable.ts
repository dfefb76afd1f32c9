/** @file The tables of long prompts: accuracy, how much of the prompt is left, and answers per second. */
import type { AnswerSpeed } from './answerSpeed.ts';
import { armsTable, differenceTo, groupsOf, seedsColumn } from './evidenceTable.ts';
import type { EvidenceLine } from './evidenceRun.ts';
import { mean, points } from './qualityTable.ts';

type Line = EvidenceLine<AnswerSpeed>;

export function longPromptsSections(lines: readonly Line[]): string[] {
  const intro =
    '## Long prompts\n\n' +
    'The prompts of `bench/prompts/long`, as people write them. Every arm starts from the long prompt; LoRA trains and answers under it. 100 training and 50 validation rows, equal compute. ' +
    'Prompt tokens are what every answer reads beside its own row, demonstrations included, as a share of the long prompt. Answers a second: each question asked by itself without a prefix cache, ' +
    'the final prompt and the long one in turns with the same weights; the ratio is of the medians, its mean over runs.\n\n`npm run bench -- long-prompts`';
  if (!lines.length) return [intro];
  return [
    intro,
    ...groupsOf(lines, ({ model }) => model).flatMap(([model, ofModel]) =>
      groupsOf(ofModel, ({ rows, budget }) => `${rows} rows, ${budget.toLocaleString('en')} tokens`).map(([title, its]) => {
        const more = [
          ['prompt tokens', (of: readonly Line[]) => String(Math.round(mean(of.map(({ tokens }) => tokens.after))))],
          [
            'of the long prompt',
            (of: readonly Line[]) => `${Math.round(100 * mean(of.map(({ tokens }) => tokens.after / tokens.before)))}%`,
          ],
          ['answers a second', (of: readonly Line[]) => `× ${mean(of.map(speedup)).toFixed(2)}`],
          seedsColumn,
        ] as const;
        return `### ${model}, ${title}\n\n${armsTable<AnswerSpeed>({ lines: its, more })}\n\n${verdict(its)}`;
      }),
    ),
  ];
}

const speedup = ({ measured }: Line): number => (measured ? measured.milliseconds.before / measured.milliseconds.after : NaN);

/** The claim in one sentence, with its numbers. */
function verdict(lines: readonly Line[]): string {
  const against = differenceTo(lines, () => 'lora');
  if (!against) return '';
  const joint = lines.filter(({ arm }) => arm === 'joint');
  const share = mean(joint.map(({ tokens }) => tokens.after / tokens.before));
  const notWorse = against.low > -0.02 ? 'is not worse' : 'cannot be called "not worse"';
  return (
    `Joint against LoRA under the long prompt: ${points(against)} points; within a margin of 2 points it ${notWorse}. It reads ${Math.round(100 * share)}% of the prompt tokens ` +
    `and gives ${mean(joint.map(speedup)).toFixed(1)} times as many answers a second.`
  );
}

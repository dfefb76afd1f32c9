/** @file An entry of the table of metrics, and how plain functions become metrics. */
import { pulse } from '../../pulse.ts';
import type { Answer, JudgeOptions, Judgement, Judging, Metric } from '../metric.ts';
import { ofRow } from '../ofRow.ts';

/** A metric as the table has it. Its name is its key there. */
export interface MetricEntry extends Omit<Metric, 'name'> {
  /** What it counts. Markdown, for people who choose a metric. */
  readonly about: string;
  /**
   * What `name(argument)` means.
   * @param promptFile path of the file that names the metric, for arguments that are relative paths; absent if there is none
   * @returns undefined for an argument that means nothing
   */
  readonly withArgument?: (argument: string, promptFile?: string) => Judging | undefined;
}

/** Judges by a function that compares a prediction with the right answer. True counts 1, false 0. */
export const againstGold = (score: (prediction: string, gold: string) => boolean | number): Judging => ({
  needs: 'gold',
  judge: oneByOne(({ row, prediction, gold }) => ({ score: ofRow(row, () => Number(score(prediction, gold!))) })),
});

/** Judges by a function of one answer, which may return a promise. Answers are judged one after the other. */
export const oneByOne =
  (judgeOne: (answer: Answer, options: JudgeOptions) => Judgement | Promise<Judgement>): Judging['judge'] =>
  async (answers, options = {}) => {
    const judgements: Judgement[] = [];
    for (const answer of answers) {
      pulse();
      judgements.push(await judgeOne(answer, options));
    }
    return judgements;
  };

/** @file The port for metrics: what a metric receives, and what it returns for each answer. */
import type { Row } from '../data/dataset.ts';
import type { Cost, Writer } from '../model/writer.ts';
import type { Statistic } from './resampling.ts';

export interface Metric extends Judging {
  readonly name: string;
  /** 'label' metrics need a set of labels to choose from. 'text' metrics judge any text. */
  readonly kind: 'label' | 'text';
}

/** What a metric does. Only `judge` is required, and most metrics have nothing else. */
export interface Judging {
  /** Returns one judgement for each answer, in the order of the answers. */
  judge(answers: readonly Answer[], options?: JudgeOptions): Promise<readonly Judgement[]>;
  /** What every answer must come with. Without it, the metric also judges rows that have no right answer. */
  readonly needs?: 'gold';
  /** What the column of right answers contains, if not answers. With 'patterns', it does not say how long answers are or what ends them. */
  readonly golds?: 'patterns';
  /** For a metric that is not the mean of the scores. The scores then only say which rows are right. */
  readonly corpus?: CorpusScore;
  /** Whether an answer counts as right. If absent, only the full score counts. */
  readonly right?: (judgement: Judgement) => boolean;
  /** The same metric for one column of right answers, whose notation decides how ambiguous forms are read. */
  readonly inColumn?: (golds: Iterable<string>) => Judging;
}

export interface Answer {
  readonly row: Row;
  /** What the model answered. */
  readonly prediction: string;
  /** The right answer. Absent if the data has none. */
  readonly gold?: string;
}

export interface JudgeOptions {
  /** A larger model that the metric may ask. Absent if the user named none. */
  readonly writer?: Writer;
  /** An abort ends the judging with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface Judgement {
  /** From 0 to 1. */
  readonly score: number;
  /** Why the score is not higher: one sentence, for people and for writers of prompts. */
  readonly feedback?: string;
  /** For a metric that asks a model: what this judgement cost. */
  readonly cost?: Cost;
}

/** A score of all rows together, for any weights of the rows. Intervals and paired comparisons reweight the rows and compute it again. */
export type CorpusScore = (answers: readonly Omit<Answer, 'row'>[]) => Statistic;

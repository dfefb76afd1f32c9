/** @file Compares two runs: their outcomes on the same test rows, and the differences between their options and results. */
import { TandemError } from '../errors.ts';
import { compareEvaluations, likelihoodsOf, scoreOf, type RowResult } from '../evaluate/evaluation.ts';
import { metricNamed } from '../evaluate/metrics/table.ts';
import { isModule } from '../prompt/answersNeeded.ts';
import { bootstrapMean, logShares, noDifference } from '../evaluate/statistics.ts';
import type { Difference, Estimate, JudgedAnswer, TestAnswer } from '../optimize/events.ts';
import { unifiedDiff } from '../prompt/hunks.ts';
import type { RunConfig } from './record/events.ts';
import { answerEndsText, loraText, softText, worthText } from './words/format.ts';
import { promptText } from './words/report.ts';
import type { PriceState, RunState } from './record/state.ts';
import { shortFingerprint } from './words/shortFingerprint.ts';

export interface RunComparison {
  readonly metric: string;
  /** Test rows that both runs have answered. Everything below is measured on them. */
  readonly rows: number;
  /** Test rows that only one run has. */
  readonly apart: { readonly a: number; readonly b: number };
  readonly score: Compared;
  /** Absent if the data has no right answers. */
  readonly logLikelihood?: Compared;
  /** What one answer costs. Undefined for a run that did not measure it. */
  readonly price: { readonly a?: PriceState; readonly b?: PriceState };
  /** Options, and facts found at the start, that differ. */
  readonly settings: readonly { readonly name: string; readonly a: string; readonly b: string }[];
  /** The diff from the prompt of a to the prompt of b, with demonstrations; '' if they are the same. */
  readonly promptDiff: string;
  readonly changedPredictions: { readonly fixes: number; readonly regressions: number; readonly examples: readonly RowChange[] };
}

export interface Compared {
  readonly a: Estimate;
  readonly b: Estimate;
  /** b minus a, paired. */
  readonly difference: Difference;
}

/** A row on which the runs' outcomes have different scores. */
export interface RowChange {
  /** 1-based line in b's data file. */
  readonly line: number;
  readonly gold?: string;
  readonly a: string;
  readonly b: string;
  readonly better: boolean;
}

const mostExamples = 10;

/**
 * Compares what two runs ended with. Rows are identified by their values, so neither their order nor rows of one run alone matter.
 * @throws TandemError reasons 'not-tested' for a run without answers of test rows, 'metrics-differ', 'rows-differ' if they share none
 */
export function compareRuns(a: RunState, b: RunState): RunComparison {
  const [ofA, ofB] = [tested(a), tested(b)];
  if (ofA.config.metric !== ofB.config.metric) {
    throw new TandemError('metrics-differ', `The runs use different metrics: ${ofA.config.metric} and ${ofB.config.metric}.`, {
      hint: 'Compare runs with the same metric.',
    });
  }
  const pairs = pairsOf(ofA.answers, ofB.answers);
  if (pairs.length === 0) {
    throw new TandemError('rows-differ', 'The two runs have no test rows in common.', { hint: 'Compare runs on the same data.' });
  }
  const { metric } = ofA.config;
  // The rows already have their scores, so a metric module is not run again.
  const { corpus } = isModule(metric) ? { corpus: undefined } : metricNamed(metric);
  const [rowsA, rowsB] = [pairs.map(([answer]) => resultOf(answer)), pairs.map(([, answer]) => resultOf(answer))];
  const promptDiff = unifiedDiff(ofA.config.prompt, promptText(a.best!.prompt), promptText(b.best!.prompt));
  // The same state answers every row the same, including rows outside the data.
  const isSame =
    promptDiff === '' &&
    a.best!.adapter === b.best!.adapter &&
    ofA.config.model.fingerprint === ofB.config.model.fingerprint &&
    pairs.every(([{ after: one }, { after: other }]) => one.prediction === other.prediction && one.logLikelihood === other.logLikelihood);
  const { score, logLikelihood } = isSame
    ? { score: noDifference(pairs.length), logLikelihood: noDifference(pairs.length) }
    : compareEvaluations({ rows: rowsA, corpus }, { rows: rowsB, corpus });
  const likelihood = (rows: readonly RowResult[]): Estimate | undefined => {
    const known = likelihoodsOf(rows);
    return known && bootstrapMean(known, { range: logShares });
  };
  const [likelyA, likelyB] = [likelihood(rowsA), likelihood(rowsB)];
  return {
    metric,
    rows: pairs.length,
    apart: { a: ofA.answers.length - pairs.length, b: ofB.answers.length - pairs.length },
    score: { a: scoreOf({ corpus }, rowsA), b: scoreOf({ corpus }, rowsB), difference: score },
    ...(likelyA && likelyB && logLikelihood && { logLikelihood: { a: likelyA, b: likelyB, difference: logLikelihood } }),
    price: { ...(a.price && { a: a.price }), ...(b.price && { b: b.price }) },
    settings: differingSettings(a, b),
    promptDiff,
    changedPredictions: changedOf(pairs),
  };
}

function tested({ config, attribution, status, best }: RunState): { config: RunConfig; answers: readonly TestAnswer[] } {
  const answers = attribution?.answers;
  if (config && answers && best) return { config, answers };
  const why = {
    'not-ended': 'has not ended, so its held-out test rows have not been measured',
    'no-rows': 'has no test rows',
    old: 'was made by an older version of Tandem that did not keep answers',
  }[status !== 'ended' ? 'not-ended' : attribution ? 'old' : 'no-rows'];
  throw new TandemError('not-tested', `The run ${config?.run ?? ''} ${why}.`, {
    hint: status === 'ended' ? 'Optimize again, with test rows.' : `Finish it: tandem resume ${config?.run ?? ''}`,
  });
}

/** The rows that both have, in b's order. Rows that occur more than once are paired in their order. */
function pairsOf(a: readonly TestAnswer[], b: readonly TestAnswer[]): (readonly [TestAnswer, TestAnswer])[] {
  const waiting = new Map<string, TestAnswer[]>();
  for (const answer of a) waiting.set(answer.row, [...(waiting.get(answer.row) ?? []), answer]);
  return b.flatMap((answer) => {
    const other = waiting.get(answer.row)?.shift();
    return other ? [[other, answer] as const] : [];
  });
}

const resultOf = ({ row, gold, after }: TestAnswer): RowResult => ({
  row,
  ...(gold !== undefined && { gold }),
  ...after,
});

function changedOf(pairs: readonly (readonly [TestAnswer, TestAnswer])[]): RunComparison['changedPredictions'] {
  const changedPredictions = pairs
    .filter(([a, b]) => a.after.score !== b.after.score)
    .map(([a, b]): RowChange => {
      const text = ({ prediction }: JudgedAnswer): string => prediction;
      const gold = b.gold === undefined ? {} : { gold: b.gold };
      return { line: b.line, ...gold, a: text(a.after), b: text(b.after), better: b.after.score > a.after.score };
    });
  const [fixes, regressions] = [changedPredictions.filter(({ better }) => better), changedPredictions.filter(({ better }) => !better)];
  return {
    fixes: fixes.length,
    regressions: regressions.length,
    examples: [...fixes.slice(0, mostExamples), ...regressions.slice(0, mostExamples)],
  };
}

/** A value of a run that is shown if it differs: its name for people, and its text. */
type Shown<Of> = readonly [name: string, text: (of: Of) => string];

/** What each field of a configuration shows, in this order. 'apart': it always differs, is compared apart, or is part of another field. */
const options: Readonly<Record<keyof RunConfig, Shown<RunConfig> | 'apart'>> = {
  run: 'apart',
  prompt: ['prompt file', ({ prompt }) => prompt],
  data: ['data', ({ data }) => data.join(', ')],
  model: ['model', ({ model }) => `${model.name} (${shortFingerprint(model.fingerprint, 8)})`],
  metric: 'apart',
  seed: ['seed', ({ seed }) => String(seed)],
  budget: ['budget', ({ budget }) => ('tokens' in budget ? `${budget.tokens} tokens` : `${budget.seconds} s`)],
  coordinator: ['coordinator', ({ coordinator }) => coordinator ?? 'alternating'],
  soft: ['soft prompt', ({ soft }) => softText(soft) || 'default'],
  schedule: ['schedule', ({ schedule }) => schedule],
  strategy: ['strategy', ({ strategy }) => strategy],
  tune: ['what to tune', ({ tune }) => tune],
  curriculum: ['curriculum', ({ curriculum }) => (curriculum ? `${curriculum.of}, ${curriculum.pacing}` : 'none')],
  adapters: ['adapters of steps', ({ adapters }) => adapters ?? 'shared'],
  answerEnds: ['where answers end', ({ answerEnds }) => (answerEnds ? answerEndsText(answerEnds) : 'not set')],
  controls: 'apart',
  chatDate: ['date in the chat template', ({ chatDate }) => chatDate ?? 'none kept'],
  lora: ['LoRA', ({ lora }) => (lora ? loraText(lora) : 'default')],
  worth: ['price', ({ worth }) => (worth ? worthText(worth) : 'none')],
  writer: ['writer', ({ writer }) => (writer ? `${writer.name}, ${writer.budget} tokens` : 'none')],
  splits: ['rows', ({ splits }) => `${splits.train} training, ${splits.val} validation, ${splits.test} test`],
  limits: 'apart',
  executor: ['executor', ({ executor, threads }) => `${executor}, ${threads} threads`],
  threads: 'apart',
  versions: ['version', ({ versions }) => `Tandem ${versions.tandem}, Node ${versions.node}, ${versions.platform}`],
  startedAt: 'apart',
};

/** What a run began and ended with. */
const states: readonly Shown<RunState>[] = [
  ['starting prompt', ({ start }) => (start ? promptText(start.prompt) : '')],
  ['starting adapter', ({ start }) => start?.adapter ?? 'none'],
  ['adapter', ({ best }) => best?.adapter ?? 'none'],
];

function differingSettings(a: RunState, b: RunState): RunComparison['settings'] {
  const ofConfig = Object.values(options).flatMap((option) =>
    option === 'apart' ? [] : [[option[0], option[1](a.config!), option[1](b.config!)] as const],
  );
  const ofState = states.map(([name, text]) => [name, text(a), text(b)] as const);
  return [...ofConfig, ...ofState].flatMap(([name, ofA, ofB]) => {
    if (ofA === ofB) return [];
    return [name === 'starting prompt' ? { name, a: 'one', b: 'another' } : { name, a: ofA, b: ofB }];
  });
}

/**
 * @file Comparisons of candidates without a true difference, and weight phases that gain nothing: each answers a share of the rows again at random,
 * and the others as all candidates do.
 */
import { makeRow, type Row } from '../data/dataset.ts';
import type { Evaluation } from '../evaluate/evaluation.ts';
import type { Candidate, Evaluator } from '../evaluate/evaluator.ts';
import { defaultDecoding } from '../prompt/decoding.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { randomStream } from '../random.ts';
import { alternatingDefaults } from './alternatingPhase.ts';
import { decide } from './gate.ts';
import { noStatistics } from './targetBandit.ts';
import { localTrainer, type TrainingParts } from './localTrainer.ts';
import { defaultObjective } from './objective.ts';
import { successiveHalving } from './successiveHalving.ts';
import { weightPhase } from './weightPhase.ts';

export interface NullRaces {
  readonly trials: number;
  /** Rows of the valset. */
  readonly rows: number;
  readonly candidates: number;
  /** Added to each candidate's probability on the rows that it answers again, but not to the best's. Default 0. */
  readonly gain?: number;
}

/** @returns the shares of the trials whose winner the gate accepts, by the reason for accepting */
export async function wrongAcceptances({ trials, rows, candidates, gain = 0 }: NullRaces): Promise<{ score: number; likelihood: number }> {
  const valset = Array.from({ length: rows }, (_, i) => makeRow({ text: `row ${i}`, kind: 'a' }, i + 1));
  const prompts = Array.from({ length: candidates }, (_, i) => ({ body: `${i}`, demonstrations: [] }));
  const accepted = { score: 0, likelihood: 0 };
  for (let seed = 0; seed < trials; seed++) {
    const evaluator = nullEvaluator(seed, gain);
    const best = await evaluator.evaluate({ prompt: { body: 'best', demonstrations: [] } }, valset);
    const runners = prompts.map((prompt) => ({ id: prompt.body, proposer: 'none', reason: 'none', prompt }));
    const { finishers } = await successiveHalving(
      { evaluator, valset, seed, emit: () => {} } as never,
      1,
      runners,
      undefined,
      best,
      Infinity,
    );
    const decision = decide(best, finishers[0].evaluation, candidates);
    if (decision.accepted) accepted[decision.because.includes('the log-likelihood rose') ? 'likelihood' : 'score'] += 1 / trials;
  }
  return accepted;
}

/**
 * Weight phases that gain nothing: each measurement, and each other label scoring, differs from the best only by chance.
 * @returns the share of the phases whose result the gate accepts
 */
export async function wrongWeightPhases({ phases, rows }: { readonly phases: number; readonly rows: number }): Promise<number> {
  const valset = Array.from({ length: rows }, (_, i) => makeRow({ text: `row ${i}`, kind: 'a' }, i + 1));
  const prompt: Prompt = { body: 'best', demonstrations: [] };
  let accepted = 0;
  for (let seed = 0; seed < phases; seed++) {
    const known = nullEvaluator(seed, 0);
    const task = { output: 'kind', labels: ['a', 'b'], decoding: defaultDecoding };
    const evaluator = {
      task,
      evaluate: ({ prompt: { decoding = {} }, adapter }: Candidate, asked: readonly Row[]) =>
        known.evaluate({ prompt: { body: adapter ? `${adapter.id} ${JSON.stringify(decoding)}` : 'best', demonstrations: [] } }, asked),
    };
    let steps = 0;
    const adapter = () => ({ id: String(steps), pairs: [], config: {} });
    const step = () => Promise.resolve({ loss: 1, gradientNorm: 1, tokens: 1, steps: steps++ });
    const parts = {
      outputOf: () => 'kind',
      fresh: adapter,
      start: () => ({ step, adapter }),
      example: () => ({ prompt: [1], answer: [2] }),
      sequence: () => ({ prompt: [1], answer: [2] }),
    };
    const trainer = localTrainer(parts as unknown as TrainingParts);
    const context = {
      evaluator,
      trainer,
      prompt,
      valset,
      trainset: valset,
      objective: defaultObjective,
      seed,
      budget: 1e9,
      emit: () => {},
    };
    const before = await evaluator.evaluate({ prompt }, valset);
    const memory = { current: { prompt }, statistics: noStatistics, challengers: [], tried: [] };
    const { measured } = await weightPhase(
      context as never,
      { ...alternatingDefaults, weightSteps: 40, patience: Infinity },
      { phase: 1, memory: memory as never, before, adapter: undefined, spent: 0, budget: 1e9 },
    );
    if (decide(before, measured!.evaluation, measured!.among, measured!.scorings).accepted) accepted++;
  }
  return accepted / phases;
}

/** The share of the rows that a candidate answers in its own way. */
const changed = 0.3;

/** Each row has its own probability of being right, drawn once for the seed. */
function nullEvaluator(seed: number, gain: number): Evaluator {
  const answer = (row: Row, body: string): { score: number; logLikelihood: number } => {
    const common = randomStream('null', seed, row.id);
    const chance = common.uniform();
    const shared = Number(common.uniform() < chance);
    const own = randomStream('null', seed, row.id, body);
    const again = own.uniform() < changed;
    const score = again ? Number(own.uniform() < chance + (body === 'best' ? 0 : gain)) : shared;
    return { score, logLikelihood: Math.log(0.05 + 0.9 * chance) + (again ? own.normal() : 0) };
  };
  return {
    evaluate: ({ prompt }: { prompt: { body: string } }, rows: readonly Row[]): Promise<Evaluation> => {
      const results = rows.map((row) => ({ row: row.id, prediction: '', gold: '', ...answer(row, prompt.body) }));
      const mean = (values: readonly number[]) => ({
        mean: values.reduce((a, b) => a + b, 0) / values.length,
        low: 0,
        high: 1,
        rows: rows.length,
      });
      return Promise.resolve({
        rows: results,
        score: mean(results.map(({ score }) => score)),
        logLikelihood: mean(results.map(({ logLikelihood }) => logLikelihood)),
        // Makes all ways of label scoring available.
        lengthSlope: -1,
        promptTokens: 1,
        tokensUsed: rows.length,
      });
    },
  } as unknown as Evaluator;
}

/** @file Races of candidates without a true difference: each answers a share of the rows anew, by chance, and otherwise like all the others. */
import { makeRow, type Row } from '../data/dataset.ts';
import type { Evaluation } from '../evaluate/evaluation.ts';
import type { Evaluator } from '../evaluate/evaluator.ts';
import { randomStream } from '../random.ts';
import { decide } from './gate.ts';
import { race } from './race.ts';

export interface NullRaces {
  readonly races: number;
  /** Of the valset. */
  readonly rows: number;
  readonly candidates: number;
  /** Added to each candidate's chance on the rows that it answers anew, not to the best's; default 0. */
  readonly gain?: number;
}

/** @returns the shares of the races whose winner the gate lets through, by what it was let through for */
export async function wrongAcceptances({ races, rows, candidates, gain = 0 }: NullRaces): Promise<{ score: number; likelihood: number }> {
  const valset = Array.from({ length: rows }, (_, i) => makeRow({ text: `row ${i}`, kind: 'a' }, i + 1));
  const prompts = Array.from({ length: candidates }, (_, i) => ({ body: `${i}`, demonstrations: [] }));
  const accepted = { score: 0, likelihood: 0 };
  for (let seed = 0; seed < races; seed++) {
    const evaluator = nullEvaluator(seed, gain);
    const best = await evaluator.evaluate({ prompt: { body: 'best', demonstrations: [] } }, valset);
    const runners = prompts.map((prompt) => ({ id: prompt.body, proposer: 'none', prompt }));
    const { finishers } = await race({ evaluator, valset, seed, emit: () => {} } as never, 1, runners, undefined, best, Infinity);
    const decision = decide(best, finishers[0].evaluation, candidates);
    if (decision.accepted) accepted[decision.because.startsWith('the score rose') ? 'score' : 'likelihood'] += 1 / races;
  }
  return accepted;
}

/** Of the rows, those that a candidate answers in its own way. */
const changed = 0.3;

/** Rows are right with a chance of their own, drawn once for the seed. */
function nullEvaluator(seed: number, gain: number): Evaluator {
  const answer = (row: Row, body: string): { score: number; logLikelihood: number } => {
    const common = randomStream('null', seed, row.id);
    const chance = common.uniform();
    const shared = Number(common.uniform() < chance);
    const own = randomStream('null', seed, row.id, body);
    const anew = own.uniform() < changed;
    const score = anew ? Number(own.uniform() < chance + (body === 'best' ? 0 : gain)) : shared;
    return { score, logLikelihood: Math.log(0.05 + 0.9 * chance) + (anew ? own.normal() : 0) };
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
        promptTokens: 1,
        passes: rows.length,
      });
    },
  } as unknown as Evaluator;
}

/** @file An evaluator whose answers depend on which lines a prompt has. Leaving out a needed line costs likelihood, and so rows. */
import { makeRow, type Row } from '../data/dataset.ts';
import type { Evaluation } from '../evaluate/evaluation.ts';
import type { Evaluator } from '../evaluate/evaluator.ts';
import { bootstrapMean, logShares } from '../evaluate/statistics.ts';
import type { Adapter } from '../model/adapter.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { intentTask } from './madeUp.fixture.ts';
import type { OptimizationContext } from './coordinator.ts';
import type { OptimizationEvent } from './events.ts';

/** Nats per row that each text contributes if the prompt contains it. */
export type WorthOfLines = Readonly<Record<string, number>>;

export const rowsOf = (count: number): Row[] =>
  Array.from({ length: count }, (_, i) => makeRow({ message: `message ${i}`, sender: 'Ann', intent: 'card' }, i + 1));

/** A token for each word. */
const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');
const textOf = ({ body, demonstrations }: Prompt): string =>
  [body, ...demonstrations.map(({ inputs, output }) => `${JSON.stringify(inputs)} ${output}`)].join('\n');

export interface Asked {
  readonly prompt: Prompt;
  readonly rows: number;
  readonly tokensUsed: number;
}

/**
 * The rows are of all degrees of difficulty, and one is right if its answer is more likely than not. A row costs the prompt's tokens.
 * @param worth of the lines, with these weights
 * @param asked records what was measured
 */
export function evaluatorOfLines(worth: (adapter?: Adapter) => WorthOfLines, asked: Asked[] = []): Evaluator {
  return {
    task: intentTask,
    model: { texts: { count: (text: string) => words(text).length } },
    predict: () => Promise.reject(new Error('not needed')),
    evaluate: ({ prompt, adapter }: { prompt: Prompt; adapter?: Adapter }, rows: readonly Row[]): Promise<Evaluation> => {
      const text = textOf(prompt);
      const nats = Object.entries(worth(adapter)).reduce((sum, [line, each]) => sum + (text.includes(line) ? 0 : each), 0);
      const results = rows.map((row) => {
        const hardness = ((row.line * 37) % 101) / 101;
        const logLikelihood = -1.3 * hardness - 0.05 - nats;
        return { row: row.id, prediction: 'card', gold: 'card', score: Number(logLikelihood > Math.log(0.5)), logLikelihood };
      });
      const promptTokens = words(text).length;
      const tokensUsed = promptTokens * rows.length;
      asked.push({ prompt, rows: rows.length, tokensUsed });
      return Promise.resolve({
        rows: results,
        score: bootstrapMean(
          results.map(({ score }) => score),
          { samples: 100 },
        ),
        logLikelihood: bootstrapMean(
          results.map(({ logLikelihood }) => logLikelihood),
          { samples: 100, range: logShares },
        ),
        promptTokens,
        tokensUsed,
      });
    },
  } as unknown as Evaluator;
}

/** A paragraph of one line that starts with its name, which nothing else contains. */
export const line = (name: string, tokens: number): string => `${name} ${'word '.repeat(tokens - 2)}end.`;

/** The parts of a context that a search in prompts needs. */
export const contextOfLines = (
  evaluator: Evaluator,
  valset: readonly Row[],
  rest: Partial<OptimizationContext> & { readonly emit?: (event: OptimizationEvent) => void } = {},
): OptimizationContext => ({ evaluator, valset, trainset: valset, seed: 1, emit: () => {}, ...rest }) as unknown as OptimizationContext;

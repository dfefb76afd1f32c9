/** @file A context that counts the cost of everything that is evaluated, trained, projected and differentiated, whoever asks for it. */
import type { Evaluation } from '../evaluate/evaluation.ts';
import { localTrainer } from './localTrainer.ts';
import { promptKey } from './proposers/proposer.ts';
import { partsOf, type Silent } from './kinds.fixture.ts';

/** Counts tokens as they should be charged. */
export function counting({ evaluator, trainer: given, ...rest }: Silent): { context: Silent; tokensUsed: () => number } {
  const trainer = partsOf(given);
  let sum = 0;
  const counted = async <T extends { readonly tokensUsed: number }>(result: Promise<T>): Promise<T> => {
    sum += (await result).tokensUsed;
    return result;
  };
  // Rows that a candidate has answered cost nothing when it is asked for them and more.
  const latest = new Map<
    string,
    { readonly evaluation: Evaluation; readonly read: string; readonly tokensByScoring: Map<string, number> }
  >();
  const known = (key: string, read: string, { rows, tokensUsed }: Evaluation): number => {
    const former = latest.get(key);
    const asked = new Set(rows.map(({ row }) => row));
    if (!former?.evaluation.rows.every(({ row }) => asked.has(row))) return 0;
    // Other label scoring of the same answers costs only what its calibration asks.
    const more = former.evaluation.rows.length < rows.length || former.read !== read;
    // With more rows, only the tokens of the same label scoring are already paid, not those that another calibration asked for.
    const behind = former.evaluation.rows.length < rows.length ? former.tokensByScoring.get(read) : undefined;
    return more ? Math.min(behind ?? former.evaluation.tokensUsed, tokensUsed) : 0;
  };
  const context: Silent = {
    ...rest,
    evaluator: {
      ...evaluator,
      async evaluate(candidate, rows) {
        const evaluation = await evaluator.evaluate(candidate, rows);
        const { decoding, ...shown } = candidate.prompt;
        const [key, read] = [`${promptKey(shown)} ${candidate.adapter?.id ?? ''}`, JSON.stringify(decoding)];
        sum += evaluation.tokensUsed - known(key, read, evaluation);
        // What one calibration asked for is available to every later label scoring.
        const former = latest.get(key)?.evaluation;
        const isSame = former !== undefined && former.rows.length === evaluation.rows.length;
        const tokensByScoring = isSame ? latest.get(key)!.tokensByScoring : new Map<string, number>();
        tokensByScoring.set(read, evaluation.tokensUsed);
        latest.set(key, {
          ...{ read, tokensByScoring },
          evaluation: { ...evaluation, tokensUsed: Math.max(isSame ? former.tokensUsed : 0, evaluation.tokensUsed) },
        });
        return evaluation;
      },
      ...(evaluator.scoreWords && { scoreWords: (...asked) => counted(evaluator.scoreWords!(...asked)) }),
    },
    trainer: localTrainer({
      ...trainer,
      soft: {
        ...trainer.soft,
        project: (...asked) => counted(trainer.soft.project(...asked)),
        fluency: (...asked) => counted(trainer.soft.fluency(...asked)),
        substitutions: (...asked) => counted(trainer.soft.substitutions(...asked)),
      },
      start(...from) {
        const training = trainer.start(...from);
        return {
          ...training,
          async step(...batch) {
            const result = await training.step(...batch);
            sum += 3 * result.tokens;
            return result;
          },
        };
      },
    }),
  };
  return { context, tokensUsed: () => sum };
}

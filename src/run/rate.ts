/** @file How fast this machine is on a task. It is measured before a run, because a budget of time is planned in tokens. */
import { haveAnswers } from '../evaluate/evaluation.ts';
import { adapterOfStep } from '../model/stepAdapters.ts';
import { alternatingDefaults } from '../optimize/alternatingPhase.ts';
import { answeredBy } from '../optimize/ownAnswers.ts';
import { shortest } from '../optimize/shorten.ts';
import type { Optimizer } from './optimizer.ts';
import type { Session } from './session.ts';
import type { TuneChoice } from './spec.ts';

export interface Rate {
  /** Tokens. */
  readonly tokensPerSecond: number;
  /** What a row costs to measure once with the current prompt. */
  readonly tokensPerRow: number;
}

/**
 * Scores some training rows and, if the weights may change, takes some training steps, each after a first one that only warms up. Half of
 * the tokens are assumed to go into each.
 */
export async function measureRate(session: Session, { trainer }: Pick<Optimizer, 'trainer'>, target: TuneChoice): Promise<Rate> {
  const few = await rowsToTime(session);
  const scoring = await scoringRate(session, few);
  if (target === 'prompt') return scoring;
  const { file, programEvaluator } = session;
  const first = session.trainset.slice(0, Math.min(few, alternatingDefaults.batchRows));
  const candidate = { prompt: file.prompt, adapter: session.adapter };
  const traced = programEvaluator ? (await programEvaluator.trace(candidate, first)).rows : first;
  const isAnswered = haveAnswers(traced, trainer.outputColumn);
  const trainset = isAnswered
    ? traced
    : answeredBy(traced, (await session.freshEvaluator().evaluate(candidate, first)).rows, trainer.outputColumn);
  const own = adapterOfStep(session.adapter, (programEvaluator?.steps.length ?? 1) - 1);
  const training = trainer.start(own ?? trainer.fresh(0), { seed: 0, weightPenalty: 0 });
  // If both are tuned, the first steps use the prompt without its instruction.
  const shown = target === 'both' ? (shortest(file.prompt) ?? file.prompt) : file.prompt;
  const batch = trainset.map((row) => trainer.example(shown, row));
  await training.step(batch, 0);
  const begun = performance.now();
  const { tokens } = await training.step(batch, 0);
  const stepping = (3 * tokens * 1000) / (performance.now() - begun);
  return { ...scoring, tokensPerSecond: 2 / (1 / scoring.tokensPerSecond + 1 / stepping) };
}

/** 64 rows, or fewer long ones that cost about 8,000 tokens when scored one by one. */
async function rowsToTime({ freshEvaluator, file, trainset }: Session): Promise<number> {
  const { tokensUsed } = await freshEvaluator().evaluate({ prompt: file.prompt }, trainset.slice(0, 1));
  return Math.max(1, Math.min(64, Math.floor(8000 / tokensUsed)));
}

async function scoringRate({ freshEvaluator, file, trainset }: Session, few: number): Promise<Rate> {
  // Known answers would cost no time.
  const fresh = freshEvaluator();
  const candidate = { prompt: file.prompt };
  const warming = Math.min(8, few);
  await fresh.evaluate(candidate, trainset.slice(0, warming));
  const rows = trainset.length > 2 * warming ? trainset.slice(warming, warming + few) : trainset;
  const begun = performance.now();
  const { tokensUsed } = await fresh.evaluate(candidate, rows);
  return { tokensPerSecond: (tokensUsed * 1000) / (performance.now() - begun), tokensPerRow: tokensUsed / rows.length };
}

/**
 * @file Preflight: shows before a run whether the prompt or the weights are likely to help, by trying some cheap prompts and one short training on a
 * few rows.
 */
import { limitRows } from '../data/split.ts';
import { compareEvaluations, type Comparison, type Evaluation } from '../evaluate/evaluation.ts';
import { isBetter } from '../evaluate/ranking.ts';
import { adapterOfStep, withStepAdapter } from '../model/stepAdapters.ts';
import { stepsOf, type Prompt } from '../prompt/prompt.ts';
import { lessonOf } from './adapterBlock.ts';
import { alternatingDefaults } from './alternatingPhase.ts';
import { blocksOf } from './blocks.ts';
import { coordinateDefaults } from './coordinatePhase.ts';
import type { OptimizationContext, ProposingContext } from './coordinator.ts';
import type { Target, MeasuredState } from './events.ts';
import { decide, rowsToDecide } from './gate.ts';
import { noStatistics } from './targetBandit.ts';
import { hasAnswers } from './ownAnswers.ts';
import { measuredState } from './measuredState.ts';
import { proposeForBlock } from './promptBlock.ts';
import { propose } from './promptPhase.ts';
import { promptKey } from './proposers/proposer.ts';
import { nothingIfTooLong, type Runner } from './successiveHalving.ts';
import { otherScorings } from './labelScoring.ts';
import type { TrainingJob } from './trainer.ts';

/** The result of probing the prompt or the weights: `likely` if the gate would have accepted it, `unlikely` if nothing that was tried was ahead. */
export type Outlook = 'likely' | 'unclear' | 'unlikely';

export interface TargetOutlook extends Pick<Comparison, 'score' | 'logLikelihood'> {
  readonly target: Target;
  readonly outlook: Outlook;
  /** Half a sentence for people. */
  readonly because: string;
  /** How many prompts, or states of the weights, were measured. The differences are those of the best one. */
  readonly tried: number;
}

export interface Preflight {
  /** The evaluation of the current prompt on the probe's rows. */
  readonly now: Pick<Evaluation, 'score' | 'logLikelihood'>;
  readonly targets: readonly TargetOutlook[];
  /** Tokens that the probe cost. */
  readonly tokensUsed: number;
}

const probeRows = 24;
const prompts = 10;
const training = { steps: 12, batchRows: 8, learningRate: alternatingDefaults.learningRate };

/** The share of the allowed time for prompts. The short training gets the rest. */
const promptsShare = 0.6;

/** The context of the run that would follow, without its budget. */
export type PreflightContext = Omit<OptimizationContext, 'budget' | 'emit' | 'adapters'>;

/**
 * Tries ten prompts as the prompt phase would propose them (in a program, as the blocks of coordinate descent would), other label scoring (of the
 * last step), and twelve weight steps under the current prompt. Each is measured on the same 24 validation rows. It misses what only many steps, or
 * only prompt and weights together, would gain.
 * @param isOver whether this share of the allowed time is over, where 1 is all of it; then it stops trying
 * @throws TandemError those of the evaluator; an abort throws its reason
 */
export async function runPreflight(
  context: PreflightContext,
  onBusy: (what: string, share: number) => void = () => {},
  isOver: (share: number) => boolean = () => false,
): Promise<Preflight> {
  const { evaluator, trainer, prompt, start, signal, seed } = context;
  const rows = limitRows(context.valset, probeRows, seed);
  let tokensUsed = 0;
  const measure = async (candidate: { prompt: Prompt; adapter?: typeof start }): Promise<Evaluation> => {
    signal?.throwIfAborted();
    const evaluation = await evaluator.evaluate(candidate, rows, { signal });
    tokensUsed += evaluation.tokensUsed;
    return evaluation;
  };
  const now = await measure({ prompt, adapter: start });
  const current = measuredState('0.0', prompt, start, now, context.objective);
  onBusy('Proposing prompts', 0);
  const proposed = await (context.program ? proposedByBlocks : proposedByPhase)(context, current, now);
  signal?.throwIfAborted();
  tokensUsed += proposed.tokensUsed;
  const candidates: Evaluation[] = [];
  for (const [at, runner] of proposed.runners.entries()) {
    if (isOver(promptsShare)) break;
    onBusy(`Trying prompt ${at + 1} of ${proposed.runners.length}`, at / (proposed.runners.length + 2));
    const evaluation = await measure({ prompt: runner.prompt, adapter: start }).catch(nothingIfTooLong);
    if (evaluation) candidates.push(evaluation);
  }
  const tried = new Set(proposed.runners.map((runner) => promptKey(runner.prompt)));
  const scorings = otherScorings(context, prompt, now).filter((scoring) => !tried.has(promptKey(scoring.prompt)));
  for (const scoring of scorings) candidates.push(await measure({ prompt: scoring.prompt, adapter: start }));
  onBusy('Running a short training', 1 - 2 / (proposed.runners.length + 2));
  const last = stepsOf(prompt).length - 1;
  const { lesson, tokensUsed: tracing } = await lessonFor(context, now);
  tokensUsed += tracing;
  const weights = adapterOfStep(start, last) ?? trainer.fresh(seed);
  const job: TrainingJob = {
    ...training,
    from: weights.id,
    lessons: [lesson],
    weightPenalty: context.objective.weights,
    seed,
    measureEvery: training.steps,
    patience: 1,
  };
  const tuned =
    lesson.rows.length > 0
      ? await trainer.train(job, {
          start: weights,
          budget: (spent) => (isOver(1) ? spent : Infinity),
          signal,
          measure: (adapter) =>
            evaluator.evaluate({ prompt, adapter: start?.steps ? withStepAdapter(start, last, adapter, last + 1) : adapter }, rows, {
              signal,
            }),
        })
      : undefined;
  signal?.throwIfAborted();
  tokensUsed += tuned?.tokensUsed ?? 0;
  return {
    now: { score: now.score, ...(now.logLikelihood && { logLikelihood: now.logLikelihood }) },
    targets: [outlookOf('weights', now, tuned?.evaluation ? [tuned.evaluation] : []), outlookOf('prompt', now, candidates)],
    tokensUsed,
  };
}

interface Proposed {
  readonly runners: readonly Runner[];
  readonly tokensUsed: number;
}

/** As in a run, but without a limit, and without a receiver of events. */
const asRun = (context: PreflightContext): PreflightContext & ProposingContext => ({ ...context, budget: Infinity, emit: () => {} });

/** The proposals of a prompt phase of the alternating coordinator. */
function proposedByPhase(context: PreflightContext, current: MeasuredState, before: Evaluation): Promise<Proposed> {
  const memory = { current, statistics: noStatistics, challengers: [], tried: [] };
  const options = { ...alternatingDefaults, proposals: prompts };
  return propose(asRun(context), options, { phase: 1, memory, before, adapter: context.start, spent: 0, budget: Infinity });
}

/** The proposals of the prompt blocks of coordinate descent, the last step's before the earlier ones, some of each. */
async function proposedByBlocks(context: PreflightContext, current: MeasuredState, before: Evaluation): Promise<Proposed> {
  const { program, prompt, start: adapter } = context;
  const blocks = blocksOf(
    prompt,
    program!.tasks.map(({ output }) => output),
    ['prompt'],
  );
  const options = { ...coordinateDefaults, proposals: Math.ceil(prompts / blocks.length), tracedRows: probeRows };
  const memory = { current, statistics: {}, tried: [] };
  const found: Proposed[] = [];
  for (const block of blocks) {
    // With the same phase number, all blocks see the same rows traced, which costs only once.
    found.push(await proposeForBlock(asRun(context), options, { phase: 1, block, memory, before, adapter, budget: Infinity }));
  }
  return { runners: found.flatMap(({ runners }) => runners), tokensUsed: found.reduce((sum, { tokensUsed }) => sum + tokensUsed, 0) };
}

/** What the short training learns from. It answers no more rows than the training sees. @param before on the probe's rows */
function lessonFor(context: PreflightContext, before: Evaluation): ReturnType<typeof lessonOf> {
  const { prompt, start, program, trainset, evaluator, seed } = context;
  const few = limitRows(trainset, training.steps * training.batchRows, seed, { balance: evaluator.task.output });
  // If each step has an adapter, the last one has its turn first.
  const only = start?.steps && stepsOf(prompt).length - 1;
  const asked = { ...asRun(context), ...((program || !hasAnswers(context)) && { trainset: few }) };
  return lessonOf(asked, prompt, start, only, { phase: 0, spent: 0, budget: Infinity, before });
}

/** What the best of several evaluations says about its target. */
export function outlookOf(target: Target, now: Evaluation, found: readonly Evaluation[]): TargetOutlook {
  const tried = found.length;
  const decisions = found
    .toSorted((a, b) => (isBetter(a, b) ? -1 : 1))
    .map((evaluation) => ({ ...decide(now, evaluation, tried), evaluation }));
  const best = decisions.find(({ accepted }) => accepted) ?? decisions.at(0);
  if (!best) return { target, outlook: 'unlikely', because: 'nothing to try', tried, ...compareEvaluations(now, now) };
  const { score, logLikelihood } = best;
  const judged = (outlook: Outlook, because: string): TargetOutlook => ({
    target,
    outlook,
    because,
    tried,
    score,
    ...(logLikelihood && { logLikelihood }),
  });
  if (now.score.mean >= 1) return judged('unlikely', `all ${now.rows.length} rows are already right`);
  if (best.accepted) return judged('likely', best.because);
  const ahead = decisions.some((each) => each.score.mean > 0 || (each.logLikelihood?.probabilityBetter ?? 0) >= 0.9);
  return judged(ahead || now.rows.length < rowsToDecide(tried) ? 'unclear' : 'unlikely', best.because);
}

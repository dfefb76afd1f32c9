/**
 * @file One projection phase. A tuned soft prompt is projected to texts. Successive halving compares them under the weights of the start, because
 * with the weights tuned with the soft prompt every text would look bad. Then the weights are trained further with the winner.
 */
import type { Evaluation } from '../evaluate/evaluation.ts';
import { isBetter } from '../evaluate/ranking.ts';
import { withoutSoft, type Adapter } from '../model/adapter.ts';
import { withInstruction } from '../prompt/instruction.ts';
import type { Prompt } from '../prompt/prompt.ts';
import { randomStream } from '../random.ts';
import type { OptimizationContext } from './coordinator.ts';
import type { CandidateId } from './events.ts';
import type { MeasuredCandidate, Outcome } from './outcome.ts';
import { collectRunners, countingEvaluator } from './proposers/collect.ts';
import { gradientEditDefaults, gradientEdits } from './proposers/gradientEdits.ts';
import { promptKey, type Hint } from './proposers/proposer.ts';
import { hasOf, proposersOf } from './proposers/table.ts';
import { taskWords } from './proposers/taskWords.ts';
import { after, allowance, keeping, partOf, purseOf } from './purse.ts';
import { successiveHalving, type Runner } from './successiveHalving.ts';
import { bestScorings } from './labelScoring.ts';
import type { SimultaneousOptions } from './simultaneousOptions.ts';
import type { TrainingJob } from './trainer.ts';

export interface ProjectionStart {
  readonly phase: number;
  /** The weights with the soft prompt. */
  readonly soft: Adapter;
  /** The best prompt that is all text. */
  readonly text: Prompt;
  readonly startAdapter: Adapter | undefined;
  /** The author's prompt with its best label scoring under the weights of the start, and its evaluation on the valset. */
  readonly plain: Prompt;
  readonly start: Evaluation;
  readonly spent: number;
}

/** From the nearest tokens to the most fluent ones. A reach above 1 continues in the direction in which the soft prompt was moving. */
const projections = [
  { reach: 1, fluency: 0, name: 'nearest tokens' },
  { reach: 1, fluency: 0.1, name: 'nearest tokens that read' },
  { reach: 2, fluency: 0.05, name: 'tokens where it was heading, that read' },
  { reach: 2, fluency: 0.2, name: 'tokens where it was heading, that read well' },
  { reach: 4, fluency: 0.3, name: 'tokens far on its way, that read well' },
];

/** A training with fewer steps than this is not worth its measurements. */
const leastSteps = 5;

/** The most words in a hint. */
const hintedWords = 12;

/** @returns an outcome without an id for the previous text with other weights */
export async function projectionPhase(
  context: OptimizationContext,
  options: SimultaneousOptions,
  start: ProjectionStart,
): Promise<Outcome> {
  const { phase, spent, startAdapter: adapter } = start;
  const left = after(purseOf(context), spent);
  const limit = Math.min(0.6 * allowance(left), options.textShare * context.budget);
  const { runners, tokensUsed: proposing } = await propose(context, options, start, limit);
  const racing = await successiveHalving(context, phase, runners, adapter, start.start, after(left, proposing));
  const tokensUsed = proposing + racing.tokensUsed;
  const [winner] = racing.finishers;
  if (options.targets.includes('weights')) return settle(context, options, start, winner, tokensUsed);
  if (!winner) return { tokensUsed };
  const { id, prompt, evaluation } = winner;
  return { measured: { id, prompt, adapter, evaluation, among: runners.length }, tokensUsed };
}

/** A text with the label scoring of another one. */
function readAs({ decoding }: Prompt, { decoding: _, ...wording }: Prompt): Prompt {
  return { ...wording, ...(decoding && { decoding }) };
}

async function propose(
  context: OptimizationContext,
  options: SimultaneousOptions,
  { phase, soft, text: best, startAdapter, plain, start }: ProjectionStart,
  limit: number,
): Promise<{ runners: readonly Runner[]; tokensUsed: number }> {
  const { trainer, seed, trainset } = context;
  const text = readAs(plain, best);
  let tokensUsed = 0;
  // A runner costs about half a measurement, and the finishers cost two.
  const affordable = Math.max(2, Math.floor(2 * (limit / start.tokensUsed - 1)));
  const others = Math.min(options.hinted + options.plain, Math.floor(affordable / 3));
  const own = Math.min(options.projections, affordable - others);
  const { runners, take: add } = collectRunners(context, phase, text, [promptKey(text)], { most: own + others });
  const take: typeof add = (proposer, proposal) => (runners.length < own ? add(proposer, proposal) : undefined);
  for (const { name, ...how } of projections) {
    const found = await trainer.soft.project(soft.soft!, { ...how, beam: 4, nearest: 12 });
    tokensUsed += found.tokensUsed;
    if (found.text !== '') take('soft prompt', { prompt: withInstruction(text, found.text), reason: name });
  }
  const { evaluator, spent } = countingEvaluator(context.evaluator);
  const edits = gradientEdits({ ...gradientEditDefaults, tuner: trainer.soft, onTokens: (cost) => (tokensUsed += cost) });
  const random = randomStream(seed, 'phase', phase, 'propose', edits.name);
  // From the author's text, or if there is none, from the initial text of the soft prompt.
  const began = soft.soft!.text === '' ? text : withInstruction(text, soft.soft!.text);
  if (began !== text) take('soft prompt start', { prompt: began, reason: 'what the soft prompt began as' });
  // A round measures each of its tries on its rows. Its gradients cost about four measurements more. The comparison needs the other half.
  const { rows, tries } = gradientEditDefaults;
  const round = (start.tokensUsed / start.rows.length) * rows * (tries + 4);
  const rounds = Math.min(3, Math.floor((limit / 2 - tokensUsed) / round));
  if (rounds > 0) {
    const proposals = await edits.propose({ prompt: began, adapter: startAdapter, evaluator, trainset, random, count: rounds });
    for (const proposal of proposals) take(edits.name, proposal);
  }
  const hint: Hint = { from: 'the soft prompt', words: trainer.soft.words(soft.soft!, taskWords(context, text), hintedWords) };
  const without = Math.round((others * options.plain) / Math.max(1, options.hinted + options.plain));
  for (const [given, count] of [
    [hint, hint.words.length > 0 ? others - without : 0],
    [undefined, without],
  ] as const) {
    // Sources that cannot use the hint are asked once.
    const sources = proposersOf(['instruction'], hasOf(context)).filter(({ hints }) => !given || hints);
    for (const [place, { proposer }] of sources.entries()) {
      // The remainder goes to the later ones.
      const few = Math.floor((count * (place + 1)) / sources.length) - Math.floor((count * place) / sources.length);
      const purpose = randomStream(seed, 'phase', phase, 'propose', proposer.name, given ? 'hinted' : 'plain');
      const asked = {
        ...{ prompt: began, adapter: startAdapter, evaluator, trainset, random: purpose, count: few },
        ...(context.writer && { writer: context.writer }),
        ...(context.signal && { signal: context.signal }),
      };
      const proposals = few > 0 ? await proposer.propose({ ...asked, ...(given && { hint: given }) }) : [];
      for (const proposal of proposals) add(proposer.name, proposal);
    }
  }
  return { runners, tokensUsed: tokensUsed + spent() };
}

/**
 * The winner and the previous text get the same few weight steps, from the weights tuned with the soft prompt. The better pair is trained with the
 * rest of the budget.
 */
async function settle(
  context: OptimizationContext,
  options: SimultaneousOptions,
  { phase, soft, text, start: { tokensUsed: measuring }, spent }: ProjectionStart,
  winner: Text | undefined,
  projecting: number,
): Promise<Outcome> {
  const rivals = [...(winner ? [winner] : []), { prompt: text }];
  let tokensUsed = projecting;
  // The comparison of texts was done under other weights, so it does not count as a choice between these.
  let among = 0;
  const tune = async (
    { id, prompt }: Text,
    start: Adapter,
    steps: number,
    purpose: string,
    parts: number,
  ): Promise<MeasuredCandidate | undefined> => {
    const before = spent + tokensUsed;
    const scoring = bestScorings(context, prompt, true);
    const job: TrainingJob = {
      from: start.id,
      lessons: [{ prompt, rows: context.trainset, shots: 0 }],
      steps,
      batchRows: options.batchRows,
      learningRate: options.learningRate,
      weightPenalty: context.objective.weights,
      seed: randomStream(context.seed, 'phase', phase, purpose).integer(2 ** 31),
      measureEvery: Math.max(8, Math.round(steps / 3)),
      patience: 2,
    };
    const tuned = await context.trainer.train(job, {
      start,
      // Its last measurement is paid for first.
      budget: keeping(partOf(after(purseOf(context), before), parts), measuring),
      measuring,
      signal: context.signal,
      measure: scoring.measure,
      onStep: (step) =>
        context.emit({
          type: 'weightStep',
          phase,
          ...(id !== undefined && { candidate: id }),
          ...step,
          tokensUsed: before + step.tokensUsed,
        }),
    });
    tokensUsed += tuned.tokensUsed;
    if (!tuned.evaluation) return undefined;
    const { scorings = 1, ...measured } = scoring.of(tuned.adapter).measured;
    among += tuned.measurements * scorings;
    return { ...(id !== undefined && { id }), ...measured };
  };
  const weights = withoutSoft(soft) ?? context.trainer.fresh(context.seed);
  let best: MeasuredCandidate | undefined;
  for (const [place, rival] of rivals.entries()) {
    best = better(best, await tune(rival, weights, options.settleSteps, 'settle', rivals.length - place));
  }
  if (best?.adapter) {
    const { id, prompt, adapter, evaluation } = best;
    const stepCost = context.trainer.stepCost({ prompt, rows: context.trainset, shots: 0 }, options.batchRows);
    // Its three measurements are paid for first.
    const affordable = Math.floor(
      (allowance(purseOf(context), spent + tokensUsed) - spent - tokensUsed - 3 * evaluation.tokensUsed) / stepCost,
    );
    const steps = Math.min(options.steps / 2, affordable);
    if (steps >= leastSteps) best = better(best, await tune({ ...(id !== undefined && { id }), prompt }, adapter, steps, 'rest', 1));
  }
  return { ...(best && { measured: { ...best, among } }), tokensUsed };
}

interface Text {
  readonly id?: CandidateId;
  readonly prompt: Prompt;
}

const better = (one: MeasuredCandidate | undefined, other: MeasuredCandidate | undefined): MeasuredCandidate | undefined =>
  other && (!one || isBetter(other.evaluation, one.evaluation)) ? other : one;

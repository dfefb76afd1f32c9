/**
 * @file A phase of coordinate descent on a prompt: one step's instruction or demonstrations, or the decoding. Proposals are compared while the rest
 * is held fixed.
 */
import { mostToJudge } from './gate.ts';
import { limitRows } from '../data/split.ts';
import type { Row } from '../data/dataset.ts';
import type { Evaluation } from '../evaluate/evaluation.ts';
import type { Evaluator } from '../evaluate/evaluator.ts';
import { isRight } from '../evaluate/judging.ts';
import type { Adapter } from '../model/adapter.ts';
import { stepsOf, withStep, type Prompt } from '../prompt/prompt.ts';
import { textIn } from '../prompt/values.ts';
import { randomStream } from '../random.ts';
import type { BlockStart, CoordinateOptions } from './coordinatePhase.ts';
import type { OptimizationContext, ProposingContext } from './coordinator.ts';
import type { Outcome } from './outcome.ts';
import { collectRunners, countingEvaluator } from './proposers/collect.ts';
import { decodingProposals } from './proposers/decoding.ts';
import { promptKey } from './proposers/proposer.ts';
import { hasOf, proposersOf } from './proposers/table.ts';
import { after, allowance, partOf } from './purse.ts';
import { measureAll, successiveHalving, type Runner } from './successiveHalving.ts';
import { scoringCosts } from './labelScoring.ts';
import { shorten } from './shorten.ts';

export async function promptBlock(context: OptimizationContext, options: CoordinateOptions, start: BlockStart): Promise<Outcome> {
  const { phase, memory, before, adapter } = start;
  const spared = await spareInBlock(context, start);
  if (spared.measured) return spared;
  const budget = after(start.budget, spared.tokensUsed);
  const { runners, tokensUsed: proposing } = await proposeForBlock(context, options, { ...start, budget }, spared.proposed);
  const left = after(budget, proposing);
  // Calibration asks as many rows for a part of the valset as for all of it.
  const { finishers, tokensUsed: comparing } =
    start.block.kind === 'decoding'
      ? await measureAll(context, phase, runners, adapter, before, left, costOfDecoding(context, memory.current.prompt, before))
      : await successiveHalving(context, phase, runners, adapter, before, left);
  const proposed = [...spared.proposed, ...runners];
  const tokensUsed = spared.tokensUsed + proposing + comparing;
  const [winner] = finishers;
  if (!winner) return { tokensUsed, proposed };
  const { id, prompt, evaluation } = winner;
  return { measured: { id, prompt, ...(adapter && { adapter }), evaluation, among: runners.length }, tokensUsed, proposed };
}

/** The share of a block's budget that the search for unnecessary parts may use. */
const sparingShare = 1 / 4;

/** Removes unnecessary parts of the step's instruction before others are proposed. */
async function spareInBlock(
  context: OptimizationContext,
  { phase, block, memory, before, peak = before, adapter, budget }: BlockStart,
): Promise<Outcome & { readonly proposed: readonly Runner[] }> {
  const { prompt: current } = memory.current;
  const collection = collectRunners(context, phase, current, [promptKey(current), ...memory.tried]);
  if (block.kind !== 'instruction') return { tokensUsed: 0, proposed: [] };
  const step = block.step ?? 0;
  const whole = (next: Prompt): Prompt => withStep(current, step, next);
  const start = { phase, prompt: stepsOf(current)[step], whole, adapter, before, peak, budget: partOf(budget, 1 / sparingShare) };
  return { ...(await shorten(context, collection, start)), proposed: collection.runners };
}

/** If only the label scoring of the last step changes, everything that was asked for the current prompt is in the cache. */
function costOfDecoding({ evaluator }: OptimizationContext, current: Prompt, before: Evaluation) {
  const costOfRescoring = scoringCosts(before);
  const earlier = stepsOf(current).slice(0, -1);
  return ({ prompt }: Runner, evaluation: Evaluation): number => {
    const steps = stepsOf(prompt);
    const onlyRead = evaluator.task.labels !== undefined && earlier.every((step, place) => steps[place] === step);
    return onlyRead ? costOfRescoring(evaluation) : evaluation.tokensUsed;
  };
}

/**
 * The proposals of one phase for its block, without duplicates. Each is the whole prompt or program.
 * @param earlier of the same phase
 */
export async function proposeForBlock(
  context: ProposingContext,
  options: CoordinateOptions,
  { phase, block, memory, before, adapter, budget }: Omit<BlockStart, 'spent'>,
  earlier: readonly Runner[] = [],
): Promise<{ runners: readonly Runner[]; tokensUsed: number }> {
  const { seed, program } = context;
  const { prompt: current } = memory.current;
  const known = new Set([promptKey(current), ...memory.tried, ...earlier.map(({ prompt }) => promptKey(prompt))]);
  const { runners, take } = collectRunners(context, phase, current, known, { after: earlier.length });
  const affordable = Math.round((options.promptShare * context.budget) / before.tokensUsed);
  const wanted = Math.max(2, Math.min(options.proposals, affordable, mostToJudge(context.valset.length)));
  if (block.kind === 'decoding') {
    const tasks = program?.tasks ?? [context.evaluator.task];
    const random = randomStream(seed, 'phase', phase, 'propose', 'decoding');
    const proposals = stepsOf(current).flatMap((prompt, step) =>
      decodingProposals(prompt, tasks[step], {
        ...{ trainset: context.trainset, texts: context.evaluator.model?.texts },
        // What was measured is how the last step answers.
        ...(step === tasks.length - 1 && { lengthSlope: before.lengthSlope }),
      }).map(({ prompt: next, reason }) => ({
        prompt: withStep(current, step, next),
        reason: tasks.length === 1 ? reason : `${reason}, in ${tasks[step].output}`,
      })),
    );
    const fresh = proposals.filter(({ prompt }) => !known.has(promptKey(prompt)));
    for (const proposal of random.shuffle(fresh).slice(0, Math.max(wanted, 3))) take('decoding', proposal);
    return { runners, tokensUsed: 0 };
  }
  const kind = block.kind === 'demonstrations' ? 'demonstrations' : 'instruction';
  const step = block.step ?? 0;
  const random = randomStream(seed, 'phase', phase, 'trace').integer(2 ** 31);
  const view = await viewOf(context, current, step, adapter, { rows: options.tracedRows, seed: random });
  if (view.tokensUsed > allowance(budget)) return { runners, tokensUsed: view.tokensUsed };
  const own = stepsOf(current)[step];
  const sources = proposersOf(kind === 'instruction' ? ['instruction', 'labels'] : [kind], hasOf(context));
  // A block is small, so its sources get equal turns.
  const count = Math.max(1, Math.round(wanted / sources.length));
  for (const { proposer } of sources) {
    const proposals = await proposer.propose({
      prompt: own,
      ...(adapter && { adapter }),
      evaluator: view.evaluator,
      trainset: view.trainset,
      random: randomStream(seed, 'phase', phase, 'propose', proposer.name),
      count,
      ...(context.writer && { writer: context.writer }),
      ...(context.signal && { signal: context.signal }),
    });
    for (const { prompt, reason } of proposals) {
      // A block changes nothing else. The words for the labels are part of the wording.
      const { labelWords, body, demonstrations } = prompt;
      const { labelWords: _, ...unspoken } = own;
      const next =
        kind === 'instruction' ? { ...unspoken, body, demonstrations, ...(labelWords && { labelWords }) } : { ...own, demonstrations };
      take(proposer.name, { prompt: withStep(current, step, next), reason });
    }
  }
  return { runners, tokensUsed: view.tokensUsed + view.spent() };
}

interface StepView {
  /** Judges a prompt of the step by the answers of the whole program. */
  readonly evaluator: Evaluator;
  /** Rows with the columns that the step reads, and for an earlier step, its answers that led to a right final answer. */
  readonly trainset: readonly Row[];
  /** Tokens that making the view cost, and those of its evaluator so far. */
  readonly tokensUsed: number;
  readonly spent: () => number;
}

/** A step as a proposer sees it: as if it were a prompt with its own data. */
async function viewOf(
  { evaluator, program, trainset }: Pick<ProposingContext, 'evaluator' | 'program' | 'trainset'>,
  current: Prompt,
  step: number,
  adapter: Adapter | undefined,
  { rows: count, seed }: { rows: number; seed: number },
): Promise<StepView> {
  const { evaluator: counting, spent } = countingEvaluator(evaluator);
  if (!program || program.tasks.length === 1) return { evaluator: counting, trainset, tokensUsed: 0, spent };
  const sample = limitRows(trainset, count, seed, { balance: evaluator.task.output });
  const candidate = { prompt: current, ...(adapter && { adapter }) };
  const evaluation = await evaluator.evaluate(candidate, sample);
  // What was just answered is cached, so only the evaluation costs tokens.
  const { rows: traced } = await program.trace(candidate, sample);
  const task = program.tasks[step];
  const isLast = step === program.tasks.length - 1;
  return {
    evaluator: {
      ...evaluator,
      task,
      async evaluate({ prompt, adapter: tuned }, rows, options) {
        const whole = { prompt: withStep(current, step, prompt), ...(tuned && { adapter: tuned }) };
        const result = await counting.evaluate(whole, rows, options);
        if (isLast) return result;
        const answers = await program.trace(whole, rows, options);
        const results = result.rows.map((row, place) => {
          const answer = textIn(answers.rows[place].values, task.output);
          return { ...row, prediction: answer, gold: answer };
        });
        return { ...result, rows: results };
      },
      ...(isLast && counting.scoreWords
        ? {
            scoreWords: ({ prompt, ...rest }, ...asked) =>
              counting.scoreWords!({ ...rest, prompt: withStep(current, step, prompt) }, ...asked),
          }
        : { scoreWords: undefined }),
    },
    trainset: isLast
      ? traced
      : traced.flatMap((row, place) => {
          const { values } = sample[place];
          if (Object.hasOwn(values, task.output)) return [{ ...row, values: { ...row.values, [task.output]: values[task.output] } }];
          return isRight(evaluation.rows[place]) ? [row] : [];
        }),
    tokensUsed: evaluation.tokensUsed,
    spent,
  };
}

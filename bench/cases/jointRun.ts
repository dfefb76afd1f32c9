/** @file One run of a comparison at equal compute, written as a line of the results file. */
import { execFileSync } from 'node:child_process';
import { loadavg } from 'node:os';
import type { Row } from '../../src/data/dataset.ts';
import { calibrationRows } from '../../src/evaluate/calibration.ts';
import type { Evaluation, Task } from '../../src/evaluate/evaluation.ts';
import { makeProgramEvaluator } from '../../src/evaluate/programEvaluator.ts';
import type { OpenedModel } from '../../src/model/trainableModel.ts';
import { alternating } from '../../src/optimize/alternating.ts';
import { alternatingDefaults, type AlternatingOptions } from '../../src/optimize/alternatingPhase.ts';
import { coordinate } from '../../src/optimize/coordinate.ts';
import type { CoordinateOptions } from '../../src/optimize/coordinatePhase.ts';
import type { OptimizationEvent } from '../../src/optimize/events.ts';
import { simultaneous } from '../../src/optimize/simultaneous.ts';
import type { SimultaneousOptions } from '../../src/optimize/simultaneousOptions.ts';
import type { Coordinator } from '../../src/optimize/coordinator.ts';
import { optimizeJointly } from '../../src/optimize/jointOptimization.ts';
import { editOperators } from '../../src/optimize/proposers/edits.ts';
import { groundedTemplates } from '../../src/optimize/proposers/templates.ts';
import { weightDrift } from '../../src/model/adapterTraining.ts';
import { asProgram, stepsOf, type Prompt } from '../../src/prompt/prompt.ts';
import { addLine, readLines } from './resultLines.ts';

export const variants: Readonly<Record<string, Partial<AlternatingOptions>>> = {
  'weights only': { targets: ['weights'], strategy: 'plain' },
  mixture: { strategy: 'mixture' },
  'look-ahead': { strategy: 'look-ahead' },
  'plain gate': { strategy: 'plain' },
  'chain p -> w -> p': { schedule: { kind: 'chain', targets: ['prompt', 'weights', 'prompt'] }, strategy: 'plain' },
  'prompt only': { targets: ['prompt'], strategy: 'plain' },
};

/** Variants of coordinate descent, for a prompt or a whole program. */
export const coordinateVariants: Readonly<Record<string, Partial<CoordinateOptions>>> = {
  coordinate: {},
  'adapter only': { targets: ['weights'] },
  'prompts only': { targets: ['prompt'] },
};

/** Variants of the simultaneous coordinator, by their names in the results. The second is tried if the first misses its target. */
export const simultaneousVariants: Readonly<Record<string, Partial<SimultaneousOptions>>> = {
  simultaneous: {},
  'simultaneous, text only': { keep: false },
  'simultaneous, no text batches': { textBatches: 0 },
  'soft prompt alone': { targets: ['prompt'] },
  /** Compares proposals made from the soft prompt's words with the same proposers without them, in the same successive halving. */
  'simultaneous, hinted against plain': { hinted: 4, plain: 4, textShare: 0.3 },
};

/** The coordinators that are compared, by their names in the results. @param set overrides of a variant's options */
export type Coordinators = Readonly<Record<string, (set: object) => Coordinator>>;

/** One line of the results file. */
export interface JointLine {
  /** The commit of the code, with `-dirty` if there were uncommitted changes. */
  readonly commit: string;
  readonly task: string;
  readonly train: number;
  readonly seed: number;
  readonly variant: string;
  readonly budget: number;
  readonly tokensUsed: number;
  readonly seconds: number;
  readonly done: string;
  /** The score of each test row, in the order of the rows: '1' right, '0' wrong. */
  readonly before: string;
  readonly after: string;
  readonly logLikelihoodBefore: number;
  readonly logLikelihoodAfter: number;
  readonly val: number;
  readonly body: string;
  readonly demonstrations: number;
  /** The decoding of each step; absent if no step has its own. */
  readonly decoding?: readonly object[];
  /** Squared norm of the change in the weights; absent in lines of older versions. */
  readonly drift?: number;
  /** Whether a soft prompt is a part of the adapter. */
  readonly soft?: boolean;
  /** The best text from projecting a soft prompt, or from edits by gradients, measured alone with the base weights on the test rows. */
  readonly projected?: AloneText;
  readonly edited?: AloneText;
  /** What templates and edits achieved when they were compared with the projections; absent if there were none. */
  readonly raced?: readonly ComparedLine[];
  readonly model?: string;
  /** Prompts that the model was asked, and training rows that it saw. Answers from the cache are not counted. */
  readonly calls?: number;
  /** Processes that waited for a core at the end, averaged over a minute. A high load makes `seconds` unreliable. */
  readonly load?: number;
  readonly phases: readonly {
    readonly target: string;
    readonly block?: string;
    readonly accepted: boolean;
    readonly val: number;
    readonly tokensUsed: number;
  }[];
}

export interface ComparedLine {
  readonly phase: number;
  readonly proposer: string;
  readonly reason: string;
  /** Validation rows in its last round. */
  readonly rows: number;
  /** The difference from the start's score on those rows. */
  readonly val: number;
  readonly logLikelihood: number;
}

export interface AloneText {
  readonly body: string;
  readonly reason: string;
  /** The difference from the plain prompt's score on the validation rows of its last round. */
  readonly val: number;
  readonly rows: number;
  readonly scores: string;
  /** The scores of the plain prompt with the same label scoring; absent if its label scoring is the same anyway. */
  readonly plainReadSo?: string;
}

export interface JointCase {
  readonly name: string;
  readonly task: Task;
  /** For a program: the tasks of its earlier steps. */
  readonly earlier?: readonly Task[];
  /** For a program: the prompt of the last step, which contains the earlier ones. */
  readonly prompt: Prompt;
  readonly rows: { readonly train: readonly Row[]; readonly val: readonly Row[]; readonly test: readonly Row[] };
}

/** Runs the variants that the file does not have yet, and adds a line for each. */
export async function runVariants(
  model: OpenedModel,
  { name, task, earlier = [], prompt, rows }: JointCase,
  {
    out,
    seed,
    budget,
    chosen,
    set = {},
    coordinators = ofVariants,
  }: { out: string; seed: number; budget: number; chosen?: string; set?: object; coordinators?: Coordinators },
): Promise<void> {
  const commit = execFileSync('git', ['describe', '--always', '--dirty', '--exclude', '*'], { encoding: 'utf8' }).trim();
  const train = rows.train.length;
  const known = readLines<JointLine>(out).filter(
    (line) =>
      line.task === name &&
      line.train === train &&
      line.seed === seed &&
      line.budget === budget &&
      (line.model ?? model.name) === model.name,
  );
  const evaluator = makeProgramEvaluator({ model, tasks: [...earlier, task], calibrationRows: calibrationRows(rows.val, rows.train) });
  let before: Evaluation | undefined;
  for (const [variant, make] of Object.entries(coordinators)) {
    const asked = chosen
      ? chosen.split(';').flatMap((part) => (part in coordinators ? [part] : part.split(',')))
      : coordinators === ofVariants
        ? Object.keys(variants)
        : Object.keys(coordinators);
    if (!asked.includes(variant) || known.some((line) => line.variant === variant)) continue;
    const texts = aloneTexts();
    const counted = countCalls(model);
    let trained = 0;
    const phases: JointLine['phases'][number][] = [];
    let block: string | undefined;
    const onEvent = (event: OptimizationEvent): void => {
      if (event.type === 'phaseStarted') block = event.block;
      texts.hear(event);
      if (event.type === 'gateDecided') console.error(`    ${event.because}`);
      if (event.type === 'weightStep') trained += alternatingDefaults.batchRows;
      if (event.type !== 'phaseEnded') return;
      const { phase, target, accepted, best, tokensUsed } = event;
      phases.push({ target, ...(block !== undefined && { block }), accepted, val: best.score.mean, tokensUsed });
      console.error(
        `  ${phase} ${block ?? target} ${accepted ? 'accepted' : 'rejected'} val ${best.score.mean.toFixed(3)} tokens ${tokensUsed}`,
      );
    };
    const begun = performance.now();
    const { adapter, prompts, state } = await optimizeJointly(
      {
        model: counted.model,
        metric: task.metric,
        task,
        earlier,
        prompts: stepsOf(prompt) as [Prompt, ...Prompt[]],
        trainset: rows.train,
        valset: rows.val,
        budget,
        seed,
        onEvent,
      },
      make(set),
    );
    const seconds = (performance.now() - begun) / 1000;
    before ??= await evaluator.evaluate({ prompt }, rows.test);
    const after = await evaluator.evaluate({ prompt: asProgram(prompts), adapter }, rows.test);
    const alone = async (proposer: string): Promise<AloneText | undefined> => {
      const found = texts.best(proposer);
      if (!found) return undefined;
      const scores = async (alone: Prompt): Promise<string> => {
        const { rows: scored } = await evaluator.evaluate({ prompt: alone }, rows.test);
        return scored.map(({ score }) => score).join('');
      };
      const { reason, val } = found;
      const { body, decoding } = found.prompt;
      const plainReadSo = decoding && (await scores({ ...prompt, decoding }));
      return { body, reason, val, rows: found.rows, scores: await scores(found.prompt), ...(plainReadSo && { plainReadSo }) };
    };
    const [projected, edited] = [await alone('soft prompt'), await alone('gradient edits')];
    const line: JointLine = {
      commit,
      task: name,
      train,
      seed,
      variant,
      budget,
      tokensUsed: state.tokensUsed,
      seconds: Math.round(seconds * 10) / 10,
      done: String(state.done),
      before: before.rows.map(({ score }) => score).join(''),
      after: after.rows.map(({ score }) => score).join(''),
      logLikelihoodBefore: before.logLikelihood!.mean,
      logLikelihoodAfter: after.logLikelihood!.mean,
      val: state.best.score.mean,
      body: prompts.map(({ body }) => body).join('\n---\n'),
      demonstrations: prompts.reduce((sum, { demonstrations }) => sum + demonstrations.length, 0),
      ...(prompts.some(({ decoding }) => decoding) && { decoding: prompts.map((each) => each.decoding ?? {}) }),
      drift: adapter ? weightDrift(adapter) : 0,
      model: model.name,
      calls: counted.calls() + trained,
      load: Math.round(loadavg()[0] * 10) / 10,
      ...(adapter?.soft && { soft: true }),
      ...(projected && { projected }),
      ...(edited && { edited }),
      ...(texts.compared().some(({ proposer }) => others.has(proposer)) && variant in simultaneousVariants && { raced: texts.compared() }),
      phases,
    };
    addLine(out, line);
    console.log(
      `${name} ${train} rows, seed ${seed}, ${variant}: test ${before.score.mean.toFixed(3)} -> ${after.score.mean.toFixed(3)}, val ${line.val.toFixed(3)}, ${state.tokensUsed} tokens in ${seconds.toFixed(0)} s (${Math.round(state.tokensUsed / seconds)}/s), ${line.done}`,
    );
  }
}

const ofVariants: Coordinators = {
  ...mapped(variants, (options) => (set) => alternating({ ...options, ...set })),
  ...mapped(coordinateVariants, (options) => (set) => coordinate({ ...options, ...set })),
  ...mapped(simultaneousVariants, (options) => (set) => simultaneous({ ...options, ...set })),
};

function mapped<T, U>(table: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [name, change(value)]));
}

/** Proposers that can get a hint from a soft prompt. */
const others: ReadonlySet<string> = new Set([editOperators.name, groundedTemplates.name]);

interface ComparedText {
  readonly phase: number;
  readonly prompt: Prompt;
  readonly reason: string;
  readonly val: number;
  readonly logLikelihood: number;
  readonly rows: number;
}

/**
 * Collects the proposals of a simultaneous run, which are compared under the start's weights. The best text of a proposer got furthest and then
 * scored highest.
 */
function aloneTexts(): {
  hear: (event: OptimizationEvent) => void;
  best: (proposer: string) => ComparedText | undefined;
  compared: () => ComparedLine[];
} {
  const found = new Map<string, ComparedText & { readonly proposer: string }>();
  return {
    hear(event) {
      if (event.type === 'candidateProposed') {
        const { phase, candidate, prompt, reason, proposer } = event;
        found.set(candidate, { phase, prompt, reason, proposer, val: 0, logLikelihood: 0, rows: 0 });
      }
      if (event.type !== 'candidateMeasured') return;
      const known = found.get(event.candidate)!;
      const { mean, rows } = event.score;
      found.set(event.candidate, { ...known, val: mean, logLikelihood: event.logLikelihood!.mean, rows });
    },
    compared: () =>
      [...found.values()]
        .filter(({ rows }) => rows > 0)
        .map(({ phase, proposer, reason, rows, val, logLikelihood }) => ({ phase, proposer, reason, rows, val, logLikelihood })),
    best: (proposer) =>
      [...found.values()]
        .filter((text) => text.proposer === proposer && text.rows > 0)
        .sort((a, b) => b.rows - a.rows || b.val - a.val || b.logLikelihood - a.logLikelihood)
        .at(0),
  };
}

/** The model, and a count of the prompts that it has been asked since. */
function countCalls(model: OpenedModel): { model: OpenedModel; calls: () => number } {
  let calls = 0;
  const note = <T>(asked: readonly unknown[], answer: T): T => {
    calls += asked.length;
    return answer;
  };
  const { scorer } = model;
  const counting: OpenedModel = {
    ...model,
    ...(scorer && {
      scorer: {
        scoreLabels: (prompts, ...rest) => note(prompts, scorer.scoreLabels(prompts, ...rest)),
        logLikelihoods: (pairs, ...rest) => note(pairs, scorer.logLikelihoods(pairs, ...rest)),
      },
    }),
    generate: (prompts, ...rest) => note(prompts, model.generate(prompts, ...rest)),
  };
  return { model: counting, calls: () => calls };
}

/** @file One run of an evidence table: an arm on a task with a seed, measured on the test rows and written as a line of results. */
import { execFileSync } from 'node:child_process';
import { loadavg } from 'node:os';
import type { Row } from '../../src/data/dataset.ts';
import { calibrationRows } from '../../src/evaluate/calibration.ts';
import { makeEvaluator, type Candidate } from '../../src/evaluate/evaluator.ts';
import type { Evaluation, Task } from '../../src/evaluate/evaluation.ts';
import { weightDrift } from '../../src/model/adapterTraining.ts';
import type { OpenedModel } from '../../src/model/trainableModel.ts';
import type { OptimizationEvent } from '../../src/optimize/events.ts';
import { optimizeJointly } from '../../src/optimize/jointOptimization.ts';
import type { Decoding } from '../../src/prompt/decoding.ts';
import type { LabelWords } from '../../src/prompt/prompt.ts';
import type { Prompt } from '../../src/prompt/prompt.ts';
import { armNamed, type ArmName } from './arms.ts';
import { addLine, readLines } from './resultLines.ts';

/** The commit of the code that runs. It is read at the start, because the working tree may change during a run. */
const commit = execFileSync('git', ['describe', '--always', '--dirty', '--exclude', '*'], { encoding: 'utf8' }).trim();

/** A task with the rows of one seed. */
export interface EvidenceCase {
  readonly name: string;
  readonly task: Task;
  readonly prompt: Prompt;
  readonly train: readonly Row[];
  readonly val: readonly Row[];
  /** The same for all arms and seeds. */
  readonly test: readonly Row[];
  /** More test rows, for additional measurements of a table. */
  readonly further?: readonly Row[];
}

/** A line of a results file. @typeParam M the additional measurements of a table */
export interface EvidenceLine<M = unknown> {
  /** The commit of the code, with `-dirty` if there were uncommitted changes. */
  readonly commit: string;
  readonly model: string;
  readonly task: string;
  /** Labelled rows, including those for validation. */
  readonly rows: number;
  readonly seed: number;
  readonly arm: ArmName;
  /** Tokens that were granted and spent. */
  readonly budget: number;
  readonly tokensUsed: number;
  readonly seconds: number;
  /** Processes that waited for a core at the end, averaged over a minute. A high load makes `seconds` unreliable. */
  readonly load: number;
  readonly done: string;
  /** The score of each test row, in the order of the rows: '1' right, '0' wrong. */
  readonly before: string;
  readonly after: string;
  readonly logLikelihood: BeforeAfter;
  /** Tokens of the prompt without a row's values, including demonstrations. */
  readonly tokens: BeforeAfter;
  readonly val: number;
  readonly body: string;
  readonly demonstrations: number;
  readonly decoding?: Partial<Decoding>;
  readonly labelWords?: LabelWords;
  /** Squared norm of the change in the weights. */
  readonly drift: number;
  readonly phases: readonly { readonly target: string; readonly accepted: boolean; readonly val: number; readonly tokensUsed: number }[];
  /** What became of the proposals of each proposer. Absent in lines of versions that did not count them. */
  readonly proposers?: Readonly<Record<string, ProposalCounts>>;
  readonly measured?: M;
}

/** How many proposals of a proposer were made, passed a rung of successive halving, and were accepted. */
export interface ProposalCounts {
  proposed: number;
  kept: number;
  accepted: number;
}

export interface BeforeAfter {
  readonly before: number;
  readonly after: number;
}

/** What a run started from and ended with. */
export interface Outcome {
  readonly model: OpenedModel;
  readonly given: EvidenceCase;
  readonly final: Candidate;
}

export interface RunOptions<M> {
  /** The results file. */
  readonly out: string;
  readonly seed: number;
  /** Tokens. */
  readonly budget: number;
  readonly arms: readonly ArmName[];
  /** The additional measurements of the table. */
  readonly measure?: (outcome: Outcome) => Promise<M>;
}

/** Runs the arms that the file does not have yet, and adds a line for each. */
export async function runArms<M>(
  model: OpenedModel,
  given: EvidenceCase,
  { out, seed, budget, arms, measure }: RunOptions<M>,
): Promise<void> {
  const rows = given.train.length + given.val.length;
  const known = readLines<EvidenceLine>(out).filter(
    (line) => keyOf(line) === keyOf({ ...{ rows, seed, budget }, model: model.name, task: given.name }),
  );
  let before: Evaluation | undefined;
  for (const arm of arms) {
    if (known.some((line) => line.arm === arm)) continue;
    const line = await runArm(model, given, { arm, seed, budget, measure, before });
    before = line.beforeEvaluation;
    addLine(out, line.line);
    const { after, tokensUsed, seconds, done, tokens } = line.line;
    console.log(
      `${given.name}, ${rows} rows, seed ${seed}, ${armNamed(arm).title}: test ${share(line.line.before)} -> ${share(after)}, ` +
        `${tokens.before} -> ${tokens.after} prompt tokens, ${tokensUsed} tokens in ${Math.round(seconds)} s, ${done}`,
    );
  }
}

/** What two lines must share to have the same rows and budget. */
const keyOf = ({ model, task, rows, seed, budget }: Pick<EvidenceLine, 'model' | 'task' | 'rows' | 'seed' | 'budget'>): string =>
  JSON.stringify([model, task, rows, seed, budget]);

interface ArmRun<M> extends Pick<RunOptions<M>, 'seed' | 'budget' | 'measure'> {
  readonly arm: ArmName;
  /** The evaluation of the initial prompt on the test rows, if it is already measured. */
  readonly before?: Evaluation;
}

async function runArm<M>(
  model: OpenedModel,
  given: EvidenceCase,
  { arm, seed, budget, measure, before }: ArmRun<M>,
): Promise<{ line: EvidenceLine<M>; beforeEvaluation: Evaluation }> {
  const { make, allRowsTrain, share: part = 1 } = armNamed(arm);
  const { task, prompt, test } = given;
  const all = [...given.train, ...given.val];
  const phases: EvidenceLine['phases'][number][] = [];
  const { counts: proposers, count } = countProposals();
  const onEvent = (event: OptimizationEvent): void => {
    count(event);
    if (event.type === 'gateDecided') console.error(`    ${event.because}`);
    if (event.type !== 'phaseEnded') return;
    const { target, accepted, best, tokensUsed } = event;
    phases.push({ target, accepted, val: best.score.mean, tokensUsed });
  };
  const begun = performance.now();
  const { adapter, prompts, state } = await optimizeJointly(
    {
      ...{ model, task, metric: task.metric, seed, onEvent, prompts: [prompt], budget: part * budget },
      trainset: allRowsTrain ? all : given.train,
      valset: allRowsTrain ? all : given.val,
    },
    make(),
  );
  const seconds = (performance.now() - begun) / 1000;
  const evaluator = makeEvaluator({ model, task, calibrationRows: calibrationRows(given.val, given.train) });
  const final: Candidate = { prompt: prompts[0], ...(adapter && { adapter }) };
  const beforeEvaluation = before ?? (await evaluator.evaluate({ prompt }, test));
  const after = await evaluator.evaluate(final, test);
  const measured = await measure?.({ model, given, final });
  model.forget();
  const { body, demonstrations, decoding, labelWords } = final.prompt;
  const line: EvidenceLine<M> = {
    commit,
    model: model.name,
    task: given.name,
    rows: all.length,
    ...{ seed, arm, budget },
    tokensUsed: state.tokensUsed,
    seconds: Math.round(10 * seconds) / 10,
    load: Math.round(10 * loadavg()[0]) / 10,
    done: String(state.done),
    before: digitsOf(beforeEvaluation),
    after: digitsOf(after),
    logLikelihood: { before: beforeEvaluation.logLikelihood!.mean, after: after.logLikelihood!.mean },
    tokens: { before: beforeEvaluation.promptTokens, after: after.promptTokens },
    val: state.best.score.mean,
    body,
    demonstrations: demonstrations.length,
    ...(decoding && { decoding }),
    ...(labelWords && { labelWords }),
    drift: adapter ? weightDrift(adapter) : 0,
    phases,
    proposers,
    ...(measured !== undefined && { measured }),
  };
  return { line, beforeEvaluation };
}

function countProposals(): { counts: Readonly<Record<string, ProposalCounts>>; count: (event: OptimizationEvent) => void } {
  const counts: Record<string, ProposalCounts> = {};
  const proposerOf = new Map<string, string>();
  const count = (event: OptimizationEvent): void => {
    if (event.type === 'candidateProposed') {
      proposerOf.set(event.candidate, event.proposer);
      (counts[event.proposer] ??= { proposed: 0, kept: 0, accepted: 0 }).proposed++;
    } else if (event.type === 'candidateMeasured' || event.type === 'gateDecided') {
      const proposer = proposerOf.get(event.candidate);
      if (proposer === undefined) return;
      if (event.type === 'gateDecided') counts[proposer].accepted += Number(event.accepted);
      else counts[proposer].kept += Number(event.kept);
    }
  };
  return { counts, count };
}

/** One digit per row. */
export const digitsOf = ({ rows }: Pick<Evaluation, 'rows'>): string => rows.map(({ score }) => score).join('');

const share = (digits: string): string => ([...digits].filter((digit) => digit === '1').length / digits.length).toFixed(3);

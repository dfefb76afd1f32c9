/** @file Opens everything that a prompt file names: data, model, adapter, evaluator. The one place where the rooms are wired together. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Row } from '../data/dataset.ts';
import { openDataset, type Splits } from '../data/openDataset.ts';
import { limitRows } from '../data/split.ts';
import { TandemError } from '../errors.ts';
import { openCache } from '../evaluate/cache.ts';
import { taskFor } from '../evaluate/evaluation.ts';
import { makeEvaluator, type Evaluator } from '../evaluate/evaluator.ts';
import type { Adapter } from '../model/adapter.ts';
import { makeLlama, type LlamaModel } from '../model/llama.ts';
import { loadModelFiles } from '../model/modelFiles.ts';
import { loadAdapter } from '../model/peft.ts';
import { resolveModel } from '../model/store.ts';
import { AlternatingJointOptimizer, type Schedule } from '../optimize/alternating.ts';
import { attributeStates } from '../optimize/attribution.ts';
import type { Coordinator, OptimizationContext } from '../optimize/coordinator.ts';
import type { MeasuredState } from '../optimize/events.ts';
import { defaultObjective } from '../optimize/objective.ts';
import { loraTrainer } from '../optimize/weightTuner.ts';
import { checkColumns, parsePromptFile, requireUsable, type PromptFile } from '../prompt/promptFile.ts';
import { onnxRuntimeExecutor } from '../tensor/onnxruntime.ts';
import type { AttributedEvent } from './execute.ts';
import { hashText } from './results.ts';
import { makeTandemFolder, portable, readSource, workspaceOf } from './runDirectory.ts';
import type { RunSpec, SessionSpec } from './spec.ts';

export interface Session {
  readonly workspace: string;
  readonly file: PromptFile;
  readonly model: LlamaModel;
  /** How `peft` finds the base model of an adapter. */
  readonly modelSource: string;
  readonly threads: number;
  readonly evaluator: Evaluator;
  /** The one that the prompt file or the caller names. */
  readonly adapter?: Adapter;
  readonly trainset: readonly Row[];
  readonly valset: readonly Row[];
  /** Rows that openTest gives. */
  readonly testSize: number;
  /** Opens the sealed test split. */
  openTest(reason: string): readonly Row[];
  /** SHA-256 of each data file, by its path in the workspace. */
  readonly dataHashes: Readonly<Record<string, string>>;
  /** Warnings for people about prompt and data. */
  readonly notices: readonly string[];
  dispose(): Promise<void>;
}

export interface SessionOptions {
  /** The prompt file's text, where it is not the one on disk. */
  readonly source?: string;
  /** Hears what takes time, e.g. the loading of the model. */
  readonly onBusy?: (what: string) => void;
}

/** @throws TandemError whatever is wrong with prompt file, data, model or adapter */
export async function openSession(spec: SessionSpec, { source, onBusy }: SessionOptions = {}): Promise<Session> {
  const workspace = workspaceOf(spec.prompt);
  const file = requireUsable(parsePromptFile(spec.prompt, source ?? readSource(spec.prompt)));
  onBusy?.('Reading the data');
  const splits = await openDataset(file.settings, spec.prompt);
  const defects = checkColumns(file, splits.columns);
  const defect = defects.find(({ severity }) => severity === 'error');
  if (defect) {
    const { line, column } = defect.range;
    throw new TandemError('bad-prompt-file', defect.message, { where: { file: file.path, line, column }, hint: defect.hint });
  }
  const { rows, seed } = spec;
  const trainset = limitRows(splits.train, rows.train ?? Infinity, seed, file.settings.labels ? { balance: file.settings.output } : {});
  const valset = limitRows(splits.val, rows.val ?? Infinity, 0);
  const task = taskFor(file, [...splits.train, ...splits.val]);
  const adapterPath = spec.adapter ?? (file.settings.adapter && resolve(dirname(spec.prompt), file.settings.adapter));
  const adapter = adapterPath ? await loadAdapter(adapterPath) : undefined;
  onBusy?.('Loading the model');
  const threads = spec.threads ?? defaultThreads();
  const modelSource = await resolveModel(spec.model ?? file.settings.model, {
    cwd: dirname(spec.prompt),
    onProgress: ({ what }) => onBusy?.(`Downloading ${what}`),
  });
  const model = makeLlama(await loadModelFiles(modelSource), onnxRuntimeExecutor({ threads }));
  const cache = await openCache(join(makeTandemFolder(workspace), 'cache'));
  return {
    workspace,
    file,
    model,
    modelSource,
    threads,
    evaluator: makeEvaluator({ model, task, cache, calibrationRows: trainset }),
    ...(adapter && { adapter }),
    trainset,
    valset,
    testSize: Math.min(splits.test.size, rows.test ?? Infinity),
    openTest: (reason) => limitRows(splits.test.open(reason), rows.test ?? Infinity, 0),
    dataHashes: Object.fromEntries(splits.files.map((path) => [portable(workspace, path), hashText(readFileSync(path))])),
    notices: [...file.problems, ...defects]
      .filter(({ severity }) => severity === 'warning')
      .map(({ message }) => message)
      .concat(leakNotices(splits)),
    dispose: () => model.dispose(),
  };
}

export const defaultThreads = (): number => availableParallelism();

/**
 * Nominal token passes a second of this model on this task: some training rows are scored, after a few to warm up.
 * Answers that the cache knows would cost no time, so it is left out.
 */
export async function measureRate({ model, evaluator, file, trainset }: Session): Promise<number> {
  const fresh = makeEvaluator({ model, task: evaluator.task, calibrationRows: trainset });
  const candidate = { prompt: file.prompt };
  await fresh.evaluate(candidate, trainset.slice(0, 8));
  const rows = trainset.length > 16 ? trainset.slice(8, 72) : trainset;
  const measured = makeEvaluator({ model, task: evaluator.task, calibrationRows: trainset });
  const begun = performance.now();
  const { passes } = await measured.evaluate(candidate, rows);
  return (passes / (performance.now() - begun)) * 1000;
}

function leakNotices(splits: Splits): string[] {
  const leaks = splits.leaks();
  if (leaks.length === 0) return [];
  const [{ a, b }] = leaks;
  const rows = leaks.length === 1 ? '1 pair of rows stands' : `${leaks.length} pairs of rows stand`;
  return [
    `${rows} almost alike in two splits, e.g. line ${a.row.line} in ${a.split} and line ${b.row.line} in ${b.split}: numbers may be too good.`,
  ];
}

export interface Optimizer {
  readonly coordinator: Coordinator;
  readonly trainer: OptimizationContext['trainer'];
  readonly objective: OptimizationContext['objective'];
  /** The 2x2 comparison on the test rows. */
  readonly attribute: (
    context: OptimizationContext,
    testRows: readonly Row[],
    start: MeasuredState,
    best: MeasuredState,
  ) => Promise<AttributedEvent>;
}

/** What the run's schedule asks for. */
export function openOptimizer({ model, evaluator }: Session, spec: RunSpec): Optimizer {
  return {
    coordinator: new AlternatingJointOptimizer({
      schedule: scheduleOf(spec.schedule),
      ...(spec.strategy && { strategy: spec.strategy }),
      levers: spec.lever === 'both' ? ['weights', 'prompt'] : [spec.lever],
    }),
    trainer: loraTrainer(model, evaluator.task),
    objective: defaultObjective,
    attribute: attributeStates,
  };
}

function scheduleOf(schedule: RunSpec['schedule']): Schedule {
  if (schedule === 'gated') return { kind: 'gated' };
  if (schedule === 'classic') return { kind: 'classic', parameterSteps: 5, promptSteps: 1 };
  const steps = schedule.slice('chain:'.length).split('->');
  return { kind: 'chain', levers: steps.map((step) => (step.trim() === 'p' ? 'prompt' : 'weights')) };
}

/**
 * @file The API of Tandem for other programs; docs/api.md shows how to use it. Anything that is not exported here may change without notice.
 * The only file that just re-exports from other files.
 */
export { describeError, TandemError, type Place } from './errors.ts';

// A prompt file with everything that it refers to, ready to be evaluated and tuned.
export { openSession, type Session, type SessionOptions } from './run/session.ts';
export { runDefaults, sessionDefaults, type Budget, type RunSpec, type SessionSpec } from './run/spec.ts';

// A run on disk, as `tandem optimize` performs it.
export { resumeRun, startRun } from './run/startRun.ts';
export type { RunHooks } from './run/runInSession.ts';
export { findRun, readState, type RunDirectory } from './run/record/runDirectory.ts';
export { accept, proposalOf, proposalsOf } from './run/accept.ts';
export { exportAdapter, type Exported, type ExportSpec } from './run/exportAdapter.ts';
export { sessionPreflight } from './run/preflight.ts';
export { compareRuns, type RunComparison } from './run/compareRuns.ts';
export type { Proposal } from './run/review.ts';
export type { JournalLine, RunConfig, RunEvent } from './run/record/events.ts';
export type { RunState } from './run/record/state.ts';

// The optimizers, on a model and rows in memory.
export {
  AlternatingJointOptimizer,
  CoordinateJointOptimizer,
  JointOptimizer,
  SimultaneousJointOptimizer,
} from './optimize/optimizerClasses.ts';
export type { JointOptimization, JointResult } from './optimize/jointOptimization.ts';
export { alternatingDefaults, type AlternatingOptions } from './optimize/alternatingPhase.ts';
export { coordinateDefaults, type CoordinateOptions } from './optimize/coordinatePhase.ts';
export { simultaneousDefaults, type SimultaneousOptions } from './optimize/simultaneousOptions.ts';
export { baselines, type Baseline } from './optimize/baselines/baselines.ts';
export type { BaselineName, ControlName } from './optimize/baselines/names.ts';
export { curricula, pacings, type Curriculum, type Pacing } from './optimize/curriculum.ts';
export { withWarmStart, type WarmStart } from './optimize/warmStart.ts';
export { learnDefaults, learnStart, type LearnedStart, type LearnHooks, type LearnSpec } from './run/learnStart.ts';
export { readWarmStart, saveWarmStart, type WarmStartRecord } from './run/warmStarts.ts';
export type { AdapterStore, Coordinator, OptimizationContext, OptimizationState } from './optimize/coordinator.ts';
export { runPreflight, type Preflight, type TargetOutlook } from './optimize/preflight.ts';
export type { MeasuredState, OptimizationEvent } from './optimize/events.ts';

// Evaluation.
export { calibrationRows } from './evaluate/calibration.ts';
export { makeEvaluator, type Candidate, type Evaluator, type EvaluatorOptions, type Prediction } from './evaluate/evaluator.ts';
export { makeProgramEvaluator, type ProgramEvaluator, type ProgramEvaluatorOptions } from './evaluate/programEvaluator.ts';
export { compareEvaluations, type Comparison, type Evaluation, type RowResult, type Task } from './evaluate/evaluation.ts';
export { metricNamed, metrics } from './evaluate/metrics/table.ts';
export { againstGold, oneByOne } from './evaluate/metrics/entry.ts';
export { loadMetric } from './evaluate/metrics/module.ts';
export type { Answer, Judgement, JudgeOptions, Metric } from './evaluate/metric.ts';

// Rows and prompts.
export { firstPrompt, type FirstPrompt } from './data/firstPrompt.ts';
export { readDataset } from './data/readDataset.ts';
export { makeRow, type Dataset, type Row } from './data/dataset.ts';
export { textOf, type Value, type Values } from './prompt/values.ts';
export { renderPrompt, type Rendered, type RenderOptions } from './run/render.ts';
export { asProgram, stepsOf, type Demonstration, type Prompt } from './prompt/prompt.ts';

// Models, adapters, and the executors that run them.
export { resolveModel } from './model/store/store.ts';
export { loadFrozen, loadModelFiles, type ModelFiles } from './model/files/modelFiles.ts';
export { formFor } from './model/frozen/formFor.ts';
export type { FormChoice } from './model/frozen/table.ts';
export { makeLocalModel, type LocalModel } from './model/localModel.ts';
export type { Cost, Writer, WriterMessage, WriteOptions, Written } from './model/writer.ts';
export { endpointWriter, type Endpoint } from './model/writers/endpoint.ts';
export { recordedWriter, type Script } from './model/writers/recorded.ts';
export type { Generation, LanguageModel } from './model/languageModel.ts';
export type { Texts } from './model/texts.ts';
export type { OpenedModel, TrainableModel } from './model/trainableModel.ts';
export { loadAdapter, saveAdapter } from './model/files/peft.ts';
export { adapterOfStep, stepAdapters, type AdapterChoice } from './model/stepAdapters.ts';
export type { Adapter, LoraConfig } from './model/adapter.ts';
export type { SoftPrompt, SoftStart } from './model/softPrompt.ts';
export { onnxRuntimeExecutor } from './tensor/onnxruntime.ts';
export { tensorFlowExecutor } from './tensor/tensorflow.ts';
export type { Executor } from './tensor/executor.ts';

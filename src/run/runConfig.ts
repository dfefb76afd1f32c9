/** @file A run's configuration, with which its journal begins, and notices about options that it cannot follow. */
import manifest from '../../package.json' with { type: 'json' };
import { controlNames } from '../optimize/baselines/names.ts';
import type { RunWriter } from './execute.ts';
import { curriculumOf, type Optimizer } from './optimizer.ts';
import type { RunConfig } from './record/events.ts';
import { portable, type RunDirectory } from './record/runDirectory.ts';
import { fewRowsNotice } from './rowPlan.ts';
import type { Session } from './session.ts';
import type { CoordinatorName, RunSpec } from './spec.ts';
import { worthOf } from './worthAsked.ts';

export function configOf(
  directory: RunDirectory,
  spec: RunSpec,
  session: Session,
  coordinator: CoordinatorName,
  writer: RunWriter | undefined,
): RunConfig {
  const { model, evaluator, trainset, valset, testSize } = session;
  return {
    run: directory.run,
    prompt: portable(directory.workspace, spec.prompt),
    data: Object.keys(session.dataHashes),
    model: { name: model.name, fingerprint: model.fingerprint },
    metric: evaluator.task.metric.name,
    seed: spec.seed,
    budget: spec.budget,
    ...(coordinator !== 'alternating' && { coordinator }),
    ...(spec.soft && { soft: spec.soft }),
    schedule: spec.schedule,
    strategy: spec.strategy ?? 'default',
    tune: spec.tune,
    ...(spec.curriculum && spec.curriculum !== 'none' && { curriculum: curriculumOf(spec) }),
    ...(canHaveControls(spec, session) && { controls: controlNames }),
    ...(hasStepAdapters(spec, session) && { adapters: 'per-step' }),
    ...(session.answerEnds.some((ends) => ends) && { answerEnds: session.answerEnds }),
    ...(session.chatDate !== undefined && { chatDate: session.chatDate }),
    ...(spec.lora && { lora: spec.lora }),
    worth: worthOf(spec, session.file),
    ...(writer && { writer: { name: writer.writer.name, budget: writer.budget } }),
    splits: { train: trainset.length, val: valset.length, test: testSize },
    limits: spec.rows,
    executor: spec.executor,
    threads: session.threads,
    versions: { tandem: manifest.version, node: process.version, platform: `${process.platform} ${process.arch}` },
    startedAt: new Date().toISOString(),
  };
}

const hasStepAdapters = ({ adapters }: RunSpec, { adapter, programEvaluator }: Session): boolean =>
  (programEvaluator?.steps.length ?? 1) > 1 && (adapter?.steps !== undefined || adapters === 'per-step');

/** Controls exist for a single prompt only, and they are compared on test rows. */
export const canHaveControls = ({ controls }: RunSpec, { testSize, program }: Session): boolean =>
  controls === true && testSize > 0 && !program;

/** Notices at the beginning of a run: about its prompt and data, and about options that it cannot follow. */
export const runNotices = (
  spec: RunSpec,
  session: Session,
  optimizer: Pick<Optimizer, 'notices'>,
  writer: RunWriter | undefined,
): string[] => [
  ...session.notices,
  ...fewRows(session),
  ...optimizer.notices,
  ...controlNotices(spec, session),
  ...writerNotices(spec, session, writer),
];

function fewRows({ valset }: Session): string[] {
  const notice = fewRowsNotice({ val: valset.length });
  return notice === undefined ? [] : [notice];
}

function controlNotices(spec: RunSpec, session: Session): string[] {
  if (!spec.controls || canHaveControls(spec, session)) return [];
  const why = session.program
    ? 'Controls work for a single prompt, not for a program'
    : 'There are no held-out test rows on which to compare the run with its controls';
  return [`${why}, so no controls are run.`];
}

function writerNotices(spec: RunSpec, session: Session, writer: RunWriter | undefined): string[] {
  if (spec.writer && !writer) return ['Only the weights are tuned, so the writer is not used.'];
  if (writer && canHaveControls(spec, session)) return ['The controls do not use the writer: its budget belongs to the run.'];
  return [];
}

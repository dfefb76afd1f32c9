/** @file What a run optimizes with: the coordinator that it names, and the trainer under it. */
import type { Adapter, LoraConfig } from '../model/adapter.ts';
import { trainableIfAsked } from '../model/trainableModel.ts';
import { alternatingDefaults } from '../optimize/alternatingPhase.ts';
import { attributeStates } from '../optimize/attribution.ts';
import type { Coordinator, OptimizationContext } from '../optimize/coordinator.ts';
import type { Curriculum, Pacing } from '../optimize/curriculum.ts';
import type { LocalTrainer } from '../optimize/localTrainer.ts';
import { loraFor, loraTrainer } from '../optimize/loraTrainer.ts';
import { defaultObjective } from '../optimize/objective.ts';
import { withWarmStart, type WarmStart } from '../optimize/warmStart.ts';
import { stepsOf } from '../prompt/prompt.ts';
import { requireAnswers } from './answerNotices.ts';
import { coordinatorName, coordinatorNotices, makeCoordinator } from './coordinators.ts';
import type { Session } from './session.ts';
import { runDefaults, type CoordinatorName, type RunSpec, type TuneChoice } from './spec.ts';
import { loraText } from './words/format.ts';

export interface Optimizer {
  readonly coordinator: Coordinator;
  readonly coordinatorName: CoordinatorName;
  readonly program?: OptimizationContext['program'];
  readonly trainer: LocalTrainer;
  readonly objective: OptimizationContext['objective'];
  /** The 2x2 comparison on the test rows. */
  readonly attribute: typeof attributeStates;
  /** Notices about options that the run cannot follow. */
  readonly notices: readonly string[];
}

/** The optimizer that the run asks for, from a learned start if there is one. @throws TandemError reasons 'bad-lora', 'not-for-programs', 'not-trainable' */
export function openOptimizer(session: Session, spec: RunSpec, warm?: WarmStart): Optimizer {
  const { model, evaluator, adapter, file, programEvaluator } = session;
  const { tune } = spec;
  const name = coordinatorName(spec, file);
  const lora = loraFor(spec.lora, adapter);
  if (name === 'simultaneous') requireAnswers('A soft prompt', session);
  if (spec.schedule === 'baseline:lora-on-gold') requireAnswers('LoRA on gold', session);
  return {
    coordinator: withWarmStart(makeCoordinator(name, spec), warm),
    coordinatorName: name,
    trainer: loraTrainer(tunesTextOnly(spec, name) ? trainableIfAsked(model) : model, programEvaluator?.steps ?? evaluator.task, lora),
    ...(programEvaluator && { program: { tasks: programEvaluator.steps, trace: programEvaluator.trace } }),
    objective: defaultObjective,
    attribute: attributeStates,
    notices: [
      ...(spec.lora ? loraNotices(spec.lora, tune, adapter) : []),
      ...coordinatorNotices(name, spec, stepsOf(file.prompt).length, adapter),
    ],
  };
}

/** Whether the run changes nothing but the text of prompts, for which a model without training is enough. Soft prompts and controls are trained. */
const tunesTextOnly = ({ tune, schedule, controls }: RunSpec, name: CoordinatorName): boolean =>
  tune === 'prompt' && schedule === runDefaults.schedule && name !== 'simultaneous' && !controls;

/** The given options, with defaults for the rest. */
export function curriculumOf({ curriculum, pacing }: RunSpec): { readonly of: Curriculum; readonly pacing: Pacing } {
  return { of: curriculum ?? alternatingDefaults.curriculum, pacing: pacing ?? alternatingDefaults.pacing };
}

/** An existing adapter keeps rank, alpha and targets: its matrices are meaningless with others. */
function loraNotices(asked: Partial<LoraConfig>, target: TuneChoice, start: Adapter | undefined): string[] {
  if (target === 'prompt') return [`Only the prompt is tuned, so the LoRA options (${loraText(asked)}) have no effect.`];
  const kept = loraText({ ...start?.config, dropout: undefined });
  if (!start || kept === loraText({ ...start.config, ...asked, dropout: undefined })) return [];
  return [
    `Training continues from the adapter ${start.id} with its own settings (${kept}). Your LoRA options (${loraText(asked)}) apply only to new adapters. To start with a new one, remove \`adapter\` from the prompt file.`,
  ];
}

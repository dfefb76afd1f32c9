/** @file The coordinators that a run can name, one line each. */
import { alternating } from '../optimize/alternating.ts';
import { leastMeasurements as ofAlternating } from '../optimize/alternatingChoice.ts';
import type { Schedule } from '../optimize/alternatingPhase.ts';
import { baselines, type Baseline } from '../optimize/baselines/baselines.ts';
import { isBaseline } from '../optimize/baselines/names.ts';
import { coordinate, leastMeasurements as ofCoordinate } from '../optimize/coordinate.ts';
import type { Coordinator } from '../optimize/coordinator.ts';
import { leastMeasurements as ofSimultaneous, simultaneous } from '../optimize/simultaneous.ts';
import type { Adapter } from '../model/adapter.ts';
import { takesSoftPrompt } from '../prompt/instruction.ts';
import { promptKinds } from '../prompt/kinds/table.ts';
import { languageOf } from '../prompt/languages/table.ts';
import type { TemplateLanguage } from '../prompt/languages/templateLanguage.ts';
import { stepsOf } from '../prompt/prompt.ts';
import type { PromptFile } from '../prompt/promptFile.ts';
import { TandemError } from '../errors.ts';
import { chainSteps, runDefaults, type CoordinatorName, type RunSpec } from './spec.ts';

type Asked = Pick<RunSpec, 'schedule' | 'strategy' | 'tune' | 'soft' | 'curriculum' | 'pacing' | 'adapters'>;

/** Makes a new coordinator for each phase, as after a kill, so that it knows nothing but the snapshot. */
const makers: Readonly<Record<CoordinatorName, (asked: Asked) => Coordinator>> = {
  alternating: ({ schedule, strategy, tune, curriculum, pacing }) =>
    baselineOf(schedule)?.make() ??
    alternating({
      schedule: scheduleOf(schedule),
      ...(strategy && { strategy }),
      ...targetsOf(tune),
      ...(curriculum && { curriculum }),
      ...(pacing && { pacing }),
    }),
  coordinate: ({ tune, adapters }) => coordinate({ ...targetsOf(tune), ...(adapters && { adapters }) }),
  simultaneous: ({ tune, soft }) => simultaneous({ ...targetsOf(tune), ...soft }),
};

/** The coordinators that optimize programs of several steps. */
const forPrograms: readonly CoordinatorName[] = ['coordinate'];

/** The coordinator that a run names, or the default. @throws TandemError reasons 'not-for-programs', 'bad-option' */
export function coordinatorName({ coordinator, tune }: RunSpec, { prompt, path }: Pick<PromptFile, 'prompt' | 'path'>): CoordinatorName {
  const steps = stepsOf(prompt).length;
  const name = coordinator ?? (steps > 1 ? forPrograms[0] : 'alternating');
  if (steps > 1 && !forPrograms.includes(name)) {
    throw new TandemError('not-for-programs', `The coordinator "${name}" optimizes a single prompt, but this program has ${steps} steps.`, {
      where: { file: path },
      hint: `Use one of: ${forPrograms.join(', ')}.`,
    });
  }
  if (name === 'simultaneous' && tune === 'weights') {
    throw new TandemError('bad-option', 'The simultaneous coordinator tunes a soft prompt, so it cannot tune only the weights.', {
      hint: 'Use --tune both or --tune prompt, or another coordinator.',
    });
  }
  if (name === 'simultaneous' && !takesSoftPrompt(prompt)) {
    throw new TandemError(
      'bad-option',
      `A soft prompt replaces the instruction of a ${endingsIn(({ softLine }) => softLine !== undefined)} file. It is not supported in a ${endingsIn((language) => language === languageOf(prompt))} file yet.`,
      {
        where: { file: path },
        hint: 'Use another coordinator.',
      },
    );
  }
  return name;
}

/** Notices about options that have no effect on the coordinator. */
export function coordinatorNotices(
  name: CoordinatorName,
  { schedule, strategy, curriculum = 'none', soft, adapters }: Asked,
  steps: number,
  start?: Adapter,
): string[] {
  return [
    ...(adapters === 'per-step' && (name !== 'coordinate' || steps === 1)
      ? ['Only the coordinate coordinator has one adapter per step, in a program with several steps. This run has one adapter.']
      : []),
    ...(adapters === 'shared' && start?.steps ? [`The adapter ${start.id} has one part per step. All of them are kept.`] : []),
    ...(soft && name !== 'simultaneous' ? [`The soft prompt settings have no effect with the coordinator ${name}.`] : []),
    ...(name !== 'alternating' && (schedule !== runDefaults.schedule || strategy || curriculum !== 'none')
      ? [`Schedule, strategy and curriculum have no effect with the coordinator ${name}: only the alternating coordinator uses them.`]
      : []),
  ];
}

/** The least cost of the start and the first step, in measurements on the validation rows. A smaller budget takes no step. */
export function leastMeasurements(spec: RunSpec, file: Pick<PromptFile, 'prompt' | 'path'>): number {
  const name = coordinatorName(spec, file);
  // A step of a chain or of a published method begins only if it can be measured.
  const isOther = spec.schedule.startsWith('chain:') || spec.schedule.startsWith('baseline:');
  if (name === 'alternating' && isOther) return 2;
  return 1 + { alternating: ofAlternating, coordinate: ofCoordinate, simultaneous: ofSimultaneous }[name];
}

/** @returns a coordinator that starts each phase with no knowledge but the state */
export function makeCoordinator(name: CoordinatorName, asked: Asked): Coordinator {
  const make = (): Coordinator => makers[name](asked);
  return {
    begin: (context) => make().begin(context),
    advance: (context, state) => make().advance(context, state),
    ...(make().softBeginning && { softBeginning: (context) => make().softBeginning!(context) }),
  };
}

/** The endings of prompt files in such languages, for people. */
const endingsIn = (holds: (language: TemplateLanguage) => boolean): string =>
  promptKinds.flatMap((kind) => (kind.holds === 'prompt' && holds(kind.language) ? kind.endings : [])).join(' or ');

const targetsOf = (tune: RunSpec['tune']): { targets?: readonly ('prompt' | 'weights')[] } => (tune === 'both' ? {} : { targets: [tune] });

/** The published method that the schedule names, if any. */
function baselineOf(schedule: RunSpec['schedule']): Baseline | undefined {
  const name = schedule.replace(/^baseline:/, '');
  return name !== schedule && isBaseline(name) ? baselines[name] : undefined;
}

function scheduleOf(schedule: RunSpec['schedule']): Schedule {
  if (schedule === 'gated') return { kind: 'gated' };
  // Five parameter steps, then one prompt step: the loop of the sources.
  if (schedule === 'classic') return { kind: 'classic', parameterSteps: 5, promptSteps: 1 };
  return { kind: 'chain', targets: chainSteps(schedule).map((step) => (step === 'p' ? 'prompt' : 'weights')) };
}

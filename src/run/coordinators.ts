/** @file The ways of optimizing jointly that a run can name: one line each. */
import { AlternatingJointOptimizer, type Schedule } from '../optimize/alternating.ts';
import { CoordinateJointOptimizer } from '../optimize/coordinate.ts';
import type { Coordinator } from '../optimize/coordinator.ts';
import { TandemError } from '../errors.ts';
import { chainSteps, type CoordinatorName, type RunSpec } from './spec.ts';

type Asked = Pick<RunSpec, 'schedule' | 'strategy' | 'lever'>;

/** Each makes a new one, as after a kill: it can know nothing but the snapshot. */
const coordinators: Readonly<Record<CoordinatorName, (asked: Asked) => Coordinator>> = {
  alternating: ({ schedule, strategy, lever }) =>
    new AlternatingJointOptimizer({ schedule: scheduleOf(schedule), ...(strategy && { strategy }), ...leversOf(lever) }),
  coordinate: ({ lever }) => new CoordinateJointOptimizer(leversOf(lever)),
};

/** Those that optimize programs of several steps. */
const forPrograms: readonly CoordinatorName[] = ['coordinate'];

/** The coordinator that a run asks for, or the default. @throws TandemError reason 'not-for-programs' */
export function coordinatorName(asked: CoordinatorName | undefined, steps: number, path: string): CoordinatorName {
  const name = asked ?? (steps > 1 ? forPrograms[0] : 'alternating');
  if (steps === 1 || forPrograms.includes(name)) return name;
  throw new TandemError('not-for-programs', `The coordinator "${name}" optimizes one prompt, and this program has ${steps} steps.`, {
    where: { file: path },
    hint: `Use one of: ${forPrograms.join(', ')}.`,
  });
}

/** @returns a coordinator that starts each phase knowing nothing but the state */
export function makeCoordinator(name: CoordinatorName, asked: Asked): Coordinator {
  const make = (): Coordinator => coordinators[name](asked);
  return { begin: (context) => make().begin(context), advance: (context, state) => make().advance(context, state) };
}

const leversOf = (lever: RunSpec['lever']): { levers?: readonly ('prompt' | 'weights')[] } => (lever === 'both' ? {} : { levers: [lever] });

function scheduleOf(schedule: RunSpec['schedule']): Schedule {
  if (schedule === 'gated') return { kind: 'gated' };
  // Five parameter steps, one prompt step: the sources' loop.
  if (schedule === 'classic') return { kind: 'classic', parameterSteps: 5, promptSteps: 1 };
  return { kind: 'chain', levers: chainSteps(schedule).map((step) => (step === 'p' ? 'prompt' : 'weights')) };
}

/** @file Controls of a run: after the run's test, each is tuned at the same compute and compared on the same test rows. They resume like the run. */
import type { OptimizationContext, OptimizationState } from '../optimize/coordinator.ts';
import type { MeasuredState, OptimizationEvent } from '../optimize/events.ts';
import type { ChosenControl, MeasuredControl } from '../optimize/baselines/controls.ts';
import type { ControlName } from '../optimize/baselines/names.ts';
import type { RunEvent } from './record/events.ts';
import type { RunState } from './record/state.ts';

export interface Controls {
  readonly names: readonly ControlName[];
  readonly choose: (name: ControlName, valOf: (control: ControlName) => number | undefined) => ChosenControl;
  /** Compares run and control on the test rows, which are already open: on the first `rows` of them, as for the run. */
  readonly measure: (context: OptimizationContext, rows: number, run: MeasuredState, control: MeasuredState) => Promise<MeasuredControl>;
}

/** The progress of the current control. Absent between two controls. */
export interface ControlCheckpoint {
  readonly control: ControlName;
  readonly state: OptimizationState;
}

/** Runs the controls that were not measured yet. A stop ends a control without a comparison, because it did not have its whole budget. */
export async function runControls(
  { names, choose, measure }: Controls,
  {
    context,
    rows,
    run,
    saved,
    view,
    emit,
    save,
  }: {
    readonly context: OptimizationContext;
    /** Test rows. */
    readonly rows: number;
    readonly run: MeasuredState;
    readonly saved: ControlCheckpoint | undefined;
    readonly view: () => RunState;
    readonly emit: (event: RunEvent) => void;
    readonly save: (checkpoint: ControlCheckpoint | undefined) => void;
  },
): Promise<void> {
  const known = (name: ControlName) => view().controls.find(({ control }) => control === name);
  for (const control of names) {
    if (known(control)?.measured) continue;
    if (view().stopRequested) return;
    const { coordinator, because } = choose(control, (name) => known(name)?.val?.mean);
    const inner: OptimizationContext = { ...context, emit: (event) => relay(control, event, emit) };
    const kept = (state: OptimizationState): OptimizationState => {
      save({ control, state });
      return state;
    };
    let state = saved?.control === control ? saved.state : undefined;
    if (!state) {
      emit({ type: 'controlStarted', control, because, budget: context.budget });
      state = kept(await coordinator.begin(inner));
    }
    while (!state.done && !view().stopRequested) state = kept(await coordinator.advance(inner, state));
    if (view().stopRequested) return;
    const measured = await measure({ ...context, signal: undefined }, rows, run, state.best);
    emit({ type: 'controlMeasured', control, tokensUsed: state.tokensUsed, ...measured });
    save(undefined);
  }
}

/** The journal has only an outline of a control's own events. */
function relay(control: ControlName, event: OptimizationEvent, emit: (event: RunEvent) => void): void {
  if (event.type === 'baselineMeasured') {
    emit({ type: 'controlProgressed', control, phase: 0, score: event.state.score, tokensUsed: event.tokensUsed });
  } else if (event.type === 'phaseEnded') {
    const { phase, target, accepted, best, tokensUsed } = event;
    emit({ type: 'controlProgressed', control, phase, target, accepted, score: best.score, tokensUsed });
  }
}

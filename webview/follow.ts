/** @file What the page knows, folded from the extension's messages: the list of runs, and the run that is shown. */
import type { QueuedJob, Review, RunSummary, ToPage, Vitals } from '../src/extension/panelMessages.ts';
import type { Preflight } from '../src/optimize/preflight.ts';
import { apply } from '../src/run/record/fold.ts';
import { initialState, type RunState } from '../src/run/record/state.ts';

export interface ShownRun {
  readonly run: string;
  readonly state: RunState;
  /** How many lines `state` includes. */
  readonly lines: number;
  /** Whether lines are missing; then the run has to be opened again. */
  readonly behind: boolean;
  readonly live: boolean;
  readonly trouble?: string;
  readonly preflight?: Preflight;
  readonly review?: Review;
  readonly vitals: Vitals;
  /** When the last message about the run came, on the page's clock. The running time continues from there. */
  readonly heardAt: number;
}

export interface Known {
  /** Newest first; absent until the extension sends them. */
  readonly runs?: readonly RunSummary[];
  readonly queue?: readonly QueuedJob[];
  readonly shown?: ShownRun;
  readonly refused?: { readonly run: string; readonly message: string };
}

/** @param now milliseconds on the page's clock */
export function hear(known: Known, message: ToPage, now: number): Known {
  switch (message.type) {
    case 'runs': {
      const { shown, ...rest } = known;
      const stays = shown && message.runs.some(({ run }) => run === shown.run);
      return { ...rest, runs: message.runs, queue: message.queue, ...(stays && { shown }) };
    }
    case 'opened': {
      const { run, snapshot } = message;
      const vitals = snapshot.live && known.shown?.run === run ? known.shown.vitals : {};
      return { runs: known.runs, queue: known.queue, shown: { run, ...snapshot, behind: false, vitals, heardAt: now } };
    }
    case 'lines':
      return inShown(known, message.run, (shown) =>
        message.lines.reduce(follow, { ...shown, vitals: { ...shown.vitals, busy: undefined }, heardAt: now }),
      );
    case 'vitals':
      return inShown(known, message.run, (shown) => ({ ...shown, vitals: message.vitals }));
    case 'refused':
      return { runs: known.runs, queue: known.queue, refused: { run: message.run, message: message.message } };
    default:
      return known;
  }
}

/** The state with its running time now: the time of the latest line plus what has passed since. */
export function clockOf({ state, live, heardAt }: ShownRun, now: number): RunState {
  const stands = !live || state.status === 'ended' || state.status === 'failed' || state.status === 'starting';
  return stands ? state : { ...state, elapsed: state.elapsed + Math.max(0, now - heardAt) };
}

function inShown(known: Known, run: string, change: (shown: ShownRun) => ShownRun): Known {
  return known.shown?.run === run ? { ...known, shown: change(known.shown) } : known;
}

/** A resumed run sends its lines again, from line 0. A line may also arrive twice. */
function follow(shown: ShownRun, line: Parameters<typeof apply>[1]): ShownRun {
  const { state, lines } = line.seq === 0 ? { state: initialState, lines: 0 } : shown;
  if (line.seq < lines) return shown;
  if (line.seq > lines) return { ...shown, behind: true };
  return { ...shown, state: apply(state, line), lines: lines + 1 };
}

/** @file Progress on stderr: a status line that a terminal redraws, plain lines in a log. */
import { vitalityText, type Vitality } from '../run/worker/beat.ts';
import type { JournalLine } from '../run/record/events.ts';
import { eventText, statusText } from '../run/words/eventText.ts';
import { duration } from '../run/words/format.ts';
import { apply } from '../run/record/fold.ts';
import { initialState, type RunState } from '../run/record/state.ts';
import type { Output } from './terminal.ts';

export interface Progress {
  /** What takes time between events, such as loading the model, and which share of it is done. */
  readonly busy: (what: string, share?: number) => void;
  readonly event: (line: JournalLine, replayed: boolean) => void;
  /** Shows in the status line whether the worker process is well. A log only reports that it does not respond. */
  readonly watch: (vitality: () => Vitality) => void;
  /** A line that stays. */
  readonly note: (text: string) => void;
  /** Removes the status line. */
  readonly close: () => void;
}

/** @param quiet print nothing, for example because the events themselves are printed */
export function makeProgress(
  output: Output,
  { quiet = false, env = process.env }: { quiet?: boolean; env?: NodeJS.ProcessEnv } = {},
): Progress {
  const redraws = !quiet && output.isTTY && env.TERM !== 'dumb';
  let state: RunState = initialState;
  let drawn = 0;
  let since = Date.now();
  let heardAt = Date.now();

  const draw = (text: string): void => {
    output.status(text);
    drawn = Date.now();
  };
  const note = (text: string): void => {
    if (quiet) return;
    output.eraseStatus();
    output.say(text + '\n');
  };
  const busyText = (what: string): string => {
    const waited = Date.now() - since;
    const done = share === undefined ? '' : ` ${Math.floor(100 * share)}%`;
    return waited < 2000 ? `${what} …${done}` : `${what} …${done} ${duration(waited)}`;
  };
  let busyWith: string | undefined;
  let share: number | undefined;
  let vitality: () => Vitality = () => ({ kind: 'well' });
  let silent = false;
  const redraw = (): void => {
    const process = vitalityText(vitality(), Date.now());
    const text = stateText();
    // The process comes first, so that a narrow terminal shows it too.
    if (process !== undefined || text !== undefined) draw([process, text].filter((part) => part !== undefined).join(' · '));
  };
  const stateText = (): string | undefined => {
    if (busyWith !== undefined) return busyText(busyWith);
    return state.config && statusText({ ...state, elapsed: state.elapsed + Date.now() - heardAt });
  };
  const look = (): void => {
    const now = vitality();
    if (now.kind === 'silent' && !silent) note(`Notice: ${vitalityText(now, Date.now())}. Press Ctrl-C twice to end it.`);
    silent = now.kind === 'silent';
    if (redraws) redraw();
  };
  const timer = quiet ? undefined : setInterval(look, 1000);
  timer?.unref();

  return {
    busy: (what, done) => {
      if (!redraws && what !== busyWith) note(`${what} …`);
      if (what !== busyWith) since = Date.now();
      [busyWith, share] = [what, done];
      if (redraws) redraw();
    },
    event: (line, replayed) => {
      state = apply(state, line);
      busyWith = undefined;
      heardAt = Date.now();
      const text = replayed ? replayedText(line, state) : eventText(line, state);
      if (text !== undefined) note(text);
      if (redraws && (text !== undefined || Date.now() - drawn > 100)) redraw();
    },
    watch: (how) => (vitality = how),
    note,
    close: () => {
      clearInterval(timer);
      if (redraws) output.eraseStatus();
    },
  };
}

/** An outline of an earlier process's event. */
function replayedText(line: JournalLine, state: RunState): string | undefined {
  if (line.type === 'runStarted') return `Run ${line.config.run}: continuing where it stopped`;
  return line.type === 'phaseEnded'
    ? `  phase ${line.phase}, ${state.phases.at(-1)?.block ?? line.target}, was ${line.accepted ? 'kept' : 'not kept'}`
    : undefined;
}

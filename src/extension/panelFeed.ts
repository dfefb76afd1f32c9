/** @file What goes to the run panel's page: one run's snapshot, then its lines in batches, so that a busy run costs the editor little. */
import type { JournalLine } from '../run/record/events.ts';
import type { QueuedJob, RunSummary, Snapshot, ToPage, Vitals } from './panelMessages.ts';

export interface FeedSource {
  /** Newest first. */
  runs(): Promise<readonly RunSummary[]>;
  /** The jobs that wait, in their order. */
  queue(): readonly QueuedJob[];
  /** @throws what says why the run cannot be read */
  open(run: string): Promise<Snapshot>;
}

export interface PanelFeed {
  /**
   * Shows this run, or the newest if there is no such run. For the run that is shown, sends news that is in no line of the journal.
   * @returns the run that is shown; undefined if there is none, or if another was opened in the meantime
   */
  open(run?: string): Promise<string | undefined>;
  /** Of whichever run is worked on; those of another than the shown one are left out. */
  line(run: string, line: JournalLine): void;
  vitals(run: string, vitals: Vitals): void;
  /** Sends nothing more until a run is opened again. */
  close(): void;
}

/** @param post takes a message to the page. @param pause milliseconds between two batches */
export function makeFeed(source: FeedSource, post: (message: ToPage) => void, pause = 100): PanelFeed {
  let shown: string | undefined;
  /** Counts openings: what comes of an earlier one is out of date. */
  let opening = 0;
  /** Lines that come before the snapshot wait for it; the page leaves out those that the snapshot has already. */
  let opened = false;
  let waiting: JournalLine[] = [];
  let timer: NodeJS.Timeout | undefined;

  const reset = (): number => {
    clearTimeout(timer);
    timer = undefined;
    opened = false;
    return ++opening;
  };
  const flush = (): void => {
    timer = undefined;
    const lines = waiting;
    waiting = [];
    if (shown !== undefined && lines.length > 0) post({ type: 'lines', run: shown, lines });
  };

  return {
    async open(wanted) {
      const mine = reset();
      const runs = await source.runs();
      if (mine !== opening) return undefined;
      post({ type: 'runs', runs, queue: source.queue() });
      const run = runs.find(({ run }) => run === wanted)?.run ?? runs.at(0)?.run;
      if (run !== shown) waiting = [];
      shown = run;
      if (run === undefined) return undefined;
      const message = await source.open(run).then(
        (snapshot): ToPage => ({ type: 'opened', run, snapshot }),
        (error: unknown): ToPage => ({ type: 'refused', run, message: error instanceof Error ? error.message : String(error) }),
      );
      if (mine !== opening) return undefined;
      post(message);
      opened = message.type === 'opened';
      if (opened) flush();
      return run;
    },
    line(run, line) {
      if (run !== shown) return;
      waiting.push(line);
      if (opened) timer ??= setTimeout(flush, pause);
    },
    vitals(run, vitals) {
      if (run === shown && opened) post({ type: 'vitals', run, vitals });
    },
    close() {
      reset();
      shown = undefined;
      waiting = [];
    },
  };
}

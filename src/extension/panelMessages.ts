/** @file What the run panel's page and the extension say to each other. The page imports this file too, so it imports no `vscode`. */
import type { CandidateId } from '../optimize/events.ts';
import type { Preflight } from '../optimize/preflight.ts';
import type { Evidence } from '../run/words/evidence.ts';
import type { JournalLine } from '../run/record/events.ts';
import type { ReviewVerdict, Standing } from '../run/verdicts.ts';
import type { RunState } from '../run/record/state.ts';

/** A run in the list of those to choose from. */
export interface RunSummary {
  /** What names the run to the extension; the page only hands it back. */
  readonly run: string;
  /** Path of the prompt file, relative to the workspace. */
  readonly prompt: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Its outcome so far, in half a sentence. */
  readonly headline?: string;
}

/** A job that waits for its turn. */
export interface QueuedJob {
  /** What names it to the extension. */
  readonly job: number;
  /** `Optimizing intent.prompt.md` */
  readonly title: string;
}

/** Everything about one run at one moment; lines that come later are folded into it. */
export interface Snapshot {
  readonly state: RunState;
  /** How many lines of the journal `state` stands for: the next one has this `seq`. */
  readonly lines: number;
  /** Whether a process is working on the run. A run that neither lives nor has ended can be resumed. */
  readonly live: boolean;
  /** How the process that worked on it came to its end, if it ended badly: its last output. */
  readonly trouble?: string;
  /** What the preflight before the run found; absent if there was none. */
  readonly preflight?: Preflight;
  /** What the run proposes to change; absent while there is nothing to review. */
  readonly review?: Review;
}

interface ReviewItem {
  readonly id: string;
  /** Relative to the workspace; absent where all items are of one file. */
  readonly file?: string;
  readonly standing: Standing;
  /** Why the change was proposed. */
  readonly reason?: string;
  /** Tokens that the change adds to the prompt, where no number of its own includes them. */
  readonly tokens?: number;
  /** What comes closest to the change by itself first. */
  readonly evidence: readonly Evidence[];
  /** Ids of the items that its other numbers are shown with. */
  readonly toldWith?: readonly string[];
}

export interface ReviewHunk extends ReviewItem {
  readonly kind: 'hunk';
  /** 1-based line of the prompt file. */
  readonly line: number;
  /** The lines taken out and put in, with their line endings; either may be empty. */
  readonly before: string;
  readonly after: string;
}

export interface ReviewAdapter extends ReviewItem {
  readonly kind: 'adapter';
  /** The folder that it is, or will be, in; relative to the workspace. */
  readonly folder: string;
}

export interface Review {
  /** The file that the run is of, relative to the workspace. */
  readonly file: string;
  readonly items: readonly (ReviewHunk | ReviewAdapter)[];
}

/** What is not in the journal because it is true only at this moment. */
export interface Vitals {
  /** Resident memory of the run's process, in bytes. */
  readonly memory?: number;
  /** What takes time while there is no event, e.g. `Loading the model`. */
  readonly busy?: string;
  /** What there is to say of the run's process, e.g. `busy, last progress 40 s ago`. */
  readonly process?: string;
}

export type ToPage =
  /** The runs to choose from, newest first, and the jobs that wait, in their order. */
  | { readonly type: 'runs'; readonly runs: readonly RunSummary[]; readonly queue: readonly QueuedJob[] }
  /** Shows this run as it is now. */
  | { readonly type: 'opened'; readonly run: string; readonly snapshot: Snapshot }
  /** In their order. One with `seq` 0 restarts the run: a resumed run sends everything again. */
  | { readonly type: 'lines'; readonly run: string; readonly lines: readonly JournalLine[] }
  | { readonly type: 'vitals'; readonly run: string; readonly vitals: Vitals }
  /** A run could not be opened. */
  | { readonly type: 'refused'; readonly run: string; readonly message: string };

export type FromPage =
  /** The page listens; it showed this run before it was closed or hidden. */
  { readonly type: 'ready'; readonly run?: string } | { readonly type: 'choose'; readonly run: string } | PanelAction;

/** What the user asks for. */
export type PanelAction =
  /** Begin a run; the extension asks which. */
  | { readonly type: 'start' }
  | { readonly type: 'stop' | 'resume' | 'openReview' | 'openReport' | 'openPrompt'; readonly run: string }
  /** Takes a job that waits off the list. */
  | { readonly type: 'unqueue'; readonly job: number }
  /** The candidate's prompt beside the one that the run began with. */
  | { readonly type: 'openDiff'; readonly run: string; readonly candidate: CandidateId }
  /** Give this verdict on these items of the review. */
  | { readonly type: 'decide'; readonly run: string; readonly items: readonly string[]; readonly verdict: ReviewVerdict };

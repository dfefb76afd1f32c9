/** @file The tool `optimize`: tunes a prompt and a small model together. What it finds stays in the run's folder until a person accepts it. */
import type { Difference, Estimate } from '../../optimize/events.ts';
import { unifiedDiff } from '../../prompt/hunks.ts';
import { proposalsOf } from '../../run/accept.ts';
import { apply } from '../../run/record/fold.ts';
import { findRun, portable, readState, type RunDirectory } from '../../run/record/runDirectory.ts';
import { initialState, progressOf, type RunState } from '../../run/record/state.ts';
import { parseBudget, runDefaults, tuneChoices, type RunSpec, type TuneChoice } from '../../run/spec.ts';
import { eventText } from '../../run/words/eventText.ts';
import { changeLines, outcomeLines } from '../../run/words/outcomeText.ts';
import { cellOf, doing, headline, nothingText, wasStopped } from '../../run/words/words.ts';
import type { Notification } from '../../run/worker/protocol.ts';
import { choice, closed, flag, object, optional, text, whole } from '../fields.ts';
import { promptField, sessionAsked } from '../inputs.ts';
import { difference, estimate } from '../outputs.ts';
import { defineTool, type OnProgress } from '../tool.ts';

interface OptimizeInput {
  readonly prompt: string;
  readonly budget?: string;
  readonly tune?: TuneChoice;
  readonly seed?: number;
}

interface Optimized {
  readonly run: string;
  readonly headline: string;
  readonly stopped: boolean;
  readonly before?: Estimate;
  readonly after?: Estimate;
  readonly gain?: Difference;
  readonly diff: string;
  readonly report: string;
  readonly next: string;
}

export const optimize = defineTool<OptimizeInput, Optimized>({
  name: 'optimize',
  title: 'Optimize a prompt and its model',
  description:
    'Tune a prompt file and a LoRA adapter of its local model together, for as long as the budget says. A change is kept only if it is better on the same validation rows; at the end the result is measured once on held-out test rows. Nothing is written to the prompt file: the answer has the diff, and the user accepts it. Takes minutes to hours and reports progress; cancel the request to stop early and keep what was found so far. One run at a time works in a workspace.',
  input: closed<OptimizeInput>({
    prompt: promptField,
    budget: optional(text('How long: a time such as 90s, 5m or 1h, or a token budget such as 2M. Default 5m.')),
    tune: optional(choice('What to tune; both by default.', tuneChoices)),
    seed: optional(whole('Seed for all random choices; 0 by default.')),
  }),
  output: object<Optimized>({
    run: text('Name of the run, for the tool `results`.'),
    headline: text('The outcome in half a sentence.'),
    stopped: flag('Whether it was stopped before its end.'),
    before: optional(estimate('The score before, on the held-out test rows if they were measured, otherwise on the validation rows.')),
    after: optional(estimate('The score after, on the same rows.')),
    gain: optional(difference('After minus before on the held-out test rows; absent if they were not measured.')),
    diff: text('What it proposes to change, as a unified diff; empty if nothing. New weights are named in it as `adapter:`.'),
    report: text('Path of the report in the workspace.'),
    next: text('What the user can do with it.'),
  }),
  async answer({ prompt, budget, tune, seed }, { workspace, allowModules, work, signal, onProgress }) {
    const spec: RunSpec = {
      ...runDefaults,
      ...sessionAsked({ prompt }, { workspace, allowModules }),
      ...(budget !== undefined && { budget: parseBudget(budget) }),
      ...(tune !== undefined && { tune }),
      ...(seed !== undefined && { seed }),
    };
    const { directory: path } = await work('optimize', { spec }, { signal, onNotification: followRun(onProgress) });
    const directory = findRun(path, path);
    const state = readState(directory);
    const data = outcomeOf(directory, state, workspace);
    return { text: outcomeText(directory, state, data), data };
  },
});

/** Between two messages about a step, in milliseconds. What a log would say is told at once. */
const restBetween = 500;

function followRun(onProgress: OnProgress): (notification: Notification) => void {
  let state = initialState;
  let said = 0;
  return (notification) => {
    if (notification.type === 'busy') onProgress(notification.what, progressOf(state));
    if (notification.type !== 'line') return;
    state = apply(state, notification.line);
    const worth = eventText(notification.line, state);
    if (worth === undefined && Date.now() - said < restBetween) return;
    said = Date.now();
    onProgress(worth?.trim() ?? doing(state), progressOf(state));
  };
}

function outcomeOf(directory: RunDirectory, state: RunState, workspace: string): Optimized {
  const { start, best, attribution } = state;
  const [before, after] = attribution ? [cellOf(attribution, 'old', 'old'), cellOf(attribution, 'new', 'new')] : [start, best];
  const proposals = start ? proposalsOf(directory, state) : [];
  const diffs = proposals.map((each) => unifiedDiff(portable(directory.workspace, each.file), each.before, each.after).trimEnd());
  const changes = proposals.some((each) => each.before !== each.after);
  return {
    run: directory.run,
    headline: headline(state),
    stopped: wasStopped(state),
    ...(before && { before: before.score }),
    ...(after && { after: after.score }),
    ...(attribution && { gain: attribution.total }),
    diff: diffs.filter((diff) => diff !== '').join('\n'),
    report: portable(workspace, directory.report),
    next: changes ? acceptHint(directory.run) : nothingText(state),
  };
}

function outcomeText(directory: RunDirectory, state: RunState, { headline: found, diff, report, next }: Optimized): string {
  const outcome = state.start ? [...outcomeLines(directory, state), '', diff, '', ...changeLines(directory, state)] : [found];
  return [...outcome, `Report: ${report}`, next, ''].join('\n');
}

/** Accepting is a person's decision, so there is no tool for it. */
const acceptHint = (run: string): string =>
  `Nothing was written to the prompt file. Ask the user to review and accept it: tandem accept ${run}, or Tandem: Review Changes in the editor.`;

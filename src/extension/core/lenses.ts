/** @file The lens above a prompt's body, or a program: its headline, and what can be done with it now; and those of a program's steps. */
import { basename } from 'node:path';
import { isProgramPath, promptKindOf } from '../../prompt/kinds/table.ts';
import type { MeasuredPrompt } from '../../run/record/results.ts';
import { commandIds, type CommandId } from '../ids.ts';
import { headlineDetail, shortHeadline } from './headline.ts';
import { jobProgress, jobTitle, progressText, type Job } from './job.ts';
import { label, type Label } from './unmarked.ts';

export interface Lens {
  readonly title: Label;
  readonly tooltip?: string;
  /** A command of Tandem or of the editor itself; absent for a text that does nothing. */
  readonly command?: CommandId | EditorCommand;
  readonly argument?: unknown;
}

/** What can be done with a prompt: in Restricted Mode it is only measured, and only if it names nothing foreign. */
export type Allowance = 'everything' | 'measuring' | 'nothing';

export interface LensFacts {
  /** The argument that names the prompt file to the commands. */
  readonly target: unknown;
  readonly path: string;
  readonly measured?: MeasuredPrompt;
  /** The text is not the one that was measured. */
  readonly stale: boolean;
  /** The job on this prompt that is worked on, or else waits first. */
  readonly job?: Job;
  /** Name of the newest run of this prompt. */
  readonly latestRun?: string;
  /** The name of the latest run that proposes changes for the file, how many of them are not decided yet, and how many there are. */
  readonly proposed?: { readonly run: string; readonly open: number; readonly of: number };
  /** Where the lens is not in that file but in the prompt file of one of its steps: the argument that names it to the commands, and its place from 0. */
  readonly step?: { readonly target: unknown; readonly place: number; readonly of: number };
  readonly allows: Allowance;
  /** Date.now() */
  readonly now: number;
  /** Whether the command is there to be called. */
  readonly offers: (command: CommandId) => boolean;
}

type EditorCommand = typeof manageTrust | typeof openFile;
const manageTrust = 'workbench.trust.manage';
const openFile = 'vscode.open';
const ofEditor: readonly unknown[] = [manageTrust, openFile] satisfies EditorCommand[];

export function lensesOf(facts: LensFacts): Lens[] {
  const { target, latestRun, proposed, step, offers } = facts;
  const lenses: Lens[] = [...(isWorthSaying(facts) ? [headlineLens(facts)] : []), ...workLenses(facts)];
  if (proposed) {
    const { run, open, of } = proposed;
    const tooltip =
      open > 0
        ? `${open} of ${of} changes that run ${run} proposes are undecided`
        : `All ${of} changes of run ${run} are decided. You can still revert them.`;
    const title = open > 0 ? label`$(diff) Review changes` : label`$(diff) Review again`;
    lenses.push({ title, tooltip, command: commandIds.reviewChanges, argument: step?.target ?? target });
  }
  if (latestRun !== undefined) {
    lenses.push({ title: label`$(graph-line) Show run`, tooltip: latestRun, command: commandIds.showPanel, argument: latestRun });
  }
  return thoseOffered(lenses, offers);
}

export interface StepFacts extends Pick<LensFacts, 'offers'> {
  /** The argument that names the prompt file to the commands. */
  readonly target: unknown;
  readonly path: string;
  /** Changes that a run proposes for it and that are not decided yet. */
  readonly changes: number;
}

/** What stands above a step in the program file. */
export function stepLenses({ target, path, changes, offers }: StepFacts): Lens[] {
  const open: Lens = { title: label`$(go-to-file) Open ${basename(path)}`, command: openFile, argument: target };
  const review: Lens = {
    title: label`$(diff) Review ${changes} change${changes === 1 ? '' : 's'}`,
    tooltip: `Changes that the last run proposes for ${basename(path)}`,
    command: commandIds.reviewChanges,
    argument: target,
  };
  return thoseOffered(changes > 0 ? [open, review] : [open], offers);
}

const thoseOffered = (lenses: readonly Lens[], offers: LensFacts['offers']): Lens[] =>
  lenses.filter(({ command }) => command === undefined || ofEditor.includes(command) || offers(command as CommandId));

function workLenses({ target, path, job, allows }: LensFacts): Lens[] {
  if (job)
    return [{ title: label`$(debug-stop) Stop`, tooltip: `Stop ${lowerFirst(jobTitle(job))}`, command: commandIds.stop, argument: job.id }];
  if (allows === 'nothing') {
    const tooltip = 'The file names a model or an adapter, which Tandem loads only in a trusted workspace';
    return [{ title: label`$(shield) Trust the workspace to evaluate`, tooltip, command: manageTrust }];
  }
  const measuring = `Evaluate ${basename(path)} on its validation rows`;
  const evaluate: Lens = { title: label`$(beaker) Evaluate`, tooltip: measuring, command: commandIds.evaluate, argument: target };
  if (allows === 'measuring') return [evaluate];
  const tuning = `Tune ${tunedIn(path)}. Nothing is written until you accept it.`;
  return [evaluate, { title: label`$(rocket) Optimize`, tooltip: tuning, command: commandIds.optimize, argument: target }];
}

function tunedIn(path: string): string {
  if (isProgramPath(path)) return 'the prompts of its steps and a LoRA adapter together';
  return promptKindOf(path).tunes === 'prompt' ? 'the description' : 'the prompt and a LoRA adapter together';
}

/** Where a run proposes changes it has measured the prompt, and a lens has little room beside the panel. */
const isWorthSaying = ({ measured, proposed, job, step }: LensFacts): boolean => Boolean(measured ?? job ?? step) || !proposed;

function headlineLens({ target, path, measured, stale, step, job, allows, now }: LensFacts): Lens {
  if (job) return { title: label`$(loading~spin) ${progressText(jobProgress(job, now))}`, tooltip: jobTitle(job) };
  const known = shortHeadline(measured, stale);
  const detail = measured ? headlineDetail(measured) : 'Not measured yet';
  if (step) {
    const title = label`Step ${step.place + 1} of ${step.of} in ${basename(path)} · ${lowerFirst(known)}`;
    return { title, tooltip: `Whole program: ${detail}`, command: openFile, argument: target };
  }
  if (measured) {
    const tooltip = `${headlineDetail(measured)}\nSelect to see the answers`;
    return { title: label`${known}`, tooltip, command: commandIds.showAnswers, argument: target };
  }
  const measure = allows === 'nothing' ? {} : { command: commandIds.measureLines, argument: target };
  const what = isProgramPath(path) ? 'the program and each line of its prompts' : 'the prompt and each of its lines';
  return { title: label`${known}`, tooltip: `Measure ${what}`, ...measure };
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

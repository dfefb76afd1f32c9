/** @file The lens above a prompt's body: its headline, and what can be done with it now. */
import { basename } from 'node:path';
import type { MeasuredPrompt } from '../../run/results.ts';
import { commandIds, type CommandId } from '../ids.ts';
import { headlineDetail, knownHeadline } from './headline.ts';
import { jobProgress, jobTitle, progressText, type Job } from './job.ts';

export interface Lens {
  readonly title: string;
  readonly tooltip?: string;
  /** Absent for a text that does nothing; of Tandem or of the editor itself. */
  readonly command?: CommandId | typeof manageTrust;
  readonly argument?: unknown;
}

/** What can be done with a prompt: in a workspace that is not trusted it is only measured, and that only if it names nothing foreign. */
export type Allowance = 'everything' | 'measuring' | 'nothing';

export interface LensFacts {
  /** How the commands are told which prompt file is meant. */
  readonly target: unknown;
  readonly path: string;
  readonly measured?: MeasuredPrompt;
  /** The text is not the one that was measured. */
  readonly stale: boolean;
  /** The job on this prompt that is worked on, or else waits first. */
  readonly job?: Job;
  /** Name of the newest run of this prompt. */
  readonly latestRun?: string;
  /** Name of an ended run whose changes the file does not have yet. */
  readonly proposedBy?: string;
  readonly allows: Allowance;
  /** Date.now() */
  readonly now: number;
  /** Whether the command is there to be called. */
  readonly offers: (command: CommandId) => boolean;
}

const manageTrust = 'workbench.trust.manage';

export function lensesOf(facts: LensFacts): Lens[] {
  const { target, latestRun, proposedBy, offers } = facts;
  const lenses: Lens[] = [headlineLens(facts), ...workLenses(facts)];
  if (proposedBy !== undefined) {
    const tooltip = `What the run ${proposedBy} proposes`;
    lenses.push({ title: '$(diff) Review changes', tooltip, command: commandIds.reviewChanges, argument: target });
  }
  if (latestRun !== undefined) {
    lenses.push({ title: '$(graph-line) Show run', tooltip: latestRun, command: commandIds.showPanel, argument: latestRun });
  }
  return lenses.filter(({ command }) => command === undefined || command === manageTrust || offers(command));
}

function workLenses({ target, path, job, allows }: LensFacts): Lens[] {
  if (job)
    return [{ title: '$(debug-stop) Stop', tooltip: `Stop ${lowerFirst(jobTitle(job))}`, command: commandIds.stop, argument: job.id }];
  if (allows === 'nothing') {
    const tooltip = 'The prompt names a model or an adapter, which is not loaded before the workspace is trusted';
    return [{ title: '$(shield) Trust the workspace to measure', tooltip, command: manageTrust }];
  }
  const measuring = `Measure ${basename(path)} on its validation rows`;
  const evaluate: Lens = { title: '$(beaker) Evaluate', tooltip: measuring, command: commandIds.evaluate, argument: target };
  if (allows === 'measuring') return [evaluate];
  const tuning = 'Tune the prompt and a LoRA adapter together; nothing is written until you accept it';
  return [evaluate, { title: '$(rocket) Optimize', tooltip: tuning, command: commandIds.optimize, argument: target }];
}

function headlineLens({ target, measured, stale, job, allows, now }: LensFacts): Lens {
  if (job) return { title: `$(loading~spin) ${progressText(jobProgress(job, now))}`, tooltip: jobTitle(job) };
  const measure = allows === 'nothing' ? {} : { command: commandIds.measureLines, argument: target };
  const tooltip = measured ? `${headlineDetail(measured)}\nSelect to measure each line` : 'Measure the prompt and each of its lines';
  return { title: knownHeadline(measured, stale, now), tooltip, ...measure };
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

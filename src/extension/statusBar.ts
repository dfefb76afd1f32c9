/** @file The status bar item: how far the current job is. */
import * as vscode from 'vscode';
import { bytes } from '../run/words/format.ts';
import { bestText, isOver, isRun, isSilent, jobProgress, jobTitle, progressText, silentText, type Job } from './core/job.ts';
import { label } from './core/unmarked.ts';
import { commandIds, type CommandId } from './ids.ts';
import type { Services } from './services.ts';
import { makeStatusItem } from './surfaces/notifications.ts';

/** Milliseconds between two looks at a job that changes all the time; waiting times are counted on as well. */
const pause = 500;

export function registerStatusBar({ engine }: Services): vscode.Disposable {
  const item = makeStatusItem('tandem.job', 'Tandem');
  let timer: NodeJS.Timeout | undefined;
  let silent = false;
  const draw = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const jobs = engine.jobs();
    const job = jobs.find(({ status }) => status !== 'waiting') ?? jobs.at(0);
    if (!job) {
      item.hide();
      return;
    }
    const others = jobs.length > 1 ? ` (+${jobs.length - 1})` : '';
    const text = progressText(jobProgress(job, Date.now()));
    silent = isSilent(job);
    item.show({
      text: silent ? label`$(warning) Tandem: ${text}${others}` : label`$(loading~spin) Tandem: ${text}${others}`,
      tooltip: tooltipOf(job, jobs),
      spoken: `${jobTitle(job)}: ${text}`,
      warns: silent,
      command: commandFor(job),
    });
    timer = setTimeout(draw, pause);
  };
  const follow = (job: Job): void => {
    // Bad news do not wait, nor does the end.
    if (timer === undefined || isSilent(job) !== silent || isOver(job)) draw();
  };
  return vscode.Disposable.from(item, engine.onDidChange(follow), { dispose: () => clearTimeout(timer) });
}

/** A run is shown in the panel; a measurement can only be stopped. */
const commandFor = (job: Job): CommandId => (isRun(job) ? commandIds.showPanel : commandIds.stop);

function tooltipOf(job: Job, jobs: readonly Job[]): string {
  const { memory } = job;
  return [
    jobTitle(job),
    bestText(job),
    memory === undefined ? undefined : `${bytes(memory)} of memory`,
    isSilent(job) ? silentText(job) : undefined,
    ...jobs.filter((other) => other !== job).map((other) => `Next: ${jobTitle(other)}`),
    isRun(job) ? 'Select to show the run' : 'Select to stop',
  ]
    .filter((line) => line !== undefined)
    .join('\n');
}

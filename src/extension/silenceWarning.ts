/** @file Warns that the process of a job is no longer responding, and offers to end it. A process that is only busy is shown as busy instead. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { isOver, isRun, isSilent, jobTitle, silentText, type Job } from './core/job.ts';
import { commandIds } from './ids.ts';
import type { Services } from './services.ts';
import { notify } from './surfaces/notifications.ts';

export function registerSilenceWarning({ engine, log }: Services): vscode.Disposable {
  const warned = new Set<number>();
  const warn = async (job: Job): Promise<void> => {
    const { id, directory } = job;
    const [resume, end, showLog] = ['End and Resume', 'End', 'Show Log'];
    const resumable = isRun(job) && directory !== undefined;
    const message = `${jobTitle(job)}. ${silentText(job)}`;
    const answer = await notify('warning', message, { actions: [resumable ? resume : end, showLog] });
    if (answer === showLog) log.show(true);
    if (answer !== resume && answer !== end) return;
    const current = engine.jobs().find((each) => each.id === id);
    if (!current || isSilent(current)) engine.end(id);
    else void notify('information', `${jobTitle(job)}: its process responds again and continues.`);
    // It waits its turn behind the job that ends.
    if (answer === resume && current && isSilent(current)) await vscode.commands.executeCommand(commandIds.resume, basename(directory!));
  };
  return engine.onDidChange((job) => {
    if (isOver(job) || !isSilent(job)) warned.delete(job.id);
    else if (!warned.has(job.id)) {
      warned.add(job.id);
      void warn(job);
    }
  });
}

/** @file Says that the process of a job does not answer any more, and offers to end it. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { isOver, isRun, jobTitle, type Job } from './core/job.ts';
import { commandIds } from './ids.ts';
import type { Services } from './services.ts';
import { notify } from './surfaces/notifications.ts';

/** The status bar tells at once; a message is for what lasts. Milliseconds. */
const patience = 10_000;

export function registerSilenceWarning({ engine, log }: Services): vscode.Disposable {
  const warned = new Set<number>();
  const warn = async (job: Job): Promise<void> => {
    const { id, directory, lastLines } = job;
    const [resume, end, showLog] = ['End and Resume', 'End', 'Show Log'];
    const resumable = isRun(job) && directory !== undefined;
    const message = `${jobTitle(job)}: its process gives no sign of life.${lastLines ? ` It wrote last: ${lastLines}` : ''}`;
    const answer = await notify('warning', message, { actions: [resumable ? resume : end, showLog] });
    if (answer === showLog) log.show(true);
    if (answer === resume || answer === end) engine.end(id);
    // It waits its turn behind the job that ends.
    if (answer === resume) await vscode.commands.executeCommand(commandIds.resume, basename(directory!));
  };
  return engine.onDidChange((job) => {
    if (isOver(job) || job.silentSince === undefined) warned.delete(job.id);
    else if (!warned.has(job.id) && Date.now() - job.silentSince > patience) {
      warned.add(job.id);
      void warn(job);
    }
  });
}

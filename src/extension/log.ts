/** @file Tandem's output channel: what every job does, in the words of the command line. */
import * as vscode from 'vscode';
import { describeError } from '../errors.ts';
import { eventText } from '../run/words/eventText.ts';
import type { Engine } from './core/engine.ts';
import { isOver, isSilent, jobTitle, silentText, type Job } from './core/job.ts';

export function makeLog(engine: Engine): vscode.LogOutputChannel {
  const log = vscode.window.createOutputChannel('Tandem', { log: true });
  /** What was said last of a job. */
  const said = new Map<number, string>();
  engine.onDidLine(({ line, job, replayed }) => {
    const text = !replayed && job.run ? eventText(line, job.run) : undefined;
    if (text !== undefined) log.info(text);
  });
  engine.onDidChange((job) => {
    const text = textOf(job);
    if (text !== undefined && text !== said.get(job.id)) {
      if (job.status === 'failed' || isSilent(job)) log.error(text);
      else log.info(text);
    }
    if (isOver(job)) for (const notice of job.notices ?? []) log.warn(`${jobTitle(job)}: ${notice}`);
    if (isOver(job)) said.delete(job.id);
    else if (text !== undefined) said.set(job.id, text);
  });
  return log;
}

function textOf(job: Job): string | undefined {
  const { status, busy, error } = job;
  const title = jobTitle(job);
  if (status === 'failed') return `${title} failed: ${describeError(error)}`;
  if (isSilent(job)) return `${title}: ${silentText(job)}`;
  if (status === 'done') return `${title}: done${job.directory === undefined ? '' : `, ${job.directory}`}`;
  if (status === 'stopped' || status === 'stopping') return `${title}: ${status}`;
  return busy && `${title}: ${busy.what}`;
}

/** @file How the end of a job, or an error, is reported. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { TandemError } from '../errors.ts';
import { isRun, jobTitle, type Job } from './core/job.ts';
import { headline } from './core/headline.ts';
import { foundBetter } from '../run/record/state.ts';
import { headline as runHeadline, nothingText, wasStopped } from '../run/words/words.ts';
import { commandIds, type CommandId } from './ids.ts';
import type { Services } from './services.ts';
import { flash, notify } from './surfaces/notifications.ts';

/** Reports the outcome of a job that the user asked for. Does not wait for the answer to the message. */
export function tellEnd(job: Job, services: Services): void {
  const { status, task, run, directory, measured, error, notices = [] } = job;
  if (status === 'failed') void tellFailure(job, services);
  else if ((status === 'done' || status === 'stopped') && isRun(job) && run?.status === 'ended' && directory) {
    const found = foundBetter(run);
    const outcome = found ? `${runHeadline(run)}.` : `${wasStopped(run) ? 'Stopped. ' : ''}${nothingText(run)}`;
    void offer(
      services,
      `${basename(task.prompt)}: ${outcome}`,
      found ? [review, showRun, report] : [showRun, report],
      basename(directory),
    );
  } else if (status === 'done' && measured && !error) {
    const evaluation = 'evaluation' in measured ? measured.evaluation : measured;
    flash(`Tandem: ${basename(task.prompt)} ${headline(evaluation, Date.now())}`, 8000);
  }
  void warnOnce(task.prompt, notices, services);
}

/** What a measurement warned of, by prompt: shown once, however often it is measured. */
const warned = new Set<string>();

async function warnOnce(prompt: string, notices: readonly string[], { log }: Services): Promise<void> {
  const message = `${basename(prompt)}: ${notices.join(' ')}`;
  if (notices.length === 0 || warned.has(message)) return;
  warned.add(message);
  const showLog = 'Show Log';
  // With a button the message is shown as a whole.
  if ((await notify('warning', message, { actions: [showLog] })) === showLog) log.show(true);
}

/** An error of a command itself. */
export function tellError(error: unknown, { log }: Pick<Services, 'log'>): void {
  log.error(error instanceof Error ? error : String(error));
  void showPlaceOf(error, notify('error', textOf(error), { actions: placeActions(error) }));
}

interface Action {
  readonly title: string;
  readonly command: CommandId;
}
const review: Action = { title: 'Review Changes', command: commandIds.reviewChanges };
const showRun: Action = { title: 'Show Run', command: commandIds.showPanel };
const report: Action = { title: 'Open Report', command: commandIds.openReport };

async function offer({ offers }: Services, message: string, actions: readonly Action[], run: string): Promise<void> {
  const there = actions.filter(({ command }) => offers(command));
  const answer = await notify('information', message, { actions: there.map(({ title }) => title) });
  const chosen = there.find(({ title }) => title === answer);
  if (chosen) await vscode.commands.executeCommand(chosen.command, run);
}

async function tellFailure(job: Job, { log }: Services): Promise<void> {
  const { error, directory } = job;
  const [resume, showLog] = ['Resume', 'Show Log'];
  const canResume = isRun(job) && directory !== undefined;
  const shown = notify('error', `${jobTitle(job)} failed. ${textOf(error)}`, {
    actions: [...(canResume ? [resume] : []), ...placeActions(error), showLog],
  });
  void showPlaceOf(error, shown);
  const answer = await shown;
  if (answer === resume) await vscode.commands.executeCommand(commandIds.resume, basename(directory!));
  if (answer === showLog) log.show(true);
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof TandemError)) return error.message;
  const { reason, message, where, hint } = error;
  const place = where?.line === undefined ? '' : `${vscode.workspace.asRelativePath(where.file)}:${where.line}: `;
  const said = `${place}${message}${/[.!?]$/.test(message) ? '' : '.'}`;
  return reason !== 'worker-died' && hint ? `${said} ${hint}` : said;
}

const goThere = 'Go to File';

const placeActions = (error: unknown): string[] => (error instanceof TandemError && error.where ? [goThere] : []);

async function showPlaceOf(error: unknown, shown: Thenable<string | undefined>): Promise<void> {
  if ((await shown) !== goThere || !(error instanceof TandemError) || !error.where) return;
  const { file, line = 1, column = 1 } = error.where;
  const place = new vscode.Position(line - 1, column - 1);
  await vscode.window.showTextDocument(vscode.Uri.file(file), { selection: new vscode.Range(place, place) });
}

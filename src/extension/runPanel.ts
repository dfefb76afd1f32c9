/** @file Gives the run panel its runs, and does what its page asks for. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { describeError } from '../errors.ts';
import type { Preflight } from '../optimize/preflight.ts';
import { readPreflight, writePreflight } from '../run/record/preflightFile.ts';
import { portable } from '../run/record/runDirectory.ts';
import type { ListedRun } from '../run/record/runList.ts';
import { openCandidateDiff, registerCandidateDiffs } from './candidateDiff.ts';
import { isOver, isRun, isSilent, jobProgress, jobTitle, silentText, type Job } from './core/job.ts';
import { panelReview } from './core/review.ts';
import { commandIds } from './ids.ts';
import { registerPanel, type PanelSource } from './panel.ts';
import type { PanelAction, QueuedJob, Review, Vitals } from './panelMessages.ts';
import { revealFile } from './reveal.ts';
import { decide } from './review/actions.ts';
import { textIn } from './reviews.ts';
import { runAt } from './runs.ts';
import type { Services } from './services.ts';
import { stop } from './work.ts';

/** How many runs are listed with their headline: each costs the reading of a journal. */
const mostOutlines = 20;

export function registerRunPanel(context: vscode.ExtensionContext, services: Services): vscode.Disposable {
  const source = panelSource(services);
  const panel = registerPanel(context, source, services.sidePanels);
  const { engine } = services;
  const show = vscode.commands.registerCommand(commandIds.showPanel, (run?: unknown) =>
    panel.show(typeof run === 'string' ? run : runGoingOn(engine.jobs())),
  );
  /** The panel follows the run that is going on: it shows each as soon as there is something to see. */
  const followed = new Set<number>();
  const follow = engine.onDidChange((job) => {
    if (isOver(job)) followed.delete(job.id);
    else if (isGoingOn(job) && !followed.has(job.id)) {
      followed.add(job.id);
      if (job.task.kind === 'optimize' && job.task.preflight) keepPreflight(job.directory, job.task.preflight, services);
      panel.show(basename(job.directory));
    }
  });
  return vscode.Disposable.from(panel, show, follow, registerCandidateDiffs(), source);
}

type OpenedRun = Job & { readonly directory: string };
const isGoingOn = (job: Job): job is OpenedRun => isRun(job) && job.status !== 'waiting' && job.directory !== undefined;

function runGoingOn(jobs: readonly Job[]): string | undefined {
  const job = jobs.find(isGoingOn);
  return job && basename(job.directory);
}

/** The panel shows it with the run, also when the window was reloaded. */
function keepPreflight(directory: string, preflight: Preflight, { log }: Services): void {
  try {
    writePreflight(runAt(directory), preflight);
  } catch (error) {
    log.warn(describeError(error));
  }
}

function panelSource(services: Services): PanelSource & vscode.Disposable {
  const { engine, runs, reviews } = services;
  const changed = new vscode.EventEmitter<void>();
  const lines = new vscode.EventEmitter<{ run: string; line: Parameters<Parameters<typeof engine.onDidLine>[0]>[0]['line'] }>();
  const vitals = new vscode.EventEmitter<{ run: string; vitals: Vitals }>();
  /** The last words of processes that came to a bad end, by run. */
  const troubles = new Map<string, string>();

  const queue = (): readonly QueuedJob[] =>
    engine.jobs().flatMap((job) => (job.status === 'waiting' ? [{ job: job.id, title: jobTitle(job) }] : []));
  let queued = JSON.stringify(queue());
  const heedQueue = (): void => {
    const now = JSON.stringify(queue());
    if (now === queued) return;
    queued = now;
    changed.fire();
  };

  const listeners = [
    engine.onDidChange(heedQueue),
    runs.onDidChange(() => changed.fire()),
    reviews.onDidChange(() => changed.fire()),
    engine.onDidLine(({ job, line }) => job.directory !== undefined && lines.fire({ run: basename(job.directory), line })),
    engine.onDidChange((job) => {
      if (!isRun(job) || job.directory === undefined) return;
      const run = basename(job.directory);
      const trouble = troubleOf(job);
      if (trouble === undefined) troubles.delete(run);
      else troubles.set(run, trouble);
      const { memory, busy } = job;
      const { process } = jobProgress(job, Date.now());
      vitals.fire({
        run,
        vitals: { ...(memory !== undefined && { memory }), ...(busy && { busy: busy.what }), process },
      });
    }),
  ];
  return {
    async runs() {
      const list = runs.list();
      const outlines = await Promise.all(list.slice(0, mostOutlines).map((run) => runs.outlineOf(run).catch(() => undefined)));
      return list.map(({ directory, prompt, created }, place) => ({
        run: directory.run,
        prompt: portable(directory.workspace, prompt),
        startedAt: created,
        ...(outlines[place] && { headline: outlines[place].headline }),
      }));
    },
    queue,
    async open(name) {
      const run = await runs.find(name);
      const { directory, worker } = run;
      const trouble = troubles.get(name);
      const live = runs.jobOf(name) !== undefined || typeof worker === 'number';
      const [review, preflight] = [await reviewInPanel(run, services), preflightOf(run, services)];
      const about = { ...(trouble !== undefined && { trouble }), ...(preflight && { preflight }), ...(review && { review }) };
      return { ...(await runs.read(directory)), live, ...about };
    },
    onLine: lines.event,
    onVitals: vitals.event,
    onChange: changed.event,
    act: (action) => act(action, services),
    dispose: () => {
      vscode.Disposable.from(...listeners, lines, vitals, changed).dispose();
    },
  };
}

async function act(action: PanelAction, services: Services): Promise<void> {
  if (action.type === 'start') {
    await vscode.commands.executeCommand(commandIds.optimize);
    return;
  }
  if (action.type === 'unqueue') {
    const job = services.engine.jobs().find(({ id, status }) => id === action.job && status === 'waiting');
    if (job) await stop(job, services);
    return;
  }
  const run = await services.runs.find(action.run);
  switch (action.type) {
    case 'stop': {
      const job = services.runs.jobOf(action.run);
      if (job) await stop(job, services);
      return;
    }
    case 'resume':
      await vscode.commands.executeCommand(commandIds.resume, action.run);
      return;
    case 'openReport':
      await vscode.commands.executeCommand(commandIds.openReport, action.run);
      return;
    case 'openPrompt':
      await revealFile(vscode.Uri.file(run.prompt));
      return;
    case 'openDiff':
      await openCandidateDiff(run.directory, action.candidate);
      return;
    case 'openReview':
      await vscode.commands.executeCommand(commandIds.reviewChanges, action.run);
      return;
    case 'decide':
      await decide(run, action.verdict, action.items, services);
  }
}

/** What a run proposes for the files as they are now. */
async function reviewInPanel(run: ListedRun, { reviews, log }: Services): Promise<Review | undefined> {
  try {
    const review = await reviews.of(run);
    return review && panelReview(review, textIn, run.directory.workspace);
  } catch (error) {
    log.warn(describeError(error));
    return undefined;
  }
}

function preflightOf({ directory }: ListedRun, { log }: Services): Preflight | undefined {
  try {
    return readPreflight(directory);
  } catch (error) {
    log.warn(describeError(error));
    return undefined;
  }
}

function troubleOf(job: Job): string | undefined {
  if (job.status === 'failed') return job.error?.message;
  return isSilent(job) ? silentText(job) : undefined;
}

/** @file Gives the run panel its runs, and does what its page asks for. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { describeError } from '../errors.ts';
import { portable } from '../run/record/runDirectory.ts';
import type { ListedRun } from '../run/record/runList.ts';
import { openCandidateDiff, registerCandidateDiffs } from './candidateDiff.ts';
import { isRun, isSilent, jobProgress, silentText, type Job } from './core/job.ts';
import { panelReview } from './core/review.ts';
import { commandIds } from './ids.ts';
import { registerPanel, type PanelSource, type RunPanel } from './panel.ts';
import type { PanelAction, Review, Vitals } from './panelMessages.ts';
import { decide } from './review/actions.ts';
import { textIn } from './reviews.ts';
import type { Services } from './services.ts';
import { stop } from './work.ts';

/** How many runs are listed with their headline: each costs the reading of a journal. */
const mostOutlines = 20;

export function registerRunPanel(context: vscode.ExtensionContext, services: Services): RunPanel {
  const source = panelSource(services);
  const panel = registerPanel(context, source, vscode.Uri.joinPath(context.extensionUri, 'media', 'icon.svg'));
  const show = vscode.commands.registerCommand(commandIds.showPanel, (run?: unknown) =>
    panel.show(typeof run === 'string' ? run : undefined),
  );
  const parts = vscode.Disposable.from(panel, show, registerCandidateDiffs(), source);
  return { ...panel, dispose: () => void parts.dispose() };
}

function panelSource(services: Services): PanelSource & vscode.Disposable {
  const { engine, runs, reviews } = services;
  const changed = new vscode.EventEmitter<void>();
  const lines = new vscode.EventEmitter<{ run: string; line: Parameters<Parameters<typeof engine.onDidLine>[0]>[0]['line'] }>();
  const vitals = new vscode.EventEmitter<{ run: string; vitals: Vitals }>();
  /** The last words of processes that came to a bad end, by run. */
  const troubles = new Map<string, string>();

  const listeners = [
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
    async open(name) {
      const run = await runs.find(name);
      const { directory, worker } = run;
      const trouble = troubles.get(name);
      const live = runs.jobOf(name) !== undefined || typeof worker === 'number';
      const review = await reviewInPanel(run, services);
      return { ...(await runs.read(directory)), live, ...(trouble !== undefined && { trouble }), ...(review && { review }) };
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
      await vscode.window.showTextDocument(vscode.Uri.file(run.prompt));
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

function troubleOf(job: Job): string | undefined {
  if (job.status === 'failed') return job.error?.message;
  return isSilent(job) ? silentText(job) : undefined;
}

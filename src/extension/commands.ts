/** @file The commands: what each is given by a lens, a button or the palette, and what it then does. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { PromptKind } from '../prompt/kinds/promptKind.ts';
import { isProgramPath } from '../prompt/kinds/table.ts';
import { applyProgram } from '../prompt/writePrompt.ts';
import type { ListedRun } from '../run/record/runList.ts';
import { pickInstalledModel, pickModel, pickNewModel } from './chooseModel.ts';
import { choosePrompt } from './choosePrompt.ts';
import { pickWay } from './chooseWay.ts';
import { cleanRuns } from './cleanRuns.ts';
import { withAnswers } from './core/answers.ts';
import { ago } from './core/headline.ts';
import { jobProgress, jobTitle, progressText, type Job } from './core/job.ts';
import { replaceText } from './edit.ts';
import { exportAdapterOf, exportAdapterOfRun } from './exportAdapter.ts';
import { showPreflight, optimizeAfterPreflight } from './preflight.ts';
import { commandIds, type CommandId } from './ids.ts';
import { tellError } from './messages.ts';
import { newPrompt } from './newPrompt.ts';
import { label } from './core/unmarked.ts';
import type { Services } from './services.ts';
import { pick } from './surfaces/picks.ts';
import { measure, openReport, optimize, resume, showComparison, stop } from './work.ts';

/** Those of this file; every one settles when its work is done. */
type Command = (services: Services, argument: unknown) => Promise<unknown>;

const commands: Readonly<Partial<Record<CommandId, Command>>> = {
  [commandIds.optimize]: onPrompt(optimizeAfterPreflight),
  // A program is optimized in one way only.
  [commandIds.optimizeWith]: onPrompt(async (document, services) => {
    const way = await pickWay(document);
    return way && optimize(document, way.tune ?? 'both', services, way);
  }, 'prompt'),
  [commandIds.optimizePrompt]: onPrompt((document, services) => optimize(document, 'prompt', services)),
  [commandIds.tuneWeights]: onPrompt((document, services) => optimize(document, 'weights', services)),
  [commandIds.preflight]: onPrompt(showPreflight),
  [commandIds.headroom]: onPrompt(showPreflight),
  [commandIds.evaluate]: onPrompt(async (document, services) => {
    const job = await measure(document, 'evaluate', services);
    if (job?.measured) void vscode.commands.executeCommand(commandIds.showAnswers, document.uri);
    return job;
  }),
  [commandIds.measureLines]: onPrompt((document, services) => measure(document, 'attribute', services)),
  [commandIds.stop]: async (services, which) => {
    const job = await chosenJob(services, which);
    if (job) await stop(job, services);
  },
  [commandIds.resume]: async (services, name) => {
    const run = await chosenRun(services, services.runs.resumable, name, 'Resume a Run');
    return run && resume(run, services);
  },
  [commandIds.openReport]: async (services, name) => {
    const run = await chosenRun(services, services.runs.list, name, 'Open Report of a Run');
    if (run) await openReport(run, services);
  },
  [commandIds.compareRuns]: async ({ runs }) => {
    await runs.refresh();
    const ended = runs.list().filter(({ standing }) => standing === 'ended');
    const a = await chosenOf(ended, 'Compare Runs: First Run');
    const b =
      a &&
      (await chosenOf(
        ended.filter((run) => run !== a),
        'Compare Runs: Second Run',
      ));
    if (b) await showComparison(a, b, runs);
  },
  [commandIds.cleanRuns]: cleanRuns,
  [commandIds.newPrompt]: (_, target) => newPrompt(target),
  [commandIds.exportAdapter]: async (services, target) =>
    typeof target === 'string'
      ? exportAdapterOfRun(await services.runs.find(target), services)
      : onPrompt(exportAdapterOf)(services, target),
  [commandIds.chooseModel]: onPrompt(async (document) => {
    const model = await pickModel(document.uri, `Choose Model for ${basename(document.uri.fsPath)}`);
    if (model === undefined) return;
    const { fsPath } = document.uri;
    const text = document.getText();
    await replaceText(
      document,
      isProgramPath(fsPath) ? applyProgram({ path: fsPath, text }, { model }) : withAnswers(fsPath, text, { model }),
    );
  }),
  [commandIds.addModel]: async ({ models }, named) => {
    const spec = typeof named === 'string' ? named : await pickNewModel();
    return spec && models.add(spec);
  },
  [commandIds.removeModel]: async ({ models }, name) => {
    const model = typeof name === 'string' ? name : await pickInstalledModel('Remove a Model');
    if (model !== undefined) await models.remove(model);
  },
};

/** A command on a prompt file or a program, or on files of one of these kinds. */
function onPrompt(command: (document: vscode.TextDocument, services: Services) => Promise<unknown>, holds?: PromptKind['holds']): Command {
  return async (services, target) => {
    const document = await choosePrompt(target, services, holds);
    return document && command(document, services);
  };
}

export function registerCommands(services: Services): vscode.Disposable {
  const registered = Object.entries(commands).map(([id, command]) =>
    vscode.commands.registerCommand(id, async (argument?: unknown) => {
      try {
        return await command(services, argument);
      } catch (error) {
        tellError(error, services);
        return undefined;
      }
    }),
  );
  return vscode.Disposable.from(...registered);
}

/** @param which a job's id, the name of its run, or its prompt file */
async function chosenJob({ engine, runs }: Services, which: unknown): Promise<Job | undefined> {
  const jobs = engine.jobs();
  if (typeof which === 'number') return jobs.find(({ id }) => id === which);
  if (typeof which === 'string') return runs.jobOf(which);
  if (which instanceof vscode.Uri) return jobs.find(({ task }) => task.prompt === which.fsPath);
  if (jobs.length < 2) return jobs.at(0);
  const items = jobs.map((job) => ({
    label: label`${jobTitle(job)}`,
    description: progressText(jobProgress(job, Date.now())),
    value: job,
  }));
  return pick(items, { title: 'Stop a Job' });
}

async function chosenRun(
  { runs }: Services,
  candidates: () => readonly ListedRun[],
  name: unknown,
  title: string,
): Promise<ListedRun | undefined> {
  if (typeof name === 'string') return runs.find(name);
  await runs.refresh();
  const among = candidates();
  return among.length < 2 ? among.at(0) : chosenOf(among, title);
}

async function chosenOf(among: readonly ListedRun[], title: string): Promise<ListedRun | undefined> {
  const items = among.map((run) => ({
    label: label`${basename(run.prompt)}`,
    description: `${ago(run.created, Date.now())} · ${run.standing}`,
    detail: run.directory.run,
    value: run,
  }));
  return pick(items, { title, matchOnDetail: true });
}

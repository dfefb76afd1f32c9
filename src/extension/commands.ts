/** @file The commands: what each is given by a lens, a button or the palette, and what it then does. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { TandemError } from '../errors.ts';
import type { ListedRun } from '../run/runList.ts';
import { pickModel } from './chooseModel.ts';
import { withAnswers } from './core/answers.ts';
import { ago } from './core/headline.ts';
import { jobProgress, jobTitle, progressText, type Job } from './core/job.ts';
import { replaceText } from './edit.ts';
import { commandIds, promptPattern, type CommandId } from './ids.ts';
import { tellError } from './messages.ts';
import { isPrompt } from './prompts.ts';
import type { Services } from './services.ts';
import { measure, openReport, optimize, resume, stop } from './work.ts';

/** Those of this file; every one settles when its work is done. */
type Command = (services: Services, argument: unknown) => Promise<unknown>;

const commands: Readonly<Partial<Record<CommandId, Command>>> = {
  [commandIds.optimize]: onPrompt((document, services) => optimize(document, 'both', services)),
  [commandIds.optimizePrompt]: onPrompt((document, services) => optimize(document, 'prompt', services)),
  [commandIds.tuneWeights]: onPrompt((document, services) => optimize(document, 'weights', services)),
  [commandIds.evaluate]: onPrompt((document, services) => measure(document, 'evaluate', services)),
  [commandIds.measureLines]: onPrompt((document, services) => measure(document, 'attribute', services)),
  [commandIds.stop]: async (services, id) => {
    const job = await chosenJob(services, id);
    if (job) await stop(job, services);
  },
  [commandIds.resume]: async (services, name) => {
    const run = await chosenRun(services, services.runs.resumable, name, 'Resume a Run');
    return run && resume(run, services);
  },
  [commandIds.openReport]: async (services, name) => {
    const run = await chosenRun(services, services.runs.list, name, 'Open the Report of a Run');
    if (run) await openReport(run, services);
  },
  [commandIds.chooseModel]: onPrompt(async (document) => {
    const model = await pickModel(document.uri, `Choose the Model of ${basename(document.uri.fsPath)}`);
    if (model === undefined) return;
    await replaceText(document, withAnswers(document.uri.fsPath, document.getText(), { model }));
  }),
};

/** A command on a prompt file. */
function onPrompt(command: (document: vscode.TextDocument, services: Services) => Promise<unknown>): Command {
  return async (services, target) => {
    const document = await promptDocument(target);
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

/** The prompt file that a lens or a button names, the one in the active editor, or one that is picked; undefined where none was. */
async function promptDocument(target: unknown): Promise<vscode.TextDocument | undefined> {
  const active = vscode.window.activeTextEditor?.document;
  const document = target instanceof vscode.Uri ? await vscode.workspace.openTextDocument(target) : active;
  if (document && isPrompt(document)) return document;
  const found = await vscode.workspace.findFiles(promptPattern, '**/node_modules/**', 200);
  if (found.length === 0) {
    throw new TandemError('no-prompt', 'There is no prompt file here.', { hint: 'Make a file whose name ends in .prompt.md.' });
  }
  const items = found.map((uri) => ({ label: basename(uri.path), description: vscode.workspace.asRelativePath(uri), uri }));
  const picked = await vscode.window.showQuickPick(items, { title: 'Choose a Prompt', matchOnDescription: true });
  return picked && vscode.workspace.openTextDocument(picked.uri);
}

async function chosenJob({ engine }: Services, id: unknown): Promise<Job | undefined> {
  const jobs = engine.jobs();
  if (typeof id === 'number' || jobs.length < 2) return jobs.find((job) => typeof id !== 'number' || job.id === id);
  const items = jobs.map((job) => ({ label: jobTitle(job), description: progressText(jobProgress(job, Date.now())), job }));
  return (await vscode.window.showQuickPick(items, { title: 'Stop a Job' }))?.job;
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
  if (among.length < 2) return among.at(0);
  const items = among.map((run) => ({
    label: basename(run.prompt),
    description: `${ago(run.created, Date.now())} · ${run.standing}`,
    detail: run.directory.run,
    run,
  }));
  return (await vscode.window.showQuickPick(items, { title, matchOnDetail: true }))?.run;
}

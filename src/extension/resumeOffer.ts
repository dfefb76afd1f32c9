/** @file Offers to resume a run that was interrupted, e.g. because the window was closed. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { ListedRun } from '../run/record/runList.ts';
import { ago } from './core/headline.ts';
import { commandIds } from './ids.ts';
import type { Services } from './services.ts';
import { notify } from './surfaces/notifications.ts';

/** Milliseconds after the start: by then the process that a closed window left has noticed that it is alone. */
const delay = 2000;
const declinedKey = 'declinedRuns';

export function registerResumeOffer({ workspaceState }: vscode.ExtensionContext, { runs }: Services): vscode.Disposable {
  const offer = async (): Promise<void> => {
    if (!vscode.workspace.isTrusted) return;
    await runs.refresh();
    const declined = workspaceState.get<readonly string[]>(declinedKey, []);
    const isCutOff = ({ standing, worker }: ListedRun): boolean => standing === 'unfinished' && worker === undefined;
    const run = runs.resumable().find((each) => isCutOff(each) && !declined.includes(each.directory.run));
    if (!run) return;
    const { directory, prompt, created } = run;
    const message = `The run of ${basename(prompt)}, started ${ago(created, Date.now())}, was interrupted. You can resume it.`;
    const [resume, decline] = ['Resume', 'Not This Run'];
    const answer = await notify('information', message, { actions: [resume, decline] });
    if (answer === resume) await vscode.commands.executeCommand(commandIds.resume, directory.run);
    if (answer === decline) await workspaceState.update(declinedKey, [...declined, directory.run]);
  };
  const timer = setTimeout(() => void offer(), delay);
  return { dispose: () => clearTimeout(timer) };
}

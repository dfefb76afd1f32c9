/** @file Removes old runs, as `tandem clean` does, once the user has seen what would go. */
import * as vscode from 'vscode';
import { bytes } from '../run/words/format.ts';
import { pruneWorkspace, type Pruned } from '../run/record/pruneRuns.ts';
import { settingIds } from './ids.ts';
import type { Services } from './services.ts';
import { setting } from './settings.ts';
import { notify } from './surfaces/notifications.ts';

/** Of all workspaces whose runs are listed. */
export async function cleanRuns({ runs }: Services): Promise<void> {
  const workspaces = await runs.workspaces();
  const prune = async (dryRun: boolean): Promise<Pruned[]> => {
    const pruned: Pruned[] = [];
    for (const workspace of workspaces) {
      const keep = setting<number>(settingIds.keepRuns, vscode.Uri.file(workspace));
      pruned.push(await pruneWorkspace(workspace, { keep, dryRun }));
    }
    return pruned;
  };
  const found = await prune(true);
  const names = found.flatMap((each) => each.runs.map(({ run }) => run));
  if (names.length + found.flatMap(({ leftovers }) => leftovers).length === 0) {
    const kept = found.reduce((sum, each) => sum + each.kept, 0);
    await notify('information', `Nothing to remove: ${kept} runs are kept.`, { actions: ['Change Setting'] }).then(changeSetting);
    return;
  }
  const remove = 'Remove';
  const what = names.length === 1 ? '1 old run' : `${names.length} old runs`;
  const detail = 'Prompts, data, accepted adapters and results are kept. You cannot undo this.';
  const message = `Remove ${what} and free ${freed(found)}?`;
  if ((await notify('warning', message, { modal: { detail }, actions: [remove] })) !== remove) return;
  const done = await prune(false);
  await runs.refresh();
  void notify('information', `Freed ${freed(done)}.`);
}

const freed = (pruned: readonly Pruned[]): string => bytes(pruned.reduce((sum, each) => sum + each.bytes, 0));

const changeSetting = (answer: string | undefined): Thenable<unknown> | undefined =>
  answer === undefined ? undefined : vscode.commands.executeCommand('workbench.action.openSettings', settingIds.keepRuns);

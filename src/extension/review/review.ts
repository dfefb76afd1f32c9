/** @file Reviewing what a run proposes: the diff with its lenses and comments, and the commands that decide. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { TandemError } from '../../errors.ts';
import type { ListedRun } from '../../run/runList.ts';
import type { Verdict } from '../core/review.ts';
import { commandIds } from '../ids.ts';
import { tellError } from '../messages.ts';
import { decide } from './actions.ts';
import { isProposed, openReviewDiff, registerReviewDiff, runOfProposed } from './diff.ts';
import { registerReviewLenses } from './lenses.ts';
import { registerReviewThreads } from './threads.ts';
import type { Services } from '../services.ts';

export function registerReview(context: vscode.ExtensionContext, services: Services): vscode.Disposable {
  const threads = registerReviewThreads(context, services);
  /** On the change of a lens, by run and id, or of a comment. */
  const onChange = (verdict: Verdict) => async (target: unknown, id: unknown) => {
    const item = typeof target === 'string' ? { run: target, id: String(id) } : threads.itemOf(target as vscode.CommentThread);
    if (item) await decide(await services.runs.find(item.run), verdict, [item.id], services);
  };
  const onAll = (verdict: Verdict) => async (target: unknown) => {
    const run = await chosen(await reviewable(target, services));
    if (run) await decide(run, verdict, undefined, services);
  };
  const commands = {
    [commandIds.reviewChanges]: async (target: unknown) => openReviewDiff(await reviewable(target, services)),
    [commandIds.acceptAll]: onAll('accept'),
    [commandIds.discard]: onAll('reject'),
    [commandIds.acceptChange]: onChange('accept'),
    [commandIds.rejectChange]: onChange('reject'),
    [commandIds.takeBackChange]: onChange('takeBack'),
    [commandIds.explainChange]: async (run: unknown, id: unknown) => threads.expand(String(run), String(id)),
  };
  const registered = Object.entries(commands).map(([id, command]) =>
    vscode.commands.registerCommand(id, (target?: unknown, item?: unknown) =>
      command(target, item).catch((error: unknown) => tellError(error, services)),
    ),
  );
  return vscode.Disposable.from(threads, registerReviewDiff(services), registerReviewLenses(services), ...registered);
}

/**
 * The run that is named, the one that proposes something for a prompt file or whose diff it is, else all that propose something.
 * @throws TandemError reasons 'no-run', 'nothing-proposed'
 */
async function reviewable(target: unknown, { runs, reviews, prompts }: Services): Promise<ListedRun[]> {
  if (typeof target === 'string') {
    // It may have ended just now.
    await runs.refresh();
    const run = await runs.find(target);
    if (await reviews.of(run)) return [run];
    throw nothingProposed(`The run ${target}`);
  }
  const uri = target instanceof vscode.Uri ? target : vscode.window.activeTextEditor?.document.uri;
  if (uri && isProposed(uri)) return [await runs.find(runOfProposed(uri))];
  const open = prompts.all().flatMap((prompt) => {
    const run = reviews.openFor(prompt);
    return run ? [{ run, uri: prompt.document.uri }] : [];
  });
  const own = open.filter((each) => each.uri.toString() === uri?.toString());
  const found = own.length > 0 || target instanceof vscode.Uri ? own : open;
  if (found.length === 0) throw nothingProposed(uri ? `For ${basename(uri.path)}, a run` : 'A run');
  return found.map(({ run }) => run);
}

const nothingProposed = (what: string): TandemError =>
  new TandemError('nothing-proposed', `${what} proposes nothing that is not decided yet.`);

async function chosen(runs: readonly ListedRun[]): Promise<ListedRun | undefined> {
  if (runs.length < 2) return runs.at(0);
  const items = runs.map((run) => ({ label: vscode.workspace.asRelativePath(run.prompt), description: run.directory.run, run }));
  return (await vscode.window.showQuickPick(items, { title: 'Choose a Prompt' }))?.run;
}

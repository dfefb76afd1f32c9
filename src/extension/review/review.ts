/** @file Reviewing what a run proposes: the diff with its lenses and hovers, and the commands that decide. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { TandemError } from '../../errors.ts';
import type { ListedRun } from '../../run/record/runList.ts';
import type { ReviewVerdict } from '../../run/verdicts.ts';
import { itemsOf, type RunReview } from '../core/review.ts';
import { label } from '../core/unmarked.ts';
import { commandIds } from '../ids.ts';
import { pick } from '../surfaces/picks.ts';
import { tellError } from '../messages.ts';
import { decide } from './actions.ts';
import { changeAtCursor, explainChange, goToOpenChange } from './cursor.ts';
import { fileOfProposed, isProposed, openReviewDiff, registerReviewDiff, runOfProposed, type ReviewedFile } from './diff.ts';
import { registerReviewHovers } from './hovers.ts';
import { registerReviewLenses } from './lenses.ts';
import { textIn } from '../reviews.ts';
import type { Services } from '../services.ts';

export function registerReview(services: Services): vscode.Disposable {
  /** On the change of a lens, by run and id, or at the cursor; where the cursor is on none it moves to one. */
  const onChange = (verdict: ReviewVerdict) => async (target: unknown, id: unknown) => {
    const item = typeof target === 'string' ? { run: target, id: String(id) } : await changeAtCursor(services);
    await (item ? decide(await services.runs.find(item.run), verdict, [item.id], services) : goToOpenChange('next', services));
  };
  const onAll = (verdict: ReviewVerdict) => async (target: unknown) => {
    const one = await chosen(await reviewable(target, services));
    if (one) await decide(one.run, verdict, idsOf(one), services);
  };
  const commands = {
    [commandIds.reviewChanges]: async (target: unknown) => openReviewDiff((await reviewable(target, services)).flatMap(filesOf), services),
    [commandIds.acceptAll]: onAll('accept'),
    [commandIds.discard]: onAll('reject'),
    [commandIds.acceptChange]: onChange('accept'),
    [commandIds.rejectChange]: onChange('reject'),
    [commandIds.takeBackChange]: onChange('takeBack'),
    [commandIds.nextChange]: () => goToOpenChange('next', services),
    [commandIds.previousChange]: () => goToOpenChange('previous', services),
    [commandIds.explainChange]: (run: unknown, id: unknown) => explainChange(String(run), String(id), services),
  };
  const registered = Object.entries(commands).map(([id, command]) =>
    vscode.commands.registerCommand(id, (target?: unknown, item?: unknown) =>
      command(target, item).catch((error: unknown) => tellError(error, services)),
    ),
  );
  return vscode.Disposable.from(
    registerReviewDiff(services),
    registerReviewLenses(services),
    registerReviewHovers(services),
    ...registered,
  );
}

/** What is reviewed: all that a run proposes, or what of it is for one file. */
interface Reviewed {
  readonly run: ListedRun;
  readonly review: RunReview;
  readonly file?: string;
}

/**
 * Of the run that is named, the latest one that proposes something for a prompt file, or the one whose diff it is; else of all that propose
 * something for open files, if possible something that is not decided yet.
 * @throws TandemError reasons 'no-run', 'nothing-proposed'
 */
async function reviewable(target: unknown, { runs, reviews, prompts }: Services): Promise<Reviewed[]> {
  const reviewed = async (run: ListedRun, file?: string): Promise<Reviewed> => {
    const review = await reviews.of(run);
    if (!review) throw nothingProposed(`The run ${run.directory.run} proposes no changes.`);
    return { run, review, ...(file !== undefined && { file }) };
  };
  if (typeof target === 'string') {
    // It may have ended just now.
    await runs.refresh();
    return [await reviewed(await runs.find(target))];
  }
  const uri = target instanceof vscode.Uri ? target : vscode.window.activeTextEditor?.document.uri;
  if (uri && isProposed(uri)) {
    // Of several in one editor all are in sight.
    const alone = vscode.window.tabGroups.activeTabGroup.activeTab?.input instanceof vscode.TabInputTextDiff;
    return [await reviewed(await runs.find(runOfProposed(uri)), alone ? fileOfProposed(uri) : undefined)];
  }
  const own = uri && reviews.latestFor(uri.fsPath)?.run;
  if (own) return [await reviewed(own, own.prompt === uri.fsPath ? undefined : uri.fsPath)];
  const latest = prompts.all().flatMap(({ file }) => reviews.latestFor(file.path) ?? []);
  const open = latest.filter((each) => each.open > 0);
  if (latest.length === 0 || target instanceof vscode.Uri)
    throw nothingProposed(uri ? `No run proposes changes for ${basename(uri.path)}.` : 'No run proposes changes.');
  const wanted = new Set((open.length > 0 ? open : latest).map(({ run }) => run));
  return Promise.all([...wanted].map((run) => reviewed(run)));
}

const filesOf = ({ run, review, file }: Reviewed): ReviewedFile[] =>
  review.proposals.filter((proposal) => file === undefined || proposal.file === file).map((proposal) => ({ run, file: proposal.file }));

/** The undecided items of the file, where it is one among several. */
function idsOf({ review, file }: Reviewed): readonly string[] | undefined {
  if (file === undefined) return undefined;
  return itemsOf(review, textIn).flatMap(({ proposal, item }) => (proposal.file === file && item.standing === 'open' ? [item.id] : []));
}

const nothingProposed = (message: string): TandemError => new TandemError('nothing-proposed', message);

async function chosen(reviewed: readonly Reviewed[]): Promise<Reviewed | undefined> {
  if (reviewed.length < 2) return reviewed.at(0);
  const items = reviewed.map((one) => {
    return { label: label`${vscode.workspace.asRelativePath(one.run.prompt)}`, description: one.run.directory.run, value: one };
  });
  return pick(items, { title: 'Choose a Prompt' });
}

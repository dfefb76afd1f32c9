/** @file The comments of a review: beside each change in the diff, why it was proposed and what was measured of it, on which rows. */
import * as vscode from 'vscode';
import { describeError } from '../../errors.ts';
import { commentText } from '../core/review.ts';
import { isProposed, runOfProposed } from './diff.ts';
import { placedItems, type PlacedItem } from './places.ts';
import type { Services } from '../services.ts';
import { asMarkdownString } from '../surfaces/inPlace.ts';

export interface ReviewThreads extends vscode.Disposable {
  /** Opens the comment of an item wherever its diff is open. */
  expand(run: string, id: string): void;
  /** What a comment is about. */
  itemOf(thread: vscode.CommentThread): { readonly run: string; readonly id: string } | undefined;
}

export function registerReviewThreads({ extensionUri }: vscode.ExtensionContext, services: Services): ReviewThreads {
  // Its id stands in the manifest.
  const controller = vscode.comments.createCommentController('tandemReview', 'Tandem');
  const iconPath = vscode.Uri.joinPath(extensionUri, 'media', 'icon.svg');
  /** By the address of the proposed text, then by the id of the item. */
  const threads = new Map<string, Map<string, vscode.CommentThread>>();
  const drawn = new WeakMap<vscode.CommentThread, string>();

  const forget = ({ uri }: vscode.TextDocument): void => {
    for (const thread of threads.get(uri.toString())?.values() ?? []) thread.dispose();
    threads.delete(uri.toString());
  };
  const show = async (document: vscode.TextDocument): Promise<void> => {
    const placed = await placedItems(document, services);
    if (document.isClosed) return;
    const own = threads.get(document.uri.toString()) ?? new Map<string, vscode.CommentThread>();
    threads.set(document.uri.toString(), own);
    for (const each of placed) {
      const { item, range } = each;
      const thread = own.get(item.id) ?? controller.createCommentThread(document.uri, range, []);
      own.set(item.id, thread);
      draw(thread, each);
    }
  };
  const draw = (thread: vscode.CommentThread, { item, grounds, proposal, range }: PlacedItem): void => {
    if (!thread.range?.isEqual(range)) thread.range = range;
    const { adapter } = proposal;
    const folder = item.kind === 'adapter' && adapter ? adapter.settings.adapter : undefined;
    const body = commentText(item, grounds, folder);
    const looks = `${item.standing} ${body.markdown}`;
    if (drawn.get(thread) === looks) return;
    drawn.set(thread, looks);
    const { Resolved, Unresolved } = vscode.CommentThreadState;
    const settled = item.standing === 'accepted' || item.standing === 'rejected';
    thread.label = `${item.kind === 'adapter' ? 'Adapter' : `Change ${item.id}`}: ${item.standing}`;
    thread.canReply = false;
    thread.contextValue = item.standing;
    thread.state = settled ? Resolved : Unresolved;
    if (settled) thread.collapsibleState = vscode.CommentThreadCollapsibleState.Collapsed;
    thread.comments = [{ author: { name: 'Tandem', iconPath }, body: asMarkdownString(body), mode: vscode.CommentMode.Preview }];
  };
  const showLater = (document: vscode.TextDocument): void => {
    if (isProposed(document.uri)) void show(document).catch((error: unknown) => services.log.warn(describeError(error)));
  };
  const showAll = (): void => vscode.workspace.textDocuments.forEach(showLater);
  showAll();
  const listeners = vscode.Disposable.from(
    vscode.workspace.onDidOpenTextDocument(showLater),
    vscode.workspace.onDidChangeTextDocument(({ document }) => showLater(document)),
    vscode.workspace.onDidCloseTextDocument(forget),
    services.reviews.onDidChange(showAll),
    controller,
  );
  return {
    expand(run, id) {
      for (const thread of [...threads.values()].flatMap((own) => own.get(id) ?? [])) {
        if (runOfProposed(thread.uri) === run) thread.collapsibleState = vscode.CommentThreadCollapsibleState.Expanded;
      }
    },
    itemOf(thread) {
      const id = [...(threads.get(thread.uri.toString()) ?? [])].find(([, other]) => other === thread)?.[0];
      return id === undefined ? undefined : { run: runOfProposed(thread.uri), id };
    },
    dispose: () => void listeners.dispose(),
  };
}

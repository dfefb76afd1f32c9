/** @file The diff of a review: the prompt file beside the same with all that may still be taken over. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { editorText } from '../../prompt/hunks.ts';
import { proposedText } from '../../run/review.ts';
import type { ListedRun } from '../../run/runList.ts';
import { promptOf } from '../reviews.ts';
import type { Services } from '../services.ts';

/** Addresses the proposed text: its path is that of the prompt file, its query that of the run's directory. */
export const proposedScheme = 'tandem-proposed';

export const isProposed = ({ scheme }: vscode.Uri): boolean => scheme === proposedScheme;

/** The path of the run whose proposed text this is. */
export const runOfProposed = ({ query }: vscode.Uri): string => query;

const proposedUri = ({ directory, prompt }: ListedRun): vscode.Uri =>
  vscode.Uri.file(prompt).with({ scheme: proposedScheme, query: directory.path });

export function registerReviewDiff({ runs, reviews }: Services): vscode.Disposable {
  const changed = new vscode.EventEmitter<vscode.Uri>();
  const provider: vscode.TextDocumentContentProvider = {
    onDidChange: changed.event,
    async provideTextDocumentContent(uri) {
      const run = await runs.find(runOfProposed(uri));
      const document = await promptOf(run);
      const review = await reviews.of(run);
      const text = editorText(document.getText());
      return review ? proposedText(review.proposal, text, review.rejected) : text;
    },
  };
  return vscode.Disposable.from(
    vscode.workspace.registerTextDocumentContentProvider(proposedScheme, provider),
    reviews.onDidChange(() => {
      for (const { uri } of vscode.workspace.textDocuments) if (isProposed(uri)) changed.fire(uri);
    }),
    changed,
  );
}

/** Opens the reviews of these runs: one as a diff, several in one editor. */
export async function openReviewDiff(runs: readonly ListedRun[]): Promise<void> {
  const [first, ...others] = runs.map((run) => ({ file: vscode.Uri.file(run.prompt), proposed: proposedUri(run) }));
  if (others.length > 0) {
    const changes = [first, ...others].map(({ file, proposed }) => [file, file, proposed]);
    await vscode.commands.executeCommand('vscode.changes', 'Proposed Changes', changes);
    return;
  }
  // Beside the run panel, not in its place.
  const viewColumn = vscode.window.activeTextEditor?.viewColumn ?? vscode.ViewColumn.One;
  const title = `${basename(runs[0].prompt)} ↔ proposed`;
  await vscode.commands.executeCommand('vscode.diff', first.file, first.proposed, title, { preview: false, viewColumn });
}

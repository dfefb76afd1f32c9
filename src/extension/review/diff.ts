/** @file The diff of a review: each file that a run changes beside the same file with every change that can still be accepted. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { editorText } from '../../prompt/hunks.ts';
import { isProgramPath } from '../../prompt/kinds/table.ts';
import { proposedText } from '../../run/review.ts';
import type { ListedRun } from '../../run/record/runList.ts';
import { proposedProgramLanguage } from '../ids.ts';
import { documentAt } from '../reviews.ts';
import type { Services } from '../services.ts';

/** Addresses a proposed text: its path is that of the file, its query that of the run's directory. */
export const proposedScheme = 'tandem-proposed';

export const isProposed = ({ scheme }: vscode.Uri): boolean => scheme === proposedScheme;

/** The path of the run whose proposed text this is. */
export const runOfProposed = ({ query }: vscode.Uri): string => query;

/** The path of the file that it is proposed for. */
export const fileOfProposed = (uri: vscode.Uri): string => uri.with({ scheme: 'file', query: '' }).fsPath;

const proposedUri = ({ directory }: ListedRun, file: string): vscode.Uri =>
  vscode.Uri.file(file).with({ scheme: proposedScheme, query: directory.path });

export function registerReviewDiff({ runs, reviews }: Services): vscode.Disposable {
  const changed = new vscode.EventEmitter<vscode.Uri>();
  const provider: vscode.TextDocumentContentProvider = {
    onDidChange: changed.event,
    async provideTextDocumentContent(uri) {
      const run = await runs.find(runOfProposed(uri));
      const file = fileOfProposed(uri);
      const text = editorText((await documentAt(file)).getText());
      const review = await reviews.of(run);
      const proposal = review?.proposals.find((each) => each.file === file);
      return review && proposal ? proposedText(proposal, text, review.rejected) : text;
    },
  };
  vscode.workspace.textDocuments.forEach((document) => void nameLanguage(document));
  return vscode.Disposable.from(
    vscode.workspace.registerTextDocumentContentProvider(proposedScheme, provider),
    vscode.workspace.onDidOpenTextDocument((document) => void nameLanguage(document)),
    reviews.onDidChange(() => {
      for (const { uri } of vscode.workspace.textDocuments) if (isProposed(uri)) changed.fire(uri);
    }),
    changed,
  );
}

async function nameLanguage(document: vscode.TextDocument): Promise<void> {
  if (!isProposed(document.uri) || document.languageId === proposedProgramLanguage || !isProgramPath(document.uri.path)) return;
  await vscode.languages.setTextDocumentLanguage(document, proposedProgramLanguage);
}

/** A file that a run proposes to change. */
export interface ReviewedFile {
  readonly run: ListedRun;
  readonly file: string;
}

/** Opens the review of these files: one as a diff, several in one editor. The panels beside the editors give way to it. */
export async function openReviewDiff(files: readonly ReviewedFile[], { sidePanels }: Services): Promise<void> {
  const [first, ...others] = files.map(({ run, file }) => ({ file: vscode.Uri.file(file), proposed: proposedUri(run, file) }));
  // An editor of several diffs asks for the language once, when it opens.
  for (const { proposed } of [first, ...others]) await nameLanguage(await vscode.workspace.openTextDocument(proposed));
  const viewColumn = vscode.window.activeTextEditor?.viewColumn ?? vscode.ViewColumn.One;
  sidePanels.giveWay(viewColumn);
  if (others.length > 0) {
    const changes = [first, ...others].map(({ file, proposed }) => [file, file, proposed]);
    await vscode.commands.executeCommand('vscode.changes', 'Proposed Changes', changes);
    return;
  }
  const title = `${basename(files[0].file)} ↔ proposed`;
  await vscode.commands.executeCommand('vscode.diff', first.file, first.proposed, title, { preview: false, viewColumn });
}

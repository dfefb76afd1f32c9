/** @file The lenses of a review: above each change in the diff, what was measured of it, and what can be decided. */
import * as vscode from 'vscode';
import { isOpen, reviewLenses } from '../core/review.ts';
import { proposedScheme, runOfProposed } from './diff.ts';
import { placedItems } from './places.ts';
import type { Services } from '../services.ts';
import { codeLens } from '../surfaces/inPlace.ts';

export function registerReviewLenses(services: Services): vscode.Disposable {
  const changed = new vscode.EventEmitter<void>();
  const provider: vscode.CodeLensProvider = {
    onDidChangeCodeLenses: changed.event,
    async provideCodeLenses(document) {
      const run = runOfProposed(document.uri);
      // Deletions that follow each other are on one line, which has room for one of them: the next that is undecided.
      const undecidedFirst = (await placedItems(document, services)).sort((a, b) => Number(isOpen(b.item)) - Number(isOpen(a.item)));
      return undecidedFirst.flatMap(({ item, grounds, range }) =>
        reviewLenses(item, grounds).map(({ title, tooltip, command }) => {
          const place = new vscode.Range(range.start, range.start);
          return codeLens(place, { title, tooltip, command, ...(command && { arguments: [run, item.id] }) });
        }),
      );
    },
  };
  return vscode.Disposable.from(
    vscode.languages.registerCodeLensProvider({ scheme: proposedScheme }, provider),
    services.reviews.onDidChange(() => changed.fire()),
    changed,
  );
}

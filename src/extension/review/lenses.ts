/** @file The lenses of a review: above each change in the diff, what was measured of it, and what can be decided. */
import * as vscode from 'vscode';
import { reviewLenses } from '../core/review.ts';
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
      return (await placedItems(document, services)).flatMap(({ item, grounds, range }) =>
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

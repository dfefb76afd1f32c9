/** @file The hover of a review: over each change in the diff, why it was proposed and what was measured of it, on which rows. */
import * as vscode from 'vscode';
import { changeText } from '../core/review.ts';
import type { Services } from '../services.ts';
import { asMarkdownString } from '../surfaces/inPlace.ts';
import { proposedScheme } from './diff.ts';
import { placedItems, type PlacedItem } from './places.ts';

// Comments would say the same beside the lines, but the editor opens its view of all comments with the first of them.
export const registerReviewHovers = (services: Services): vscode.Disposable =>
  vscode.languages.registerHoverProvider(
    { scheme: proposedScheme },
    {
      async provideHover(document, position) {
        const here = (await placedItems(document, services)).filter(({ range }) => range.contains(position));
        return here.length === 0 ? undefined : new vscode.Hover(here.map(textOf), here[0].range);
      },
    },
  );

function textOf({ item, grounds, proposal: { adapter } }: PlacedItem): vscode.MarkdownString {
  return asMarkdownString(changeText(item, grounds, item.kind === 'adapter' ? adapter?.settings.adapter : undefined));
}

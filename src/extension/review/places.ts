/** @file Where the items of a review are in the proposed text and in the file, for their lenses and hovers and for the cursor. */
import * as vscode from 'vscode';
import { editorText } from '../../prompt/hunks.ts';
import type { Grounds } from '../../run/words/evidence.ts';
import { reviewItems, type Proposal, type ReviewItem } from '../../run/review.ts';
import { itemsIn } from '../core/review.ts';
import { fileOfProposed, runOfProposed } from './diff.ts';
import { documentAt } from '../reviews.ts';
import type { Services } from '../services.ts';

export interface PlacedItem {
  /** As it stands in its file. */
  readonly item: ReviewItem;
  readonly grounds: Grounds;
  readonly proposal: Proposal;
  /** Its lines in the proposed text; where it puts none in, the line that follows it. */
  readonly range: vscode.Range;
  /** Its lines in the file, from 0. */
  readonly inFile: { readonly first: number; readonly last: number };
}

/** @param document the proposed text */
export async function placedItems(document: vscode.TextDocument, { runs, reviews }: Services): Promise<PlacedItem[]> {
  const run = await runs.find(runOfProposed(document.uri));
  const review = await reviews.of(run);
  const file = fileOfProposed(document.uri);
  const proposal = review?.proposals.find((each) => each.file === file);
  if (!review || !proposal) return [];
  const { grounds } = review;
  const shown = reviewItems(proposal, editorText(document.getText()));
  const items = itemsIn(proposal, review, editorText((await documentAt(file)).getText()));
  return items.map((item, place) => {
    const { line } = shown[place];
    const [first, last] = [line, line + Math.max(0, heightOf(shown[place]) - 1)].map((each) => Math.min(each, document.lineCount - 1));
    const range = new vscode.Range(new vscode.Position(first, 0), document.lineAt(last).range.end);
    const inFile = { first: item.line, last: item.line + Math.max(0, heightInFile(item) - 1) };
    return { item, grounds: grounds.get(item.id) ?? { evidence: [] }, proposal, range, inFile };
  });
}

/** How many lines of the proposed text an item has. */
const heightOf = (item: ReviewItem): number => (item.kind === 'hunk' && item.standing === 'accepted' ? linesIn(item.after) : 0);

/** How many lines of the file an item has. */
function heightInFile(item: ReviewItem): number {
  if (item.kind === 'adapter') return 1;
  return linesIn(item.standing === 'accepted' ? item.after : item.before);
}

const linesIn = (text: string): number => text.split('\n').length - 1;

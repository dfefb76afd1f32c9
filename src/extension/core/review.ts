/** @file A run's outcome as it is reviewed: in the panel's words, as lenses, and as the hover over each change. */
import type { ChangedPrediction } from '../../optimize/events.ts';
import type { Evidence, Grounds } from '../../run/words/evidence.ts';
import { roughPoints, tokensText } from '../../run/words/format.ts';
import { code, fenced, joined, markup, type Markdown } from '../../run/words/markdown.ts';
import { reviewItems, type Proposal, type ReviewItem } from '../../run/review.ts';
import { portable } from '../../run/record/runDirectory.ts';
import { verdictsOn, type ReviewVerdict, type Standing } from '../../run/verdicts.ts';
import { groundsLines, itemName } from '../../run/words/words.ts';
import { commandIds, type CommandId } from '../ids.ts';
import type { Review } from '../panelMessages.ts';
import { askedText } from './changedPredictions.ts';
import { label, type Label } from './unmarked.ts';

export interface RunReview {
  /** The file that the run is of. */
  readonly file: string;
  /** What is proposed for each file that changes: the run's own, and the prompt files of a program. */
  readonly proposals: readonly Proposal[];
  readonly grounds: ReadonlyMap<string, Grounds>;
  /** Ids of the items that were turned down. */
  readonly rejected: readonly string[];
}

/** A file as it is now, in an editor; undefined where it is gone. */
export type TextOf = (file: string) => string | undefined;

/** The items of a file. @param text the file as it is now, in an editor */
export const itemsIn = (proposal: Proposal, { rejected }: RunReview, text: string): ReviewItem[] => reviewItems(proposal, text, rejected);

/** The items of all files that are there, with what is proposed for their file. */
export function itemsOf(review: RunReview, textOf: TextOf): { readonly proposal: Proposal; readonly item: ReviewItem }[] {
  return review.proposals.flatMap((proposal) => {
    const text = textOf(proposal.file);
    return text === undefined ? [] : itemsIn(proposal, review, text).map((item) => ({ proposal, item }));
  });
}

export const isOpen = ({ standing }: ReviewItem): boolean => standing === 'open' || standing === 'conflict';

/** As the run panel shows it. */
export function panelReview(review: RunReview, textOf: TextOf, workspace: string): Review {
  const { proposals, grounds } = review;
  const several = proposals.some(({ file }) => file !== review.file);
  const items = itemsOf(review, textOf).map(({ proposal, item }): Review['items'][number] => {
    const { id, kind, standing } = item;
    const about = { id, standing, ...(grounds.get(id) ?? { evidence: [] }), ...(several && { file: portable(workspace, proposal.file) }) };
    if (kind === 'adapter') return { ...about, kind, folder: portable(workspace, proposal.adapter!.to) };
    return { ...about, kind, line: item.line + 1, before: item.before, after: item.after };
  });
  // The weights come last, as in one file.
  items.sort((a, b) => Number(a.kind === 'adapter') - Number(b.kind === 'adapter'));
  return { file: portable(workspace, review.file), items };
}

export interface ReviewLens {
  readonly title: Label;
  readonly tooltip?: string;
  /** Takes the run's path and the item's id; absent for a text that does nothing. */
  readonly command?: CommandId;
}

/** What stands above a change in the diff. */
export function reviewLenses({ kind, standing }: ReviewItem, grounds: Grounds): ReviewLens[] {
  const { reason, evidence, toldWith } = grounds;
  const of = kind === 'adapter' ? ' Adapter' : '';
  const tooltip = [...(reason === undefined ? [] : [reason]), ...groundsLines(grounds, itemName)].join('\n');
  const elsewhere = toldWith ? `Measured with ${itemName(toldWith[0])}` : 'Not measured';
  const explain = (title: Label): ReviewLens => ({ title, tooltip, command: commandIds.explainChange });
  const buttons: Readonly<Record<ReviewVerdict, ReviewLens>> = {
    accept: { title: label`$(check) Accept${of}`, command: commandIds.acceptChange },
    reject: { title: label`$(close) Reject`, command: commandIds.rejectChange },
    takeBack: { title: label`$(discard) Revert`, command: commandIds.takeBackChange },
  };
  const said: Readonly<Record<Standing, ReviewLens>> = {
    open: explain(label`$(info) ${evidence.length > 0 ? shortText(evidence[0]) : elsewhere}`),
    accepted: { title: label`$(check)${of} Accepted` },
    rejected: { title: label`$(circle-slash)${of} Rejected` },
    conflict: explain(label`$(warning) ${conflictText}`),
  };
  const offered = verdictsOn[standing].map((verdict) => buttons[verdict]);
  return standing === 'open' ? [...offered, said.open] : [said[standing], ...offered];
}

/** What was measured comes first: the end of a long lens is cut off, and a number that does not say what it is of is worth nothing. */
const shortText = ({ of, difference, tokens, split }: Evidence): string =>
  `${of.split(',')[0].replace(/^the (new )?/, '')}${split === 'test' ? ' (test)' : ''}: ${tokens === undefined ? '' : `${tokensText(tokens)}, `}${roughPoints(difference)}`;

/** Why a change was proposed and what was measured of it, for the hover over its lines. */
export function changeText(item: ReviewItem, grounds: Grounds, folder?: string): Markdown {
  const { reason, evidence, toldWith } = grounds;
  const lines = groundsLines(grounds, itemName);
  const changedPredictions = evidence.find((each) => each.changedPredictions)?.changedPredictions;
  const [first] = evidence;
  const paragraphs = [
    ...(item.standing === 'conflict' ? [markup`**${conflictText}**, so this change cannot be applied. It would have put this here:`] : []),
    ...(item.standing === 'conflict' && item.kind === 'hunk' ? [fenced(item.after)] : []),
    ...(reason === undefined ? [] : [markup`**${upperFirst(reason)}**`]),
    ...(folder === undefined ? [] : [markup`A LoRA adapter, saved in ${code(folder, 200)} when you accept it`]),
    lines.length > 0
      ? joined(
          lines.map((line) => markup`- ${line}`),
          '\n',
        )
      : markup`*Not measured.*`,
    ...(item.kind === 'hunk' && (first ? first.parts !== undefined || first.split === 'test' || first.items : toldWith)
      ? [markup`*This change was not measured by itself. The numbers are for everything that is named.*`]
      : []),
    ...(changedPredictions && changedPredictions.fixes + changedPredictions.regressions > 0
      ? [
          joined(
            [
              markup`Changed predictions on validation rows: ${changedPredictions.fixes} better, ${changedPredictions.regressions} worse.`,
              ...changedPredictions.examples.map(changedText),
            ],
            '\n',
          ),
        ]
      : []),
  ];
  return joined(paragraphs, '\n\n');
}

const conflictText = 'The file has changed here since the run';

const changedText = ({ line, inputs, gold, before, after, better }: ChangedPrediction): Markdown =>
  markup`- line ${line}, ${better ? 'better' : 'worse'}: ${askedText(inputs, gold)}: before ${code(before)}, after ${code(after)}`;

const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

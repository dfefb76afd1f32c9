/** @file What ended runs propose for the prompt files as they are now, and what becomes of it when the user decides. */
import * as vscode from 'vscode';
import { describeError, TandemError } from '../errors.ts';
import { editorText } from '../prompt/hunks.ts';
import { isProgramPath } from '../prompt/kinds/table.ts';
import { copyAdapter, proposalsOf } from '../run/accept.ts';
import { readRejected, writeRejected } from '../run/record/decisions.ts';
import { groundsOf } from '../run/words/evidence.ts';
import { adapterItem, takeBack, takeOver, type Proposal, type ReviewItem } from '../run/review.ts';
import { readRecord } from '../run/record/runDirectory.ts';
import type { ListedRun } from '../run/record/runList.ts';
import { decidable, isOpen, itemsIn, itemsOf, type RunReview, type Verdict } from './core/review.ts';
import { replaceTexts } from './edit.ts';
import { textNow, type OpenPrompt, type Prompts } from './prompts.ts';
import type { Runs } from './runs.ts';

export interface Reviews extends vscode.Disposable {
  /** What the run proposes; undefined where it proposes nothing or has not ended. @throws TandemError those of proposalsOf */
  of(run: ListedRun): Promise<RunReview | undefined>;
  /** The newest ended run that concerns this file, if it proposes something for it which is not decided yet. */
  openFor(path: string): ListedRun | undefined;
  /** How many changes of the file are not decided yet, by that run. */
  openIn(run: ListedRun, file: string): number;
  /** Whether something that its newest ended run proposed was accepted. */
  isAccepted(path: string): boolean;
  /**
   * Takes these items over, or turns them down; all that are undecided where none are named. The edit can be undone.
   * @returns the documents whose text changed
   * @throws TandemError reasons 'file-changed' where none of them fits any more, 'cannot-rewrite', 'edit-refused'
   */
  decide(run: ListedRun, verdict: Verdict, ids?: readonly string[]): Promise<readonly vscode.TextDocument[]>;
  /** What a run proposes became known, was decided, or stands otherwise in the files now. */
  readonly onDidChange: vscode.Event<void>;
}

export function watchReviews(prompts: Prompts, runs: Runs, log: vscode.LogOutputChannel): Reviews {
  const changed = new vscode.EventEmitter<void>();
  /** By the run's path; null: it proposes nothing. */
  const known = new Map<string, RunReview | null>();
  /** Where the items of a run stood last. */
  const standings = new Map<string, string>();
  /** By the run's path, of programs: the prompt files that it began with. */
  const stepFiles = new Map<string, ReadonlySet<string>>();

  /** Whether the run is of this file, or of a program that has it as a step. */
  const concerns = ({ prompt, directory }: ListedRun, path: string): boolean => {
    if (prompt === path || !isProgramPath(prompt)) return prompt === path;
    const files = stepFiles.get(directory.path) ?? stepFilesOf(directory);
    stepFiles.set(directory.path, files);
    return files.has(path);
  };
  const newestEnded = (path: string): ListedRun | undefined => runs.list().find((run) => run.standing === 'ended' && concerns(run, path));
  const of = async (run: ListedRun): Promise<RunReview | undefined> => {
    const { path } = run.directory;
    if (run.standing === 'ended' && !known.has(path)) known.set(path, await readReview(run, runs));
    return known.get(path) ?? undefined;
  };
  const look = async ({ file: { path } }: OpenPrompt): Promise<void> => {
    const newest = newestEnded(path);
    const wanted = runs.list().filter((run) => run === newest || (known.has(run.directory.path) && concerns(run, path)));
    for (const run of wanted) {
      const review = await of(run).catch((error: unknown) => {
        log.warn(describeError(error));
        known.set(run.directory.path, null);
      });
      const now = review ? JSON.stringify(itemsOf(review, textIn).map(({ item: { standing, line } }) => [standing, line])) : '';
      if (standings.get(run.directory.path) === now) continue;
      standings.set(run.directory.path, now);
      changed.fire();
    }
  };
  const newestFor = (path: string): { run: ListedRun; items: readonly { proposal: Proposal; item: ReviewItem }[] } | undefined => {
    const run = newestEnded(path);
    const review = run && known.get(run.directory.path);
    if (!review) return undefined;
    // To a step of a program only its own changes matter.
    const items = itemsOf(review, textIn).filter(({ proposal }) => run.prompt === path || proposal.file === path);
    return { run, items };
  };
  const listeners = [
    prompts.onDidChange((prompt) => void look(prompt)),
    runs.onDidChange(() => prompts.all().forEach((prompt) => void look(prompt))),
    changed,
  ];
  return {
    of,
    openFor(path) {
      const { run, items = [] } = newestFor(path) ?? {};
      return items.some(({ item }) => isOpen(item)) ? run : undefined;
    },
    openIn({ directory }, file) {
      const review = known.get(directory.path);
      return review ? itemsOf(review, textIn).filter(({ proposal, item }) => proposal.file === file && isOpen(item)).length : 0;
    },
    isAccepted(path) {
      const { items = [] } = newestFor(path) ?? {};
      return items.some(({ item }) => item.standing === 'accepted');
    },
    async decide(run, verdict, ids) {
      const review = await of(run);
      if (!review) return [];
      const all = await Promise.all(
        review.proposals.map(async (proposal) => {
          const document = await documentAt(proposal.file);
          const text = editorText(document.getText());
          const asked = itemsIn(proposal, review, text).filter(({ id, standing }) => (ids ? ids.includes(id) : standing === 'open'));
          const chosen = asked.filter(({ standing }) => decidable[verdict].includes(standing)).map(({ id }) => id);
          return { proposal, document, text, asked, chosen, next: textAfter(proposal, text, verdict, chosen) };
        }),
      );
      const chosen = all.flatMap((each) => each.chosen);
      const conflict = all.find(({ asked }) => asked.some(({ standing }) => standing === 'conflict'));
      if (chosen.length === 0 && conflict) throw fileChanged(conflict.proposal.file);
      const adapter = review.proposals.find((proposal) => proposal.adapter)?.adapter;
      if (verdict === 'accept' && adapter && chosen.includes(adapterItem)) copyAdapter(adapter);
      const rewritten = all.filter(({ text, next }) => next !== text);
      // One edit, so that it is taken or refused, and undone, as a whole.
      await replaceTexts(
        rewritten.map(({ document, next }) => [document, document.eol === vscode.EndOfLine.CRLF ? next.replaceAll('\n', '\r\n') : next]),
      );
      const rejected = new Set(review.rejected);
      for (const id of chosen) rejected[verdict === 'reject' ? 'add' : 'delete'](id);
      if (rejected.size !== review.rejected.length) {
        writeRejected(run.directory, rejected);
        known.set(run.directory.path, { ...review, rejected: [...rejected] });
      }
      changed.fire();
      return rewritten.map(({ document }) => document);
    },
    onDidChange: changed.event,
    dispose: () => {
      vscode.Disposable.from(...listeners).dispose();
    },
  };
}

/** A file that a run proposes to change, open or not. */
export const documentAt = (file: string): Thenable<vscode.TextDocument> => vscode.workspace.openTextDocument(vscode.Uri.file(file));

/** A file as it is now, with an editor's line endings; undefined where it is gone. */
export function textIn(file: string): string | undefined {
  try {
    return editorText(textNow(file));
  } catch (error) {
    if (error instanceof TandemError) return undefined;
    throw error;
  }
}

function stepFilesOf(directory: ListedRun['directory']): ReadonlySet<string> {
  try {
    return new Set(Object.keys(readRecord(directory).sources ?? {}));
  } catch (error) {
    if (error instanceof TandemError) return new Set();
    throw error;
  }
}

async function readReview({ directory, prompt }: ListedRun, runs: Runs): Promise<RunReview | null> {
  const { state } = await runs.read(directory);
  const proposals = proposalsOf(directory, state)
    .map(inEditor)
    .filter(({ before, after }) => before !== after);
  if (proposals.length === 0) return null;
  return { file: prompt, proposals, grounds: groundsOf(proposals, state), rejected: readRejected(directory) };
}

const inEditor = (proposal: Proposal): Proposal => ({
  ...proposal,
  before: editorText(proposal.before),
  prompt: editorText(proposal.prompt),
  after: editorText(proposal.after),
});

function textAfter(proposal: Proposal, text: string, verdict: Verdict, ids: readonly string[]): string {
  if (verdict === 'reject') return text;
  return (verdict === 'accept' ? takeOver : takeBack)(proposal, text, ids);
}

const fileChanged = (file: string): TandemError =>
  new TandemError('file-changed', 'The file has changed in the same place since the run, so this change no longer fits.', {
    where: { file },
    hint: 'Undo those edits, or apply the change by hand.',
  });

/** @file What ended runs propose for the prompt files as they are now, and what becomes of it when the user decides. */
import * as vscode from 'vscode';
import { describeError, TandemError } from '../errors.ts';
import { editorText } from '../prompt/hunks.ts';
import { isProgramPath } from '../prompt/kinds/table.ts';
import { copyAdapter, proposalsOf } from '../run/accept.ts';
import { readRejected, writeRejected } from '../run/record/decisions.ts';
import { verdictsOn, type ReviewVerdict } from '../run/verdicts.ts';
import { groundsOf } from '../run/words/evidence.ts';
import { adapterItem, takeBack, takeOver, type Proposal, type ReviewItem } from '../run/review.ts';
import { readRecord } from '../run/record/runDirectory.ts';
import type { ListedRun } from '../run/record/runList.ts';
import { isOpen, itemsIn, itemsOf, type RunReview } from './core/review.ts';
import { replaceTexts } from './edit.ts';
import { textNow, type OpenPrompt, type Prompts } from './prompts.ts';
import type { Runs } from './runs.ts';

export interface Reviews extends vscode.Disposable {
  /** What the run proposes; undefined where it proposes nothing or has not ended. @throws TandemError those of proposalsOf */
  of(run: ListedRun): Promise<RunReview | undefined>;
  /** The newest run that proposes something for this file, decided or not. Runs after it may have found nothing better. */
  latestFor(path: string): ProposingRun | undefined;
  /** How many changes of the file are not decided yet, by that run. */
  openIn(run: ListedRun, file: string): number;
  /** Whether something that this run proposed was accepted. */
  isAccepted(path: string): boolean;
  /**
   * Gives this verdict on these items, or on all that are undecided if none are named. The edit can be undone.
   * @throws TandemError reasons 'file-changed' where none of them fits any more, 'cannot-rewrite', 'edit-refused'
   */
  decide(run: ListedRun, verdict: ReviewVerdict, ids?: readonly string[]): Promise<Decided>;
  /** What a run proposes became known, was decided, or stands otherwise in the files now. */
  readonly onDidChange: vscode.Event<void>;
}

/** A run that proposes something for a file. */
export interface ProposingRun {
  readonly run: ListedRun;
  /** How many of its changes for the file are not decided yet, and how many there are. */
  readonly open: number;
  readonly of: number;
}

/** What a verdict did. */
export interface Decided {
  /** The items that now stand otherwise. */
  readonly ids: readonly string[];
  /** The documents whose text changed. */
  readonly documents: readonly vscode.TextDocument[];
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
  /** Newest first. */
  const endedOn = (path: string): readonly ListedRun[] => runs.list().filter((run) => run.standing === 'ended' && concerns(run, path));
  const of = async (run: ListedRun): Promise<RunReview | undefined> => {
    const { path } = run.directory;
    if (run.standing === 'ended' && !known.has(path)) known.set(path, await readReview(run, runs));
    return known.get(path) ?? undefined;
  };
  /** Reads runs from the newest to the first that proposes something for the file; the others only if they are known already. */
  const look = async ({ file: { path } }: OpenPrompt): Promise<void> => {
    let found = false;
    for (const run of endedOn(path)) {
      if (found && !known.has(run.directory.path)) continue;
      const review = await of(run).catch((error: unknown) => {
        log.warn(describeError(error));
        known.set(run.directory.path, null);
      });
      found ||= review !== undefined && review.proposals.some(({ file }) => isFor(run, file, path));
      const now = review ? JSON.stringify(itemsOf(review, textIn).map(({ item: { standing, line } }) => [standing, line])) : '';
      if (standings.get(run.directory.path) === now) continue;
      standings.set(run.directory.path, now);
      changed.fire();
    }
  };
  const latestFor = (path: string): { readonly run: ListedRun; readonly items: readonly ReviewItem[] } | undefined => {
    for (const run of endedOn(path)) {
      const review = known.get(run.directory.path);
      const own = review ? itemsOf(review, textIn).filter(({ proposal }) => isFor(run, proposal.file, path)) : [];
      if (own.length > 0) return { run, items: own.map(({ item }) => item) };
    }
    return undefined;
  };
  const listeners = [
    prompts.onDidChange((prompt) => void look(prompt)),
    runs.onDidChange(() => prompts.all().forEach((prompt) => void look(prompt))),
    changed,
  ];
  return {
    of,
    latestFor(path) {
      const latest = latestFor(path);
      return latest && { run: latest.run, open: latest.items.filter(isOpen).length, of: latest.items.length };
    },
    openIn({ directory }, file) {
      const review = known.get(directory.path);
      return review ? itemsOf(review, textIn).filter(({ proposal, item }) => proposal.file === file && isOpen(item)).length : 0;
    },
    isAccepted: (path) => latestFor(path)?.items.some(({ standing }) => standing === 'accepted') ?? false,
    async decide(run, verdict, ids) {
      const review = await of(run);
      if (!review) return { ids: [], documents: [] };
      const all = await Promise.all(
        review.proposals.map(async (proposal) => {
          const document = await documentAt(proposal.file);
          const text = editorText(document.getText());
          const asked = itemsIn(proposal, review, text).filter(({ id, standing }) => (ids ? ids.includes(id) : standing === 'open'));
          const chosen = asked.filter(({ standing }) => verdictsOn[standing].includes(verdict)).map(({ id }) => id);
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
      return { ids: chosen, documents: rewritten.map(({ document }) => document) };
    },
    onDidChange: changed.event,
    dispose: () => {
      vscode.Disposable.from(...listeners).dispose();
    },
  };
}

/** Whether what the run proposes for a file is shown with the file at `path`: with a step of a program only its own changes are. */
const isFor = (run: ListedRun, file: string, path: string): boolean => run.prompt === path || file === path;

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

function textAfter(proposal: Proposal, text: string, verdict: ReviewVerdict, ids: readonly string[]): string {
  if (verdict === 'reject') return text;
  return (verdict === 'accept' ? takeOver : takeBack)(proposal, text, ids);
}

const fileChanged = (file: string): TandemError =>
  new TandemError('file-changed', 'The file has changed in the same place since the run, so this change no longer fits.', {
    where: { file },
    hint: 'Undo those edits, or apply the change by hand.',
  });

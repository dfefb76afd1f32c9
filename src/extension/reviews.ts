/** @file What ended runs propose for the prompt files as they are now, and what becomes of it when the user decides. */
import * as vscode from 'vscode';
import { describeError, TandemError } from '../errors.ts';
import { editorText } from '../prompt/hunks.ts';
import { isProgramPath } from '../prompt/programFile.ts';
import { copyAdapter, proposalOf } from '../run/accept.ts';
import { readRejected, writeRejected } from '../run/decisions.ts';
import { groundsOf } from '../run/evidence.ts';
import { adapterItem, takeBack, takeOver, type Proposal } from '../run/review.ts';
import type { ListedRun } from '../run/runList.ts';
import { decidable, hasOpenItems, itemsIn, type RunReview, type Verdict } from './core/review.ts';
import { replaceText } from './edit.ts';
import type { OpenPrompt, Prompts } from './prompts.ts';
import type { Runs } from './runs.ts';

export interface Reviews extends vscode.Disposable {
  /** What the run proposes; undefined where it proposes nothing or has not ended. @throws TandemError those of proposalOf */
  of(run: ListedRun): Promise<RunReview | undefined>;
  /** The newest ended run that proposes something for this prompt which is not decided yet. */
  openFor(prompt: OpenPrompt): ListedRun | undefined;
  /** Whether the text has something of what its newest ended run proposed. */
  isAccepted(prompt: OpenPrompt): boolean;
  /**
   * Takes these items over, or turns them down; all that are undecided where none are named. The edit can be undone.
   * @returns the document, if its text changed
   * @throws TandemError reasons 'file-changed' where none of them fits any more, 'cannot-rewrite', 'edit-refused'
   */
  decide(run: ListedRun, verdict: Verdict, ids?: readonly string[]): Promise<vscode.TextDocument | undefined>;
  /** What a run proposes became known, was decided, or stands otherwise in the file now. */
  readonly onDidChange: vscode.Event<void>;
}

export function watchReviews(prompts: Prompts, runs: Runs, log: vscode.LogOutputChannel): Reviews {
  const changed = new vscode.EventEmitter<void>();
  /** By the run's path; null: it proposes nothing. */
  const known = new Map<string, RunReview | null>();
  /** Where the items of a run stood last. */
  const standings = new Map<string, string>();

  const newestEnded = (path: string): ListedRun | undefined =>
    runs.list().find(({ prompt, standing }) => prompt === path && standing === 'ended');
  const of = async (run: ListedRun): Promise<RunReview | undefined> => {
    const { path } = run.directory;
    if (run.standing === 'ended' && !known.has(path)) known.set(path, await readReview(run, runs));
    return known.get(path) ?? undefined;
  };
  const look = async ({ file: { path, text } }: OpenPrompt): Promise<void> => {
    const newest = newestEnded(path);
    const wanted = runs.list().filter((run) => run === newest || (run.prompt === path && known.has(run.directory.path)));
    for (const run of wanted) {
      const review = await of(run).catch((error: unknown) => {
        log.warn(describeError(error));
        known.set(run.directory.path, null);
      });
      const now = review ? JSON.stringify(itemsIn(review, editorText(text)).map(({ standing, line }) => [standing, line])) : '';
      if (standings.get(run.directory.path) === now) continue;
      standings.set(run.directory.path, now);
      changed.fire();
    }
  };
  const newestFor = ({ file }: OpenPrompt): { run: ListedRun; review: RunReview } | undefined => {
    const run = newestEnded(file.path);
    const review = run && known.get(run.directory.path);
    return review ? { run, review } : undefined;
  };
  const listeners = [
    prompts.onDidChange((prompt) => void look(prompt)),
    runs.onDidChange(() => prompts.all().forEach((prompt) => void look(prompt))),
    changed,
  ];
  return {
    of,
    openFor(prompt) {
      const { run, review } = newestFor(prompt) ?? {};
      return review && hasOpenItems(review, editorText(prompt.file.text)) ? run : undefined;
    },
    isAccepted(prompt) {
      const { review } = newestFor(prompt) ?? {};
      return review !== undefined && itemsIn(review, editorText(prompt.file.text)).some(({ standing }) => standing === 'accepted');
    },
    async decide(run, verdict, ids) {
      const review = await of(run);
      if (!review) return undefined;
      const document = await promptOf(run);
      const text = editorText(document.getText());
      const asked = itemsIn(review, text).filter(({ id, standing }) => (ids ? ids.includes(id) : standing === 'open'));
      const chosen = asked.filter(({ standing }) => decidable[verdict].includes(standing)).map(({ id }) => id);
      if (chosen.length === 0 && asked.some(({ standing }) => standing === 'conflict')) throw fileChanged(run);
      const next = textAfter(review.proposal, text, verdict, chosen);
      const { adapter } = review.proposal;
      if (verdict === 'accept' && adapter && chosen.includes(adapterItem)) copyAdapter(adapter);
      if (next !== text) await replaceText(document, document.eol === vscode.EndOfLine.CRLF ? next.replaceAll('\n', '\r\n') : next);
      const rejected = new Set(review.rejected);
      for (const id of chosen) rejected[verdict === 'reject' ? 'add' : 'delete'](id);
      if (rejected.size !== review.rejected.length) {
        writeRejected(run.directory, rejected);
        known.set(run.directory.path, { ...review, rejected: [...rejected] });
      }
      changed.fire();
      return next === text ? undefined : document;
    },
    onDidChange: changed.event,
    dispose: () => {
      vscode.Disposable.from(...listeners).dispose();
    },
  };
}

/** The prompt file of a run, open or not. */
export async function promptOf({ prompt }: ListedRun): Promise<vscode.TextDocument> {
  return vscode.workspace.openTextDocument(vscode.Uri.file(prompt));
}

async function readReview({ directory, prompt }: ListedRun, runs: Runs): Promise<RunReview | null> {
  // What a program's run proposes is several files; `tandem accept` takes them over together.
  if (isProgramPath(prompt)) return null;
  const { state } = await runs.read(directory);
  const proposal = inEditor(proposalOf(directory, state));
  if (proposal.before === proposal.after) return null;
  return { proposal, grounds: groundsOf(proposal, state), rejected: readRejected(directory) };
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

const fileChanged = ({ prompt }: ListedRun): TandemError =>
  new TandemError('file-changed', 'The file was changed at the same place since the run, so the change does not fit any more.', {
    where: { file: prompt },
    hint: 'Undo those edits, or take it over by hand.',
  });

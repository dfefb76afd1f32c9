/** @file What a run proposes, as items that you accept one by one: the hunks of the prompt, and the adapter. What a text has is accepted. */
import { TandemError } from '../errors.ts';
import { applyHunks, diffHunks, growthAbove, rebaseHunks, type Hunk, type Rebased } from '../prompt/hunks.ts';
import { pointerOf, pointTo, type Pointer, type PointerChange } from './record/pointer.ts';
import type { Standing } from './verdicts.ts';

export interface Proposal {
  /** Absolute path of the prompt file, or of the program where it is the adapter that changes. */
  readonly file: string;
  /** Of a step of a program: its place from 0, and what its answer is called. Absent for the file that the run is of. */
  readonly step?: { readonly place: number; readonly output: string };
  /** The file's text when the run started. */
  readonly before: string;
  /** The same with the run's prompt. */
  readonly prompt: string;
  /** The same with the run's prompt and, if its weights changed, the pointer to its adapter. */
  readonly after: string;
  /** Absent if the weights did not change. */
  readonly adapter?: {
    /** Where it stands now, and where it will stand. */
    readonly from: string;
    readonly to: string;
    /** What then points to it. */
    readonly settings: { readonly adapter: string; readonly model?: string };
  };
}

export const adapterItem = 'adapter';

interface AdapterItem {
  readonly kind: 'adapter';
  readonly id: typeof adapterItem;
  /** 0-based line of its pointer, or of the settings among which that would stand. */
  readonly line: number;
  readonly standing: Standing;
}

/** What an item is called among all that a run proposes: '2' of its own file, '1.2' the second hunk of a program's first step. */
export const itemId = (proposal: Pick<Proposal, 'step'>, hunk: string): string => `${prefixOf(proposal)}${hunk}`;

const prefixOf = ({ step }: Pick<Proposal, 'step'>): string => (step ? `${step.place + 1}.` : '');

/** A hunk's line is that of the text that was asked about. */
export type ReviewItem = (Hunk & { readonly kind: 'hunk'; readonly standing: Standing }) | AdapterItem;

/**
 * The items from the top of the file, the adapter last.
 * @param text the file as it is now
 * @param rejected ids of items that were turned down; one that the text has all the same is accepted
 */
export function reviewItems(proposal: Proposal, text: string, rejected: Iterable<string> = []): ReviewItem[] {
  const down = new Set(rejected);
  const { hunks, now, plain, pointer } = look(proposal, text);
  const moved = rebaseLines(plain, text);
  const standings: readonly (readonly [readonly Hunk[], Standing])[] = [
    [hunks.applied, 'open'],
    [hunks.present, 'accepted'],
    [hunks.conflicts, 'conflict'],
  ];
  const items: ReviewItem[] = standings.flatMap(([list, standing]) =>
    list.map((hunk) => ({ ...hunk, kind: 'hunk', line: moved(hunk.line), standing }) as const),
  );
  items.sort((a, b) => Number(a.id) - Number(b.id));
  if (pointer) items.push({ kind: 'adapter', id: adapterItem, line: now.line, standing: pointer });
  const named = items.map((item) => (item.kind === 'hunk' ? { ...item, id: itemId(proposal, item.id) } : item));
  return named.map((item) => (item.standing === 'open' && down.has(item.id) ? { ...item, standing: 'rejected' } : item));
}

/** The text with these items, as far as they are this file's and fit; what it has otherwise stays as it is. @throws TandemError reason 'cannot-rewrite' */
export const takeOver = (proposal: Proposal, text: string, ids: Iterable<string>): string => rewrite(proposal, text, ids, true);

/** The text without these items, where it has them. @throws TandemError reason 'cannot-rewrite' */
export const takeBack = (proposal: Proposal, text: string, ids: Iterable<string>): string => rewrite(proposal, text, ids, false);

/** The text with everything that may still be accepted: what a diff of the file is shown against. @throws TandemError reason 'cannot-rewrite' */
export function proposedText(proposal: Proposal, text: string, rejected: Iterable<string>): string {
  const open = reviewItems(proposal, text, rejected).filter(({ standing }) => standing === 'open');
  return takeOver(
    proposal,
    text,
    open.map(({ id }) => id),
  );
}

interface Look {
  readonly now: Pointer;
  /** The text without the adapter's pointer, which may stand next to a hunk or within one. */
  readonly plain: string;
  /** In `plain`. */
  readonly hunks: Rebased;
  /** Where the adapter stands; absent if there is none. */
  readonly pointer?: Exclude<Standing, 'rejected'>;
}

function look({ file: path, before, prompt, adapter }: Proposal, text: string): Look {
  const now = pointerOf(path, text);
  const rebased = (plain: string): Rebased => rebaseHunks(before, diffHunks(before, prompt), plain);
  if (!adapter) return { now, plain: text, hunks: rebased(text) };
  const then = pointerOf(path, before);
  const old: PointerChange = { adapter: then.adapter, ...(adapter.settings.model !== undefined && { model: then.model }) };
  const pointer = has(now, adapter.settings) ? 'accepted' : has(now, old) ? 'open' : 'conflict';
  const plain = pointer === 'accepted' ? withoutThrowing(() => pointTo(path, text, old), text) : text;
  return { now, plain, hunks: rebased(plain), pointer };
}

function rewrite(proposal: Proposal, text: string, items: Iterable<string>, over: boolean): string {
  const { plain, hunks, pointer } = look(proposal, text);
  const prefix = prefixOf(proposal);
  const chosen = new Set([...items].flatMap((id) => (id.startsWith(prefix) ? [id.slice(prefix.length)] : [])));
  const reversed = hunks.present.map((hunk) => ({ ...hunk, before: hunk.after, after: hunk.before }));
  const changed = applyHunks(plain, over ? hunks.applied : reversed, chosen);
  const point = (): string => pointTo(proposal.file, changed, proposal.adapter!.settings);
  const asked = chosen.has(adapterItem);
  if (pointer === 'open' && asked && over) return point();
  if (pointer !== 'accepted' || (asked && !over)) return changed;
  // As it is written there, if it stands apart from what changed.
  const kept = rebaseHunks(plain, diffHunks(plain, text), changed);
  const ids = kept.applied.map(({ id }) => id);
  return kept.conflicts.length > 0 ? point() : applyHunks(changed, kept.applied, ids);
}

const has = (now: Pointer, { adapter, model }: PointerChange): boolean =>
  now.adapter === adapter && (model === undefined || model === now.model);

/** Where lines of `plain` stand in the text. */
function rebaseLines(plain: string, text: string): (line: number) => number {
  if (plain === text) return (line) => line;
  const edits = diffHunks(plain, text);
  return (line) => line + growthAbove(edits, line);
}

function withoutThrowing(make: () => string, otherwise: string): string {
  try {
    return make();
  } catch (error) {
    if (error instanceof TandemError) return otherwise;
    throw error;
  }
}

/** @file A run's proposal as items that are accepted one by one: the hunks of the prompt, and the adapter. An item that the text has is accepted. */
import { TandemError } from '../errors.ts';
import { applyHunks, diffHunks, growthAbove, rebaseHunks, type Hunk, type Rebased } from '../prompt/hunks.ts';
import { pointerOf, pointTo, type Pointer, type PointerChange } from './record/pointer.ts';
import type { Standing } from './verdicts.ts';

export interface Proposal {
  /** Absolute path of the prompt file, or of the program if the adapter changes. */
  readonly file: string;
  /** For a step of a program, its 0-based place and the name of its answer. Absent for the file that the run is for. */
  readonly step?: { readonly place: number; readonly output: string };
  /** The file's text when the run started. */
  readonly before: string;
  /** The same with the run's prompt. */
  readonly prompt: string;
  /** The same with the run's prompt and, if its weights changed, the pointer to its adapter. */
  readonly after: string;
  /** Absent if the weights did not change. */
  readonly adapter?: {
    /** Where it is now, and where it will be. */
    readonly from: string;
    readonly to: string;
    /** What points to it then. */
    readonly settings: { readonly adapter: string; readonly model?: string };
  };
}

export const adapterItem = 'adapter';

interface AdapterItem {
  readonly kind: 'adapter';
  readonly id: typeof adapterItem;
  /** 0-based line of its pointer, or of the settings where the pointer would be added. */
  readonly line: number;
  readonly standing: Standing;
}

/** An item's id among all that a run proposes: '2' in its own file, '1.2' for the second hunk of a program's first step. */
export const itemId = (proposal: Pick<Proposal, 'step'>, hunk: string): string => `${prefixOf(proposal)}${hunk}`;

const prefixOf = ({ step }: Pick<Proposal, 'step'>): string => (step ? `${step.place + 1}.` : '');

/** A hunk's line is its line in the given text. */
export type ReviewItem = (Hunk & { readonly kind: 'hunk'; readonly standing: Standing }) | AdapterItem;

/**
 * The items from the top of the file down, the adapter last.
 * @param text the file as it is now
 * @param rejected ids of rejected items; one that the text has anyway is accepted
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

/** The text with these items, if they belong to this file and fit. The rest of the text is unchanged. @throws TandemError reason 'cannot-rewrite' */
export const takeOver = (proposal: Proposal, text: string, ids: Iterable<string>): string => rewrite(proposal, text, ids, true);

/** The text without these items, if it has them. @throws TandemError reason 'cannot-rewrite' */
export const takeBack = (proposal: Proposal, text: string, ids: Iterable<string>): string => rewrite(proposal, text, ids, false);

/** The text with everything that can still be accepted, for the diff of the file. @throws TandemError reason 'cannot-rewrite' */
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
  /** The text without the adapter's pointer, which may be next to a hunk or inside one. */
  readonly plain: string;
  /** Its place in `plain`. */
  readonly hunks: Rebased;
  /** Where the adapter is. Absent if there is none. */
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
  // Unchanged, if it is separate from what changed.
  const kept = rebaseHunks(plain, diffHunks(plain, text), changed);
  const ids = kept.applied.map(({ id }) => id);
  return kept.conflicts.length > 0 ? point() : applyHunks(changed, kept.applied, ids);
}

const has = (now: Pointer, { adapter, model }: PointerChange): boolean =>
  now.adapter === adapter && (model === undefined || model === now.model);

/** Where lines of `plain` are in the text. */
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

/** @file Takes a run's outcome over into the workspace: the prompt's changed lines and the adapter, together. */
import { chmodSync, cpSync, existsSync, mkdirSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { TandemError } from '../errors.ts';
import { parsePromptFile } from '../prompt/promptFile.ts';
import { applyPrompt } from '../prompt/writePrompt.ts';
import { writeFileAtomically } from './jsonFile.ts';
import { adapterItem, reviewItems, takeOver, type Proposal } from './review.ts';
import { makeTandemFolder, promptName, readRecord, readSource, type RunDirectory } from './runDirectory.ts';
import type { RunState } from './state.ts';

/** What the run proposes; `before` equals `after` where it found nothing better. @throws TandemError reason 'nothing-measured' */
export function proposalOf(directory: RunDirectory, { start, best }: RunState): Proposal {
  const { spec, source } = readRecord(directory);
  if (!start || !best) throw new TandemError('nothing-measured', `The run ${directory.run} has measured nothing yet.`);
  const same = { file: spec.prompt, before: source, prompt: source, after: source };
  if (best.candidate === start.candidate) return same;
  const prompt = applyPrompt(parsePromptFile(spec.prompt, source), best.prompt, best.adapter === undefined ? { adapter: null } : {});
  if (best.adapter === undefined || best.adapter === start.adapter) return { ...same, prompt, after: prompt };
  const to = join(directory.workspace, '.tandem', 'adapters', `${promptName(spec.prompt)}-${best.adapter.slice(0, 8)}`);
  const settings = {
    adapter: relative(dirname(spec.prompt), to).split(sep).join('/'),
    // An adapter is of no use without its model: one that was named for the run alone is written down with it.
    ...(spec.model !== undefined && { model: spec.model }),
  };
  const after = applyPrompt(parsePromptFile(spec.prompt, prompt), best.prompt, settings);
  return { ...same, prompt, after, adapter: { from: join(directory.adapters, best.adapter), to, settings } };
}

export interface Accepted {
  /** What was written, the prompt file first: absolute paths. */
  readonly written: readonly string[];
  /** How many items were left out because they are rejected. */
  readonly leftOut: number;
}

/**
 * Writes the adapter, then the prompt file. A file that was edited since the run began keeps those edits, where the changes still fit.
 * @param rejected ids of items that are left out
 * @throws TandemError reason 'file-changed' where they do not; nothing is written then
 */
export function accept(proposal: Proposal, rejected: Iterable<string> = []): Accepted {
  const { file, adapter } = proposal;
  const current = readSource(file);
  const items = reviewItems(proposal, current, rejected);
  const conflict = items.find(({ standing }) => standing === 'conflict');
  if (conflict) {
    throw new TandemError('file-changed', 'The file was changed since the run began, at lines that the run changes too.', {
      where: { file, line: conflict.line + 1 },
      hint: 'Undo those edits, or take over by hand what the report shows under "What changed".',
    });
  }
  const chosen = items.filter(({ standing }) => standing !== 'rejected').map(({ id }) => id);
  const text = takeOver(proposal, current, chosen);
  const withAdapter = adapter && chosen.includes(adapterItem) && copyAdapter(adapter);
  if (text !== current) {
    const target = realpathSync(file);
    const { mode } = statSync(target);
    writeFileAtomically(target, text);
    chmodSync(target, mode);
  }
  return { written: [...(text === current ? [] : [file]), ...(withAdapter ? [adapter.to] : [])], leftOut: items.length - chosen.length };
}

/** Appears under its name whole or not at all. @returns false where it stood there already */
export function copyAdapter({ from, to }: NonNullable<Proposal['adapter']>): boolean {
  if (existsSync(to)) return false;
  makeTandemFolder(dirname(dirname(dirname(to))));
  mkdirSync(dirname(to), { recursive: true });
  const temporary = `${to}.${process.pid}.tmp`;
  rmSync(temporary, { recursive: true, force: true });
  cpSync(from, temporary, { recursive: true });
  renameSync(temporary, to);
  return true;
}

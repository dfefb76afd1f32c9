/** @file Takes a run's outcome over into the workspace: the prompt's changed lines and the adapter, together. */
import { chmodSync, cpSync, existsSync, mkdirSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { TandemError } from '../errors.ts';
import { applyHunks, diffHunks, rebaseHunks } from '../prompt/hunks.ts';
import { parsePromptFile } from '../prompt/promptFile.ts';
import { applyPrompt } from '../prompt/writePrompt.ts';
import { writeFileAtomically } from './jsonFile.ts';
import { makeTandemFolder, promptName, readRecord, readSource, type RunDirectory } from './runDirectory.ts';
import type { RunState } from './state.ts';

export interface Proposal {
  /** Absolute path of the prompt file. */
  readonly file: string;
  /** The file's text when the run started. */
  readonly before: string;
  /** The same with the run's prompt and, if its weights changed, the pointer to its adapter. */
  readonly after: string;
  /** Where the adapter will stand and where it stands now; absent if the weights did not change. */
  readonly adapter?: { readonly from: string; readonly to: string };
}

/** What the run proposes; `before` equals `after` where it found nothing better. @throws TandemError reason 'nothing-measured' */
export function proposalOf(directory: RunDirectory, { start, best }: RunState): Proposal {
  const { spec, source } = readRecord(directory);
  if (!start || !best) throw new TandemError('nothing-measured', `The run ${directory.run} has measured nothing yet.`);
  const file = parsePromptFile(spec.prompt, source);
  const changed = best.adapter !== undefined && best.adapter !== start.adapter;
  const to = join(directory.workspace, '.tandem', 'adapters', `${promptName(spec.prompt)}-${(best.adapter ?? '').slice(0, 8)}`);
  const pointer = relative(dirname(spec.prompt), to).split(sep).join('/');
  return {
    file: spec.prompt,
    before: source,
    after:
      best.candidate === start.candidate
        ? source
        : applyPrompt(file, best.prompt, {
            adapter: best.adapter === undefined ? null : changed ? pointer : undefined,
            // An adapter is of no use without its model: one that was named for the run alone is written down with it.
            ...(changed && spec.model !== undefined && { model: spec.model }),
          }),
    ...(changed ? { adapter: { from: join(directory.adapters, best.adapter), to } } : {}),
  };
}

/**
 * Writes the adapter, then the prompt file. A file that was edited since the run began keeps those edits, where the changes still fit.
 * @throws TandemError reason 'file-changed' where they do not; nothing is written then
 */
export function accept({ file, before, after, adapter }: Proposal): void {
  const current = readSource(file);
  const hunks = diffHunks(before, after);
  const { applied, conflicts } = rebaseHunks(before, hunks, current);
  if (conflicts.length > 0) {
    const line = conflicts[0].line + 1;
    throw new TandemError(
      'file-changed',
      `The file was changed since the run began, at lines that the run changes too (line ${line} then).`,
      {
        where: { file },
        hint: 'Undo those edits, or take over by hand what the report shows under "What changed".',
      },
    );
  }
  const text = applyHunks(
    current,
    applied,
    applied.map(({ id }) => id),
  );
  if (adapter) copyAdapter(adapter.from, adapter.to);
  if (text === current) return;
  const target = realpathSync(file);
  const { mode } = statSync(target);
  writeFileAtomically(target, text);
  chmodSync(target, mode);
}

/** Appears under its name whole or not at all. */
function copyAdapter(from: string, to: string): void {
  if (existsSync(to)) return;
  makeTandemFolder(dirname(dirname(dirname(to))));
  mkdirSync(dirname(to), { recursive: true });
  const temporary = `${to}.${process.pid}.tmp`;
  rmSync(temporary, { recursive: true, force: true });
  cpSync(from, temporary, { recursive: true });
  renameSync(temporary, to);
}

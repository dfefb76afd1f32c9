/** @file Applies a run's result to the workspace: the prompt's changed lines and the adapter, together. */
import { chmodSync, lstatSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { TandemError } from '../errors.ts';
import { adapterFiles, copyAdapterFiles } from '../model/files/adapterFiles.ts';
import { temporaryName } from '../temporary.ts';
import { parsePromptFile } from '../prompt/readPrompt.ts';
import { isProgramPath } from '../prompt/kinds/table.ts';
import { applyPrompt } from '../prompt/writePrompt.ts';
import { openProgram } from '../prompt/program.ts';
import { stepsOf } from '../prompt/prompt.ts';
import type { MeasuredState } from '../optimize/events.ts';
import { writeFileAtomically } from './record/jsonFile.ts';
import { pointTo } from './record/pointer.ts';
import { adapterItem, reviewItems, takeOver, type Proposal } from './review.ts';
import { promptName, readRecord, readSource, sourceOf, type RunDirectory } from './record/runDirectory.ts';
import { makeFolder } from './record/tandemFolder.ts';
import type { RunState } from './record/state.ts';

/**
 * What the run proposes for its prompt file. For a program, this is the program file, in which only the adapter can change. `before` equals
 * `after` if the run found nothing better.
 * @throws TandemError reason 'nothing-measured'
 */
export function proposalOf(directory: RunDirectory, state: RunState): Proposal {
  return proposalsOf(directory, state)[0];
}

/**
 * What the run proposes, file by file: first the run's own file, then those of a program's steps that change.
 * @throws TandemError reasons 'nothing-measured', 'cannot-rewrite'
 */
export function proposalsOf(directory: RunDirectory, { start, best }: RunState): Proposal[] {
  const { spec, source, sources } = readRecord(directory);
  if (!start || !best) throw new TandemError('nothing-measured', `The run ${directory.run} has not measured anything yet.`);
  const same = { file: spec.prompt, before: source, prompt: source, after: source };
  if (best.candidate === start.candidate) return [same];
  const changed = best.adapter !== start.adapter;
  if (isProgramPath(spec.prompt)) {
    const { steps } = openProgram(spec.prompt, source, (file) => sourceOf(sources, file));
    const prompts = stepsOf(best.prompt);
    const ofSteps = steps.map(({ path, text, settings: { output } }, place): Proposal => {
      const file = parsePromptFile(path, text);
      // A step may not repeat what the program file will set.
      const without = changed && file.settings.adapter !== undefined ? { adapter: null } : {};
      const after = applyPrompt(file, prompts[place], { output, ...without });
      return { file: path, step: { place, output }, before: text, prompt: after, after };
    });
    const whole = changed ? withAdapter(directory, best, same, spec.model) : same;
    const changing = ofSteps.filter(({ before, after }) => before !== after);
    const shared = changing.find(({ file }) => ofSteps.some((other) => other.file === file && !changing.includes(other)));
    const twice = changing.find(({ file, after }) => changing.some((other) => other.file === file && other.after !== after));
    if (shared ?? twice) throw sharedFile((shared ?? twice)!.file);
    return [whole, ...changing.filter(({ file }, place) => changing.findIndex((other) => other.file === file) === place)];
  }
  const prompt = applyPrompt(parsePromptFile(spec.prompt, source), best.prompt, best.adapter === undefined ? { adapter: null } : {});
  const changedPrompt = { ...same, prompt, after: prompt };
  return [changed ? withAdapter(directory, best, changedPrompt, spec.model) : changedPrompt];
}

const sharedFile = (file: string): TandemError =>
  new TandemError('cannot-rewrite', 'Two steps of the program use this prompt file, and the run changed it for only one of them.', {
    where: { file },
    hint: 'Give each step its own prompt file, and optimize again.',
  });

/** The proposal with the pointer to the run's adapter; without one if the base weights are best. */
function withAdapter({ workspace, adapters }: RunDirectory, best: MeasuredState, proposal: Proposal, model: string | undefined): Proposal {
  const { file, prompt } = proposal;
  if (best.adapter === undefined) {
    const after = pointTo(file, prompt, { adapter: null });
    return { ...proposal, prompt: after, after };
  }
  const to = join(workspace, '.tandem', 'adapters', `${promptName(file)}-${best.adapter.slice(0, 8)}`);
  const settings = {
    adapter: relative(dirname(file), to).split(sep).join('/'),
    // An adapter is useless without its model, so a model that was named for the run alone is written to the file too.
    ...(model !== undefined && { model }),
  };
  return { ...proposal, after: pointTo(file, prompt, settings), adapter: { from: join(adapters, best.adapter), to, settings } };
}

export interface Accepted {
  /** Absolute paths of the files that were written, the prompt file first. */
  readonly written: readonly string[];
  /** How many items were left out because they are rejected. */
  readonly leftOut: number;
}

/**
 * Writes the adapter, then the prompt files. Edits that were made since the run began are kept if the changes still fit.
 * @param rejected ids of items that are left out
 * @throws TandemError reason 'file-changed' if they do not; nothing is written then
 */
export function accept(proposed: Proposal | readonly Proposal[], rejected: Iterable<string> = []): Accepted {
  const proposals = Array.isArray(proposed) ? (proposed as readonly Proposal[]) : [proposed as Proposal];
  const down = [...rejected];
  const changes = proposals.map((proposal) => changeOf(proposal, down));
  const written = changes.map(({ proposal: { file, adapter }, current, text, chosen }) => {
    const copied = adapter && chosen.includes(adapterItem) && copyAdapter(adapter);
    if (text !== current) {
      const target = realpathSync(file);
      const { mode } = statSync(target);
      writeFileAtomically(target, text);
      chmodSync(target, mode);
    }
    return { files: text === current ? [] : [file], adapters: copied ? [adapter.to] : [] };
  });
  return {
    written: [...written.flatMap(({ files }) => files), ...written.flatMap(({ adapters }) => adapters)],
    leftOut: changes.reduce((sum, { leftOut }) => sum + leftOut, 0),
  };
}

interface Change {
  readonly proposal: Proposal;
  readonly current: string;
  readonly text: string;
  /** Ids of the items that are applied. */
  readonly chosen: readonly string[];
  readonly leftOut: number;
}

function changeOf(proposal: Proposal, rejected: readonly string[]): Change {
  const { file } = proposal;
  const current = readSource(file);
  const items = reviewItems(proposal, current, rejected);
  const conflict = items.find(({ standing }) => standing === 'conflict');
  if (conflict) {
    throw new TandemError('file-changed', 'The file has changed since the run began, at lines that the run changes too.', {
      where: { file, line: conflict.line + 1 },
      hint: 'Undo those edits, or apply by hand what the report shows under "What changed".',
    });
  }
  const chosen = items.filter(({ standing }) => standing !== 'rejected').map(({ id }) => id);
  return { proposal, current, text: takeOver(proposal, current, chosen), chosen, leftOut: items.length - chosen.length };
}

/**
 * Appears under its name completely or not at all.
 * @returns false if it was already there
 * @throws TandemError reasons 'bad-adapter', 'not-a-folder'
 */
export function copyAdapter({ from, to }: NonNullable<Proposal['adapter']>): boolean {
  if (lstatSync(to, { throwIfNoEntry: false })) {
    adapterFiles(to);
    return false;
  }
  adapterFiles(from);
  makeFolder(dirname(dirname(dirname(to))), 'adapters');
  const temporary = temporaryName(to);
  rmSync(temporary, { recursive: true, force: true });
  try {
    copyAdapterFiles(from, temporary);
    renameSync(temporary, to);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  }
  return true;
}

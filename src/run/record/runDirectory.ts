/** @file The directory of a run in `.tandem/runs/`, and its record. */
import { lstatSync, mkdirSync, readdirSync, realpathSync } from 'node:fs';
import nodePath, { basename, join, resolve } from 'node:path';
import { TandemError, type Place } from '../../errors.ts';
import { isMissing, readTextFile } from '../../files.ts';
import { exactly, list, moment, object, optional, table, text } from '../../shape.ts';
import { kindOf } from '../../prompt/kinds/table.ts';
import { isInside, requirePromptInside } from './inside.ts';
import { readJournal } from './journal.ts';
import { readVersioned, writeVersioned } from './jsonFile.ts';
import type { RunSpec } from '../spec.ts';
import { runSpec } from './specShape.ts';
import { runOfVersionOne } from './versionOne.ts';
import { apply } from './fold.ts';
import { initialState, type RunState } from './state.ts';
import { isRealFolder, makeFolder, makeRealFolder, workspaceOf } from './tandemFolder.ts';

/** `run.json`: the options of the run, with paths relative to the workspace so that a moved workspace still resumes. */
export interface RunRecord {
  readonly version: 2;
  readonly spec: RunSpec;
  /** The prompt file's text when the run started. A resumed run continues from it, whatever the file contains now. */
  readonly source: string;
  /**
   * For a program, the texts of all its prompt files by their absolute paths, which are relative to the workspace in the file. A file that is
   * not among them does not belong to the run.
   */
  readonly sources?: Readonly<Record<string, string>>;
  /** SHA-256 of each data file and of each metric that is a module. A run does not resume if they have changed. */
  readonly data: Readonly<Record<string, string>>;
  /** ISO 8601. */
  readonly created: string;
  readonly resumed: readonly string[];
}

const runRecord = object<RunRecord>({
  version: exactly(2),
  spec: runSpec,
  source: text,
  sources: optional(table(text)),
  data: table(text),
  created: moment,
  resumed: list(text),
});

export interface RunDirectory {
  readonly workspace: string;
  readonly path: string;
  /** `<time>-<prompt>`: the directory's name. */
  readonly run: string;
  readonly journal: string;
  readonly adapters: string;
  readonly candidates: string;
  /** The answers of its writer. */
  readonly answers: string;
  readonly lock: string;
  readonly report: string;
  /** The decisions on its outcome. */
  readonly decisions: string;
  /** The result of the preflight before it. */
  readonly preflight: string;
}

/** Creates the directory of a new run and writes its `run.json`. @throws TandemError reasons 'outside-workspace', 'not-a-prompt', 'not-a-folder' */
export function createRun(spec: RunSpec, facts: Pick<RunRecord, 'source' | 'sources' | 'data'>, now = new Date()): RunDirectory {
  const workspace = workspaceOf(spec.prompt);
  requirePrompts(workspace, spec.prompt, facts, { file: spec.prompt });
  const stem = `${now.toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-')}-${promptName(spec.prompt)}`;
  const runs = makeFolder(workspace, 'runs');
  for (let copy = 1; ; copy++) {
    const run = copy === 1 ? stem : `${stem}-${copy}`;
    try {
      mkdirSync(join(runs, run));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
      throw error;
    }
    const directory = runDirectory(workspace, run);
    mkdirSync(directory.adapters);
    mkdirSync(directory.candidates);
    writeRecord(directory, { version: 2, spec, ...facts, created: now.toISOString(), resumed: [] });
    return directory;
  }
}

/**
 * The run of this name or path, or the latest of the workspace.
 * @throws TandemError reasons 'no-run', 'bad-run-folder' for one that is not a real folder in `.tandem/runs/` of its workspace
 */
export function findRun(from: string, name?: string): RunDirectory {
  const given = name === undefined ? undefined : resolve(from, name);
  if (given && isThere(join(given, 'run.json'))) return openDirectory(resolve(given, '..', '..', '..'), given);
  const workspace = workspaceOf(join(from, '_'));
  const runs = listRuns(workspace);
  const found = name === undefined ? runs.at(-1) : (runs.find((run) => run === name) ?? runs.findLast((run) => run.endsWith(`-${name}`)));
  if (found) return openDirectory(workspace, join(runsOf(workspace), found));
  throw new TandemError(
    'no-run',
    name === undefined ? `There are no runs in ${runsOf(workspace)}.` : `There is no run named '${name}' in ${runsOf(workspace)}.`,
    {
      hint: runs.length > 0 ? `Available runs: ${runs.join(', ')}.` : 'Start one: tandem optimize <prompt>',
    },
  );
}

/** Names of the workspace's runs, oldest first, including runs that cannot be read. */
export function listRuns(workspace: string): string[] {
  let names: string[];
  try {
    names = readdirSync(runsOf(workspace));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  return names.filter((run) => isThere(join(runsOf(workspace), run, 'run.json'))).sort();
}

/**
 * @returns the record with absolute paths
 * @throws TandemError reasons 'no-run', 'bad-file', 'newer-version', 'not-a-file', and 'outside-workspace' or 'not-a-prompt' for a prompt file
 * that may not be its subject
 */
export function readRecord({ workspace, path }: RunDirectory): RunRecord {
  const file = join(path, 'run.json');
  const record = readVersioned(file, 2, runRecord, { upgrade: runOfVersionOne });
  if (!record) throw new TandemError('no-run', 'No run was found here.', { where: { file } });
  const prompt = resolve(workspace, record.spec.prompt);
  const sources = record.sources && withPaths(record.sources, (each) => resolve(workspace, each));
  requirePrompts(workspace, prompt, { sources }, { file });
  const { adapter, warmStart, writer } = record.spec;
  const spec: RunSpec = {
    ...record.spec,
    prompt,
    ...(adapter !== undefined && { adapter: resolve(workspace, adapter) }),
    ...(isNamed(warmStart) && { warmStart: resolve(workspace, warmStart) }),
    ...(writer?.kind === 'recorded' && { writer: { ...writer, file: resolve(workspace, writer.file) } }),
  };
  return { ...record, ...(sources && { sources }), spec };
}

export function noteResumed(directory: RunDirectory, now = new Date()): void {
  const record = readRecord(directory);
  writeRecord(directory, { ...record, resumed: [...record.resumed, now.toISOString()] });
}

/** Changes the options in the record. Paths are absolute. */
export function amendSpec(directory: RunDirectory, changes: Pick<RunSpec, 'adapter' | 'warmStart'>): void {
  const record = readRecord(directory);
  writeRecord(directory, { ...record, spec: { ...record.spec, ...changes } });
}

/** Checks that the folders a run writes to are real ones, and creates missing ones. @throws TandemError reason 'not-a-folder' */
export function requireRunFolders({ adapters, candidates }: RunDirectory): void {
  for (const folder of [adapters, candidates]) makeRealFolder(folder);
}

/** The run's state from its journal. @throws TandemError those of readRecord, 'bad-journal' */
export function readState(directory: RunDirectory): RunState {
  // A run without a valid record, or of a prompt outside the workspace, is not shown at all.
  readRecord(directory);
  return readJournal(directory.journal).reduce(apply, initialState);
}

/** The lock of a workspace, which allows one run at a time. Its folder exists afterwards. */
export function workspaceLock(workspace: string): string {
  return join(makeFolder(workspace, 'runs'), 'lock');
}

/** `intent` for `prompts/intent.prompt.md`, `pdf` for `skills/pdf/SKILL.md`. */
export function promptName(file: string): string {
  return basename(kindOf(file)?.shortName(file) ?? file.replace(/(\.prompt)?\.\w+$/, '')).replace(/[^\p{L}\p{N}._-]+/gu, '-') || 'prompt';
}

/** Relative to the workspace, with forward slashes. */
export function portable(workspace: string, file: string, path: Pick<typeof nodePath, 'relative' | 'sep'> = nodePath): string {
  return path.relative(workspace, file).split(path.sep).join('/');
}

/** The text of a program's prompt file at the beginning of the run. @throws TandemError reason 'bad-file' if the file does not belong to the run */
export function sourceOf(sources: RunRecord['sources'], file: string): string {
  if (sources && Object.hasOwn(sources, file)) return sources[file];
  throw new TandemError('bad-file', `The record of the run is missing the text of ${file}, a step of its program.`, {
    hint: 'The record is damaged, or Tandem did not write it.',
  });
}

/** @throws TandemError reasons 'no-prompt', 'not-a-file', 'too-large' */
export function readSource(file: string): string {
  try {
    return readTextFile(file, { most: mostOfPrompt });
  } catch (cause) {
    if (cause instanceof TandemError) throw cause;
    throw new TandemError('no-prompt', `The prompt file ${file} does not exist.`, { cause });
  }
}

/** In bytes: far more than any model reads. */
const mostOfPrompt = 2 ** 24;

/** Every file that a run may change: its prompt file, or the program and the prompt files of its steps. */
function requirePrompts(workspace: string, prompt: string, { sources = {} }: Pick<RunRecord, 'sources'>, where: Place): void {
  requirePromptInside(workspace, prompt, 'its prompt file', where);
  for (const step of Object.keys(sources)) requirePromptInside(workspace, step, 'the prompt file of a step', where);
}

const withPaths = (sources: Readonly<Record<string, string>>, change: (file: string) => string): Record<string, string> =>
  Object.fromEntries(Object.entries(sources).map(([file, text]) => [change(file), text]));

/** The folder with the runs of a workspace. */
export const runsOf = (workspace: string): string => join(workspace, '.tandem', 'runs');

/** In the file, paths in the workspace are relative to it. */
function writeRecord({ workspace, path }: RunDirectory, { spec: asked, sources, ...rest }: RunRecord): void {
  // A run that someone sends along must not come with permission to run its code or to send rows somewhere.
  const { allowModules: _, writerConsent: _consent, ...spec } = asked;
  const { writer } = spec;
  const own = (file: string): string => (isInside(workspace, file) ? portable(workspace, file) : file);
  const portableSpec: RunSpec = {
    ...spec,
    prompt: portable(workspace, spec.prompt),
    ...(spec.adapter !== undefined && { adapter: own(spec.adapter) }),
    ...(isNamed(spec.warmStart) && { warmStart: own(spec.warmStart) }),
    ...(writer?.kind === 'recorded' && { writer: { ...writer, file: own(writer.file) } }),
  };
  const relative = sources && { sources: withPaths(sources, (file) => portable(workspace, file)) };
  writeVersioned(join(path, 'run.json'), { ...rest, spec: portableSpec, ...relative });
}

/** Whether it is a folder and not one of the words. */
const isNamed = (warmStart: string | undefined): warmStart is string =>
  warmStart !== undefined && warmStart !== 'auto' && warmStart !== 'none';

/** @throws TandemError reason 'bad-run-folder' */
function openDirectory(workspace: string, path: string): RunDirectory {
  const run = basename(path);
  const own = join(runsOf(workspace), run);
  const real = path === own && isRealFolder(own) && realpathSync(own) === join(realpathSync(workspace), '.tandem', 'runs', run);
  if (real) return runDirectory(workspace, run);
  throw new TandemError(
    'bad-run-folder',
    'This is not the folder of a run. A run is a real folder, not a link, in .tandem/runs/ of its workspace.',
    {
      where: { file: path },
      hint: 'Name a folder in .tandem/runs/. If you moved the run, move it back there together with its workspace.',
    },
  );
}

/** True also for a link that leads nowhere. */
const isThere = (path: string): boolean => {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
};

function runDirectory(workspace: string, run: string): RunDirectory {
  const path = join(runsOf(workspace), run);
  const within = (name: string): string => join(path, name);
  return {
    workspace,
    path,
    run,
    journal: within('journal.jsonl'),
    adapters: within('adapters'),
    candidates: within('candidates'),
    answers: within('writer.jsonl'),
    lock: within('lock'),
    report: within('report.md'),
    decisions: within('decisions.json'),
    preflight: within('preflight.json'),
  };
}

/** @file `.tandem/` in the workspace: where it is, and the directory of one run in it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import nodePath, { basename, dirname, join, resolve } from 'node:path';
import { TandemError } from '../errors.ts';
import { sweepTemporaries } from '../temporary.ts';
import { readJournal } from './journal.ts';
import { readVersioned, writeVersioned } from './jsonFile.ts';
import type { RunSpec } from './spec.ts';
import { apply, initialState, type RunState } from './state.ts';

/** `run.json`: what the run was asked, with paths relative to the workspace so that a moved workspace still resumes. */
export interface RunRecord {
  readonly version: 1;
  readonly spec: RunSpec;
  /** The prompt file's text when the run started; a resumed run goes on from it whatever the file says now. */
  readonly source: string;
  /** Of a program: the texts of its prompt files, by their absolute paths; relative to the workspace in the file. */
  readonly sources?: Readonly<Record<string, string>>;
  /** SHA-256 of each data file and of each metric that is a module: a run is not resumed on others. */
  readonly data: Readonly<Record<string, string>>;
  /** ISO 8601. */
  readonly created: string;
  readonly resumed: readonly string[];
}

export interface RunDirectory {
  readonly workspace: string;
  readonly path: string;
  /** `<time>-<prompt>`: the directory's name. */
  readonly run: string;
  readonly journal: string;
  readonly adapters: string;
  readonly candidates: string;
  readonly lock: string;
  readonly report: string;
  /** What was decided of its outcome. */
  readonly decisions: string;
}

/** The nearest folder above the file that has a `.tandem`, else the nearest that is a git repository, else the file's own. */
export function workspaceOf(file: string): string {
  return ancestorWith(dirname(resolve(file)), '.tandem') ?? ancestorWith(dirname(resolve(file)), '.git') ?? dirname(resolve(file));
}

/** Makes the directory of a new run and writes its `run.json`. */
export function createRun(spec: RunSpec, facts: Pick<RunRecord, 'source' | 'sources' | 'data'>, now = new Date()): RunDirectory {
  const workspace = workspaceOf(spec.prompt);
  makeTandemFolder(workspace);
  const stem = `${now.toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-')}-${promptName(spec.prompt)}`;
  const runs = runsOf(workspace);
  mkdirSync(runs, { recursive: true });
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
    const relativeSpec = { ...spec, prompt: portable(workspace, spec.prompt) };
    // A run that someone sends along must not bring the leave to run its code.
    delete relativeSpec.allowModules;
    writeRecord(directory, {
      version: 1,
      spec: relativeSpec,
      ...facts,
      ...portableSources(workspace, facts),
      created: now.toISOString(),
      resumed: [],
    });
    return directory;
  }
}

/**
 * The run of this name or path, or the latest of the workspace.
 * @throws TandemError reason 'no-run'
 */
export function findRun(from: string, name?: string): RunDirectory {
  const given = name === undefined ? undefined : resolve(from, name);
  if (given && existsSync(join(given, 'run.json'))) return runDirectory(resolve(given, '..', '..', '..'), basename(given));
  const workspace = workspaceOf(join(from, '_'));
  const runs = listRuns(workspace);
  const found = name === undefined ? runs.at(-1) : (runs.find((run) => run === name) ?? runs.findLast((run) => run.endsWith(`-${name}`)));
  if (found) return runDirectory(workspace, found);
  throw new TandemError(
    'no-run',
    name === undefined ? `There is no run in ${runsOf(workspace)}.` : `There is no run named '${name}' in ${runsOf(workspace)}.`,
    {
      hint: runs.length > 0 ? `There are: ${runs.join(', ')}.` : 'Start one with: tandem optimize <prompt>',
    },
  );
}

/** Names of the workspace's runs, oldest first. */
export function listRuns(workspace: string): string[] {
  if (!existsSync(runsOf(workspace))) return [];
  return readdirSync(runsOf(workspace))
    .filter((run) => existsSync(join(runsOf(workspace), run, 'run.json')))
    .sort();
}

/** @returns the record, its paths absolute. @throws TandemError reasons 'no-run', 'bad-file', 'newer-version' */
export function readRecord({ workspace, path }: RunDirectory): RunRecord {
  const record = readVersioned<RunRecord>(join(path, 'run.json'), 1);
  if (!record) throw new TandemError('no-run', 'There is no run here.', { where: { file: join(path, 'run.json') } });
  const { sources } = record;
  const absolute = sources && { sources: withPaths(sources, (file) => resolve(workspace, file)) };
  return { ...record, ...absolute, spec: { ...record.spec, prompt: resolve(workspace, record.spec.prompt) } };
}

export function noteResumed(directory: RunDirectory, now = new Date()): void {
  const record = readRecord(directory);
  const spec = { ...record.spec, prompt: portable(directory.workspace, record.spec.prompt) };
  writeRecord(directory, {
    ...record,
    ...portableSources(directory.workspace, record),
    spec,
    resumed: [...record.resumed, now.toISOString()],
  });
}

/** The run as its journal tells it. */
export function readState(directory: RunDirectory): RunState {
  return readJournal(directory.journal).reduce(apply, initialState);
}

/** Makes `.tandem/` with the `.gitignore` that keeps runs and cache out of git and accepted adapters and results in. */
export function makeTandemFolder(workspace: string): string {
  const folder = join(workspace, '.tandem');
  mkdirSync(folder, { recursive: true });
  if (!swept.has(workspace)) sweepTemporaries(folder, { deep: true });
  swept.add(workspace);
  const ignore = join(folder, '.gitignore');
  if (!existsSync(ignore)) writeFileSync(ignore, '/runs/\n/cache/\n');
  return folder;
}

/** Workspaces whose leftovers this process has looked for. */
const swept = new Set<string>();

/** The lock of a workspace: one run at a time. Its folder is there afterwards. */
export function workspaceLock(workspace: string): string {
  makeTandemFolder(workspace);
  mkdirSync(runsOf(workspace), { recursive: true });
  return join(runsOf(workspace), 'lock');
}

/** `intent` for `prompts/intent.prompt.md`. */
export function promptName(file: string): string {
  return (
    basename(file)
      .replace(/(\.prompt)?\.\w+$/, '')
      .replace(/[^\p{L}\p{N}._-]+/gu, '-') || 'prompt'
  );
}

/** Relative to the workspace, with forward slashes. */
export function portable(workspace: string, file: string, path: Pick<typeof nodePath, 'relative' | 'sep'> = nodePath): string {
  return path.relative(workspace, file).split(path.sep).join('/');
}

export function readSource(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new TandemError('no-prompt', `There is no prompt file ${file}.`, { cause });
  }
}

const withPaths = (sources: Readonly<Record<string, string>>, change: (file: string) => string): Record<string, string> =>
  Object.fromEntries(Object.entries(sources).map(([file, text]) => [change(file), text]));

const portableSources = (workspace: string, { sources }: Pick<RunRecord, 'sources'>): Pick<RunRecord, 'sources'> =>
  sources ? { sources: withPaths(sources, (file) => portable(workspace, file)) } : {};

const runsOf = (workspace: string): string => join(workspace, '.tandem', 'runs');

const writeRecord = (directory: RunDirectory, record: RunRecord): void => writeVersioned(join(directory.path, 'run.json'), record);

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
    lock: within('lock'),
    report: within('report.md'),
    decisions: within('decisions.json'),
  };
}

function ancestorWith(from: string, name: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, name))) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}

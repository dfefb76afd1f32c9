/** @file Opens everything that a prompt file or a program names: data, model, adapter, evaluator. The only place where the rooms are wired together. */
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { Row } from '../data/dataset.ts';
import { openDataset, type Splits } from '../data/openDataset.ts';
import { limitRows } from '../data/split.ts';
import { TandemError } from '../errors.ts';
import type { Cache } from '../evaluate/cache.ts';
import { calibrationRows } from '../evaluate/calibration.ts';
import type { Task } from '../evaluate/evaluation.ts';
import type { Evaluator } from '../evaluate/evaluator.ts';
import { withEnds, withFittedEnds } from '../evaluate/answerEnds.ts';
import { makeProgramEvaluator, type ProgramEvaluator } from '../evaluate/programEvaluator.ts';
import { originOf, taskFor } from '../evaluate/taskFor.ts';
import type { Adapter } from '../model/adapter.ts';
import type { OpenedModel } from '../model/trainableModel.ts';
import type { AnswerEnds } from '../prompt/decoding.ts';
import { loadAdapter } from '../model/files/peft.ts';
import { modelsFolder } from '../model/store/home.ts';
import { locateModel } from '../model/sources/table.ts';
import { checkKeys } from '../prompt/missingKeys.ts';
import { checkProgram, placed, type Program } from '../prompt/program.ts';
import { checkColumns, type PromptFile } from '../prompt/promptFile.ts';
import { cacheOnDisk, forgetfulCache } from './answerCache.ts';
import { answeringModel, answerNotices } from './answerNotices.ts';
import { leakNotices, skipNotices } from './dataNotices.ts';
import { openPrompt, samplesOf, stepTask, type PromptTexts } from './openPrompt.ts';
import type { SessionSpec } from './spec.ts';
import { workspaceOf } from './record/tandemFolder.ts';
import { testRows, validationRows } from './measuredRows.ts';
import type { Interrupt } from './worker/interrupt.ts';
import { loadModules } from './metricModules.ts';
import type { ModelKeeper } from './worker/modelKeeper.ts';
import { openModel } from './worker/openModel.ts';
import { rowDefects } from './rowDefects.ts';
import { priceMeter, type PriceMeter } from './price.ts';
import { chatDateOf, chatNotices, withDate } from './chat.ts';
import { portable } from './record/runDirectory.ts';
import { requireNothingForeign } from './trust.ts';

export interface Session {
  readonly workspace: string;
  /** For a program, the whole of it, as if it were one prompt file. */
  readonly file: PromptFile;
  readonly program?: Program;
  readonly model: OpenedModel;
  /** The name by which `peft` finds an adapter's base model. */
  readonly modelSource: string;
  /** Milliseconds for finding the model, including its download if it was missing. */
  readonly fetching: number;
  readonly threads: number;
  readonly evaluator: Evaluator;
  /** How long free-text answers may be and what ends them, step by step; null for a step that chooses labels. */
  readonly answerEnds: readonly (AnswerEnds | null)[];
  /** The same evaluator with an empty cache. */
  readonly freshEvaluator: () => Evaluator;
  /** Measures the price of an answer. */
  readonly price: PriceMeter;
  /** For a program, what coordinators need in addition to the evaluator. */
  readonly programEvaluator?: ProgramEvaluator;
  /** The date that the chat template is given, YYYY-MM-DD. Absent if it reads none. */
  readonly chatDate?: string;
  /** The adapter that the prompt file or the caller names. */
  readonly adapter?: Adapter;
  readonly trainset: readonly Row[];
  readonly valset: readonly Row[];
  /** The number of rows that openTest returns. */
  readonly testSize: number;
  /** Opens the sealed test split. */
  openTest(reason: string): readonly Row[];
  /** SHA-256 of each data file, by its path in the workspace. */
  readonly dataHashes: Readonly<Record<string, string>>;
  /** The same for each metric that is a module. */
  readonly moduleHashes: Readonly<Record<string, string>>;
  /** Warnings for people about prompt and data, and about what could not be kept on disk. */
  readonly notices: readonly string[];
  /** Adds a notice. */
  readonly warn: (notice: string) => void;
  /** Drops the answers cached since the last call. Only for a forgetful session. */
  readonly forget: () => void;
  dispose(): Promise<void>;
}

export interface SessionOptions extends PromptTexts {
  /**
   * Keep answers in memory only, until `forget`. A run needs this: the last bits of an answer depend on what it was batched with, so a
   * resumed run gives the same journal only if both start a phase with an empty cache.
   */
  readonly forgetful?: boolean;
  /** Ends that a resumed run decided earlier; 'as-ever' if the run began before ends were derived from the training answers. */
  readonly answerEnds?: readonly (AnswerEnds | null)[] | 'as-ever';
  /** Called with work that takes time, e.g. loading the model, and with the share that is done if it is known. */
  readonly onBusy?: (what: string, share?: number) => void;
  /** Holds or loads the model, and disposes of it when it is no longer needed. By default the session does. */
  readonly models?: ModelKeeper;
  /** Aborting it ends a download; an AbortError is thrown then. */
  readonly signal?: AbortSignal;
  /** What may end the model's current work. */
  readonly interrupt?: Interrupt;
  /** Called once the data is read, before the model is located. May refuse. */
  readonly onRead?: (read: { readonly file: PromptFile; readonly valset: readonly Row[] }) => void;
}

/** @throws TandemError whatever is wrong with prompt file, data, model or adapter; 'untrusted-workspace' for what may not be loaded */
export async function openSession(spec: SessionSpec, options: SessionOptions = {}): Promise<Session> {
  const { forgetful = false, onBusy, models, signal, interrupt, onRead } = options;
  const workspace = workspaceOf(spec.prompt);
  const { file, program } = openPrompt(spec.prompt, options);
  if (spec.untrusted) requireNothingForeign(file);
  onBusy?.('Reading the data');
  const files = program ? program.steps : [file];
  const opened = await openDataset(file.settings, spec.prompt, { skipBad: spec.skipBadRows === true });
  const read = opened.filled(samplesOf(files, opened.columns));
  const defects = program
    ? checkProgram(program, read.columns)
    : checkColumns(file, read.columns).map((problem) => ({ ...problem, path: file.path }));
  const defect = defects.find(({ severity }) => severity === 'error');
  if (defect) throw placed('bad-prompt-file', defect.path, defect);
  const modules = await loadModules(file, spec.allowModules === true && !spec.untrusted);
  const measured = [...read.train, ...read.val];
  const earlier = program ? program.steps.slice(0, -1).map((step) => stepTask(step, measured)) : [];
  const last = taskFor(file, measured, modules.metrics);
  const unended = [...earlier, program ? { ...last, origin: originOf(program.steps[earlier.length]) } : last].map((task) =>
    withDate(task, spec.chatDate),
  );
  const adapterPath = spec.adapter ?? (file.settings.adapter && resolve(dirname(spec.prompt), file.settings.adapter));
  const adapter = adapterPath ? await loadAdapter(adapterPath) : undefined;
  if (adapter?.steps && adapter.steps.length !== unended.length) throw otherSteps(adapterPath!, adapter.steps.length, unended.length);
  onRead?.({ file, valset: validationRows(read, spec.rows) });
  onBusy?.('Loading the model');
  const threads = spec.threads ?? defaultThreads();
  const asked = performance.now();
  const modelSource = await locateModel(spec.model ?? file.settings.model, {
    // A folder of the workspace may have the embedded model's name.
    cwd: spec.untrusted ? modelsFolder() : dirname(spec.prompt),
    workspaces: [workspace],
    onProgress: ({ what, received, total }) => onBusy?.(`Downloading ${what}`, total && received / total),
    ...(signal && { signal }),
  });
  const fetching = performance.now() - asked;
  signal?.throwIfAborted();
  const model = await (models
    ? models.open(modelSource, spec.executor, threads, spec.weights, interrupt)
    : openModel(modelSource, spec.executor, threads, spec.weights, interrupt));
  const dispose = async (): Promise<void> => (models ? model.forget() : model.dispose());
  let tasks: readonly Task[];
  let splits: Splits;
  try {
    tasks = unended.map((task, step): Task => {
      const { decoding } = files[step].settings;
      const known = options.answerEnds === 'as-ever' ? task.decoding : options.answerEnds?.[step];
      return known ? withEnds(task, decoding, known) : withFittedEnds(task, decoding, read.train, answeringModel(model, task));
    });
    splits = read.without(rowDefects(model, tasks, file.prompt));
  } catch (error) {
    await dispose();
    throw error;
  }
  const { rows, seed } = spec;
  const trainset = limitRows(splits.train, rows.train ?? Infinity, seed, file.settings.labels ? { balance: file.settings.output } : {});
  const valset = validationRows(splits, rows);
  const portableHashes = (hashes: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(hashes).map(([path, hash]) => [portable(workspace, path), hash]));
  const keys = files.flatMap((each) =>
    checkKeys(
      each,
      [...trainset, ...valset].map(({ values }) => values),
    ),
  );
  const notices = [...file.problems, ...defects, ...keys]
    .filter(({ severity }) => severity === 'warning')
    .map(({ message }) => message)
    .concat(answerNotices({ workspace, files, tasks, read, model }))
    .concat(skipNotices(splits, workspace), leakNotices(splits), chatNotices(files, model));
  const chatDate = chatDateOf(tasks, model);
  const warn = (notice: string): void => void notices.push(notice);
  const cache = forgetful ? forgetfulCache() : { ...(await cacheOnDisk(workspace, warn)), forget: () => {} };
  const makeWith = (known?: Cache, unlearned = valset): ProgramEvaluator =>
    makeProgramEvaluator({ model, tasks, ...(known && { cache: known }), calibrationRows: calibrationRows(unlearned, trainset) });
  const evaluator = makeWith(cache);
  return {
    workspace,
    file,
    ...(program && { program, programEvaluator: evaluator }),
    model,
    modelSource,
    fetching,
    threads,
    evaluator,
    answerEnds: tasks.map(({ labels, decoding: { maxTokens, stop } }) => (labels ? null : { maxTokens, stop })),
    freshEvaluator: () => makeWith(),
    price: priceMeter(model, evaluator, (known) => makeWith(known, []), trainset[0]),
    ...(chatDate !== undefined && { chatDate }),
    ...(adapter && { adapter }),
    trainset,
    valset,
    testSize: Math.min(splits.test.size, rows.test ?? Infinity),
    openTest: (reason) => testRows(splits, rows, reason),
    dataHashes: portableHashes(Object.fromEntries(splits.files.map((path, place) => [path, splits.hashes[place]]))),
    moduleHashes: portableHashes(modules.hashes),
    notices,
    warn,
    forget: () => {
      cache.forget();
      model.forget();
    },
    dispose,
  };
}

function otherSteps(file: string, steps: number, asked: number): TandemError {
  const count = (n: number): string => (n === 1 ? 'one step' : `${n} steps`);
  return new TandemError('adapter-mismatch', `The adapter belongs to a program with ${count(steps)}, but this one has ${count(asked)}.`, {
    where: { file },
    hint: 'Name the folder of one of its steps, or tune again.',
  });
}

export const defaultThreads = (): number => availableParallelism();

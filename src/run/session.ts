/** @file Opens everything that a prompt file or a program names: data, model, adapter, evaluator. The one place where the rooms are wired together. */
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { Row } from '../data/dataset.ts';
import { mostCompared, openDataset, type Splits } from '../data/openDataset.ts';
import { limitRows } from '../data/split.ts';
import { describeError, TandemError } from '../errors.ts';
import { memoryCache, openCache, type Cache } from '../evaluate/cache.ts';
import { calibrationRows } from '../evaluate/calibration.ts';
import { haveAnswers, type Task } from '../evaluate/evaluation.ts';
import type { Evaluator } from '../evaluate/evaluator.ts';
import { withEnds, withFittedEnds } from '../evaluate/answerEnds.ts';
import { makeProgramEvaluator, type ProgramEvaluator } from '../evaluate/programEvaluator.ts';
import { originOf, taskFor } from '../evaluate/taskFor.ts';
import type { Adapter, LoraConfig } from '../model/adapter.ts';
import type { TrainableModel } from '../model/trainableModel.ts';
import type { AnswerEnds } from '../prompt/decoding.ts';
import { loadAdapter } from '../model/files/peft.ts';
import { adapterOfStep } from '../model/stepAdapters.ts';
import { modelsFolder } from '../model/store/home.ts';
import { resolveModel } from '../model/store/store.ts';
import { alternatingDefaults } from '../optimize/alternatingPhase.ts';
import { attributeStates } from '../optimize/attribution.ts';
import type { Coordinator, OptimizationContext } from '../optimize/coordinator.ts';
import type { Curriculum, Pacing } from '../optimize/curriculum.ts';
import { defaultObjective } from '../optimize/objective.ts';
import { shortest } from '../optimize/shorten.ts';
import { withWarmStart, type WarmStart } from '../optimize/warmStart.ts';
import type { LocalTrainer } from '../optimize/localTrainer.ts';
import { loraFor, loraTrainer } from '../optimize/loraTrainer.ts';
import { answeredBy } from '../optimize/ownAnswers.ts';
import { checkKeys } from '../prompt/missingKeys.ts';
import { stepsOf } from '../prompt/prompt.ts';
import { checkProgram, placed, type Program } from '../prompt/program.ts';
import { checkColumns, type PromptFile } from '../prompt/promptFile.ts';
import { answeringModel, answerNotices, requireAnswers } from './answerNotices.ts';
import { coordinatorName, coordinatorNotices, makeCoordinator } from './coordinators.ts';
import { explainedError, isUnwritable } from './record/fileErrors.ts';
import { loraText } from './words/format.ts';
import { testRows, validationRows } from './measuredRows.ts';
import type { Interrupt } from './worker/interrupt.ts';
import { loadModules } from './metricModules.ts';
import { openModel, type ModelKeeper } from './worker/modelKeeper.ts';
import type { Rate } from './execute.ts';
import { openPrompt, stepTask, withSamples, type PromptTexts } from './openPrompt.ts';
import { rowDefects } from './rowDefects.ts';
import { priceMeter, type PriceMeter } from './price.ts';
import { chatDateOf, chatNotices, withDate } from './chat.ts';
import { portable } from './record/runDirectory.ts';
import type { CoordinatorName, TuneChoice, RunSpec, SessionSpec } from './spec.ts';
import { makeFolder, workspaceOf } from './record/tandemFolder.ts';
import { requireNothingForeign } from './trust.ts';

export interface Session {
  readonly workspace: string;
  /** Of a program: the whole of it, as if it were one prompt file. */
  readonly file: PromptFile;
  readonly program?: Program;
  readonly model: TrainableModel;
  /** How `peft` finds the base model of an adapter. */
  readonly modelSource: string;
  /** Milliseconds that finding the model took, and its download, if it was not there. */
  readonly fetching: number;
  readonly threads: number;
  readonly evaluator: Evaluator;
  /** How long answers of free text may be and what ends them, step by step; null of a step that chooses labels. */
  readonly answerEnds: readonly (AnswerEnds | null)[];
  /** The same that remembers nothing yet. */
  readonly freshEvaluator: () => Evaluator;
  /** What measures the price of an answer. */
  readonly price: PriceMeter;
  /** Of a program: what coordinators need beyond the evaluator. */
  readonly programEvaluator?: ProgramEvaluator;
  /** The day that the chat template is told, YYYY-MM-DD; absent where it asks for none. */
  readonly chatDate?: string;
  /** The one that the prompt file or the caller names. */
  readonly adapter?: Adapter;
  readonly trainset: readonly Row[];
  readonly valset: readonly Row[];
  /** Rows that openTest gives. */
  readonly testSize: number;
  /** Opens the sealed test split. */
  openTest(reason: string): readonly Row[];
  /** SHA-256 of each data file, by its path in the workspace. */
  readonly dataHashes: Readonly<Record<string, string>>;
  /** The same of each metric that is a module. */
  readonly moduleHashes: Readonly<Record<string, string>>;
  /** Warnings for people about prompt and data, and about what could not be kept on the disk. */
  readonly notices: readonly string[];
  /** Adds one. */
  readonly warn: (notice: string) => void;
  /** Drops the answers remembered since the last time; of a forgetful session only. */
  readonly forget: () => void;
  dispose(): Promise<void>;
}

export interface SessionOptions extends PromptTexts {
  /**
   * Remember answers in memory only, until `forget`. A run needs it: the last bits of an answer hang on what it was computed together
   * with, so a resumed run gives the same journal only if both start a phase knowing nothing.
   */
  readonly forgetful?: boolean;
  /** Ends that were decided before, by a run that goes on; 'as-ever': it began before they came from the training answers. */
  readonly answerEnds?: readonly (AnswerEnds | null)[] | 'as-ever';
  /** Hears what takes time, e.g. the loading of the model, and which share of it is done where that is known. */
  readonly onBusy?: (what: string, share?: number) => void;
  /** Who has the model, or loads it, and disposes of it when it is no longer needed; else the session does. */
  readonly models?: ModelKeeper;
  /** Aborting it ends a download; an AbortError is thrown then. */
  readonly signal?: AbortSignal;
  /** What may end work of the model that is under way. */
  readonly interrupt?: Interrupt;
  /** Called once the data is read, before a model is looked for; may refuse. */
  readonly onRead?: (read: { readonly file: PromptFile; readonly valset: readonly Row[] }) => void;
}

/** @throws TandemError whatever is wrong with prompt file, data, model or adapter; 'untrusted-workspace' for what may not be loaded */
export async function openSession(spec: SessionSpec, options: SessionOptions = {}): Promise<Session> {
  const { forgetful = false, onBusy, models, signal, interrupt, onRead } = options;
  const workspace = workspaceOf(spec.prompt);
  const { file, program } = openPrompt(spec.prompt, options);
  if (spec.untrusted) requireNothingForeign(file);
  onBusy?.('Reading the data');
  const opened = await openDataset(file.settings, spec.prompt, { skipBad: spec.skipBadRows === true });
  const files = program ? program.steps : [file];
  const read = withSamples(opened, files);
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
  const modelSource = await resolveModel(spec.model ?? file.settings.model, {
    // A folder of the workspace may have the embedded model's name.
    cwd: spec.untrusted ? modelsFolder() : dirname(spec.prompt),
    workspaces: [workspace],
    onProgress: ({ what, received, total }) => onBusy?.(`Downloading ${what}`, total && received / total),
    ...(signal && { signal }),
  });
  const fetching = performance.now() - asked;
  signal?.throwIfAborted();
  const model = await (models
    ? models.open(modelSource, spec.executor, threads)
    : openModel(modelSource, spec.executor, threads, interrupt));
  const dispose = async (): Promise<void> => (models ? model.forget() : model.dispose());
  let tasks: readonly Task[];
  let splits: Splits;
  try {
    tasks = unended.map((task, step): Task => {
      const { decoding } = files[step].settings;
      const known = options.answerEnds === 'as-ever' ? task.decoding : options.answerEnds?.[step];
      return known ? withEnds(task, decoding, known) : withFittedEnds(task, decoding, read.train, answeringModel(model, task));
    });
    splits = withSamples(opened.without(rowDefects(model, tasks, file.prompt)), files);
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
    .concat(answerNotices({ workspace, files, tasks, opened, read, model }))
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

/**
 * How fast this machine is on this task: some training rows are scored and, if the weights may change, some training steps taken, each
 * after a first one that only warms up. Half of the tokens are assumed to go into either.
 */
export async function measureRate(session: Session, { trainer }: Optimizer, target: TuneChoice): Promise<Rate> {
  const few = await rowsToTime(session);
  const scoring = await scoringRate(session, few);
  if (target === 'prompt') return scoring;
  const { file, programEvaluator } = session;
  const first = session.trainset.slice(0, Math.min(few, alternatingDefaults.batchRows));
  const candidate = { prompt: file.prompt, adapter: session.adapter };
  const traced = programEvaluator ? (await programEvaluator.trace(candidate, first)).rows : first;
  const isAnswered = haveAnswers(traced, trainer.outputColumn);
  const trainset = isAnswered
    ? traced
    : answeredBy(traced, (await session.freshEvaluator().evaluate(candidate, first)).rows, trainer.outputColumn);
  const own = adapterOfStep(session.adapter, (programEvaluator?.steps.length ?? 1) - 1);
  const training = trainer.start(own ?? trainer.fresh(0), { seed: 0, weightPenalty: 0 });
  // Where both are tuned, the first steps are taken under what is left of the prompt without its instruction.
  const shown = target === 'both' ? (shortest(file.prompt) ?? file.prompt) : file.prompt;
  const batch = trainset.map((row) => trainer.example(shown, row));
  await training.step(batch, 0);
  const begun = performance.now();
  const { tokens } = await training.step(batch, 0);
  const stepping = (3 * tokens * 1000) / (performance.now() - begun);
  return { ...scoring, tokensPerSecond: 2 / (1 / scoring.tokensPerSecond + 1 / stepping) };
}

/** 64 rows, or of long ones as many as would cost some 8,000 tokens one by one. */
async function rowsToTime({ freshEvaluator, file, trainset }: Session): Promise<number> {
  const { tokensUsed } = await freshEvaluator().evaluate({ prompt: file.prompt }, trainset.slice(0, 1));
  return Math.max(1, Math.min(64, Math.floor(8000 / tokensUsed)));
}

async function scoringRate({ freshEvaluator, file, trainset }: Session, few: number): Promise<Rate> {
  // Answers that are known would cost no time.
  const fresh = freshEvaluator();
  const candidate = { prompt: file.prompt };
  const warming = Math.min(8, few);
  await fresh.evaluate(candidate, trainset.slice(0, warming));
  const rows = trainset.length > 2 * warming ? trainset.slice(warming, warming + few) : trainset;
  const begun = performance.now();
  const { tokensUsed } = await fresh.evaluate(candidate, rows);
  return { tokensPerSecond: (tokensUsed * 1000) / (performance.now() - begun), tokensPerRow: tokensUsed / rows.length };
}

/** Answers are cached on disk if possible; if not, they are only computed again the next time. */
async function cacheOnDisk(workspace: string, warn: (notice: string) => void): Promise<Cache> {
  const tell = (error: unknown): void => {
    if (!isUnwritable(error)) throw error;
    warn(`The cache cannot be written, so answers will be computed again: ${describeError(explainedError(error)).split('\n', 1)[0]}`);
  };
  let told = false;
  try {
    const cache = await openCache(makeFolder(workspace, 'cache'));
    return {
      ...cache,
      flush: () =>
        cache.flush().catch((error: unknown) => {
          if (!told) tell(error);
          told = true;
        }),
    };
  } catch (error) {
    tell(error);
    return memoryCache();
  }
}

function forgetfulCache(): Cache & { forget: () => void } {
  let known = memoryCache();
  return {
    get: (key) => known.get(key),
    set: (key, value) => known.set(key, value),
    flush: () => known.flush(),
    forget: () => void (known = memoryCache()),
  };
}

function skipNotices({ bad }: Splits, workspace: string): string[] {
  if (bad.length === 0) return [];
  const places = bad
    .slice(0, 3)
    .map(({ where, message }) => `${portable(workspace, where!.file)}:${where!.line}: ${message.replace(/\.$/, '')}`);
  const more = bad.length > places.length ? `; and ${bad.length - places.length} more` : '';
  return [`Skipped ${bad.length} bad ${bad.length === 1 ? 'row' : 'rows'}: ${places.join('; ')}${more}.`];
}

function leakNotices(splits: Splits): string[] {
  const leaks = splits.leaks();
  if (leaks.length === 0) return [];
  const [{ a, b }] = leaks;
  const rows = leaks.length === 1 ? '1 pair of rows is' : `${leaks.length} pairs of rows are`;
  const ofSome = [splits.train.length, splits.val.length, splits.test.size].some((count) => count > mostCompared);
  const among = ofSome ? ` (of at most ${mostCompared} rows compared in each)` : '';
  return [
    `${rows} nearly identical across two splits${among}, for example line ${a.row.line} in ${a.split} and line ${b.row.line} in ${b.split}. Scores may be too high.`,
  ];
}

export interface Optimizer {
  readonly coordinator: Coordinator;
  readonly coordinatorName: CoordinatorName;
  readonly program?: OptimizationContext['program'];
  readonly trainer: LocalTrainer;
  readonly objective: OptimizationContext['objective'];
  /** The 2x2 comparison on the test rows. */
  readonly attribute: typeof attributeStates;
  /** What the run cannot do as it was asked, for people. */
  readonly notices: readonly string[];
}

/** What the run asks for, from a learned start if there is one. @throws TandemError reasons 'bad-lora', 'not-for-programs' */
export function openOptimizer(session: Session, spec: RunSpec, warm?: WarmStart): Optimizer {
  const { model, evaluator, adapter, file, programEvaluator } = session;
  const { tune } = spec;
  const name = coordinatorName(spec, file);
  const lora = loraFor(spec.lora, adapter);
  if (name === 'simultaneous') requireAnswers('A soft prompt', session);
  if (spec.schedule === 'baseline:lora-on-gold') requireAnswers('LoRA on gold', session);
  return {
    coordinator: withWarmStart(makeCoordinator(name, spec), warm),
    coordinatorName: name,
    trainer: loraTrainer(model, programEvaluator?.steps ?? evaluator.task, lora),
    ...(programEvaluator && { program: { tasks: programEvaluator.steps, trace: programEvaluator.trace } }),
    objective: defaultObjective,
    attribute: attributeStates,
    notices: [
      ...(spec.lora ? loraNotices(spec.lora, tune, adapter) : []),
      ...coordinatorNotices(name, spec, stepsOf(file.prompt).length, adapter),
    ],
  };
}

/** What is asked, with the defaults for what is not. */
export function curriculumOf({ curriculum, pacing }: RunSpec): { readonly of: Curriculum; readonly pacing: Pacing } {
  return { of: curriculum ?? alternatingDefaults.curriculum, pacing: pacing ?? alternatingDefaults.pacing };
}

/** An adapter that is there keeps rank, alpha and targets: its matrices mean nothing with others. */
function loraNotices(asked: Partial<LoraConfig>, target: TuneChoice, start: Adapter | undefined): string[] {
  if (target === 'prompt') return [`Only the prompt is tuned, so the LoRA options (${loraText(asked)}) have no effect.`];
  const kept = loraText({ ...start?.config, dropout: undefined });
  if (!start || kept === loraText({ ...start.config, ...asked, dropout: undefined })) return [];
  return [
    `Training continues from the adapter ${start.id} with its own settings (${kept}). Your LoRA options (${loraText(asked)}) apply only to new adapters. To start with a new one, remove \`adapter\` from the prompt file.`,
  ];
}

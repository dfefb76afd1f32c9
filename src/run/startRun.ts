/** @file Starts and resumes runs in this process; the worker calls it, and who uses the API. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Row } from '../data/dataset.ts';
import { isModule } from '../prompt/answersNeeded.ts';
import { checkedLora } from '../model/adapter.ts';
import { stepsOf, type Prompt } from '../prompt/prompt.ts';
import type { PromptFile } from '../prompt/promptFile.ts';
import { applyPrompt } from '../prompt/writePrompt.ts';
import { describeError, TandemError } from '../errors.ts';
import { readFileBytes } from '../files.ts';
import manifest from '../../package.json' with { type: 'json' };
import { withWarmStart } from '../optimize/warmStart.ts';
import { adapterFolder } from './record/adapterFolder.ts';
import { chooseControl, measureControl } from '../optimize/baselines/controls.ts';
import { controlNames } from '../optimize/baselines/names.ts';
import type { JournalLine, RunConfig } from './record/events.ts';
import { executeRun, type Execution, type Rate, type RunWriter } from './execute.ts';
import { explainedError } from './record/fileErrors.ts';
import { leastMeasurements } from './coordinators.ts';
import type { AskHost } from './editorWriter.ts';
import type { Interrupt } from './worker/interrupt.ts';
import { clockFrom } from './record/journal.ts';
import { requireBudgetForStep, requireBudgetForWords } from './leastBudget.ts';
import { pruneWorkspace } from './record/pruneRuns.ts';
import { writeReport } from './words/reportFile.ts';
import { acquireLock } from './record/lock.ts';
import { writeFileAtomically } from './record/jsonFile.ts';
import { keepStarts, requireOwnStarts } from './ownStarts.ts';
import { hashText } from './record/results.ts';
import { candidateFile } from './record/candidateFile.ts';
import {
  createRun,
  noteResumed,
  portable,
  readRecord,
  readSource,
  readState,
  requireRunFolders,
  workspaceLock,
  type RunDirectory,
} from './record/runDirectory.ts';
import { workspaceOf } from './record/tandemFolder.ts';
import { curriculumOf, defaultThreads, measureRate, openOptimizer, openSession, type Session, type SessionOptions } from './session.ts';
import { atMost, fewRowsNotice } from './rowPlan.ts';
import { openWriter } from './openWriter.ts';
import { checkedBudget, type CoordinatorName, type RunSpec } from './spec.ts';
import type { RunState } from './record/state.ts';
import { warmStartFor } from './warmStarts.ts';
import { checkedGate, worthOf } from './worthAsked.ts';

export interface RunHooks {
  readonly onOpened?: (directory: RunDirectory) => void;
  readonly onLine?: (line: JournalLine, replayed: boolean) => void;
  readonly onBusy?: (what: string, share?: number) => void;
  /** Asks whoever started this process, for a writer of theirs. */
  readonly ask?: AskHost;
  /** Aborting it ends the run: what was accepted so far stands. */
  readonly signal?: AbortSignal;
}

/** A new run from start to end. @throws TandemError whatever is wrong with prompt, data or model, before a directory is made */
export async function startRun(asked: RunSpec, hooks: RunHooks = {}): Promise<{ directory: RunDirectory; state: RunState }> {
  const waiting = clockFrom(asked.used);
  checkedLora(asked.lora ?? {});
  checkedGate(asked.gate ?? {});
  const budget = checkedBudget(asked.budget);
  const source = readSource(asked.prompt);
  const spec = { ...asked, budget, threads: asked.threads ?? defaultThreads() };
  return alone(workspaceOf(spec.prompt), spec, hooks, async () => {
    const { signal, onBusy, ask } = hooks;
    const interrupt: Interrupt = { check: () => signal?.throwIfAborted() };
    const writer = await openWriter(spec, { mustAnswer: true, ask, signal, onBusy });
    const onRead: SessionOptions['onRead'] = (read) => requireBudgetForWords(spec, read);
    const session = await openSession(spec, { source, forgetful: true, onBusy, signal, interrupt, onRead });
    const waited = (): number => waiting() - session.fetching;
    try {
      onBusy?.('Measuring the speed of this machine');
      const rate = await measureRate(session, openOptimizer(session, spec), spec.tune);
      const facts = { file: session.file, val: session.valset.length, test: session.testSize };
      const { prompt } = session.file;
      await requireBudgetForStep(spec, rate, facts, waited, async (rows) => {
        const { tokensUsed } = await session.freshEvaluator().evaluate({ prompt, adapter: session.adapter }, atMost(session.valset, rows));
        return tokensUsed;
      });
      const directory = createRun(
        { ...spec, ...(session.chatDate !== undefined && { chatDate: session.chatDate }) },
        { source, ...sourcesOf(session), data: { ...session.dataHashes, ...session.moduleHashes } },
      );
      await keepStarts(directory, spec, session);
      await tidy(directory, spec, session);
      return await work(directory, spec, session, { ...hooks, interrupt, waited, rate, writer });
    } finally {
      await session.dispose();
    }
  });
}

/**
 * Continues a run that was killed or failed, from its last checkpoint.
 * @throws TandemError reasons 'run-ended', 'run-locked', 'data-changed', 'model-changed', and those of openSession
 */
export async function resumeRun(
  directory: RunDirectory,
  { allowModules, writerConsent, ...hooks }: RunHooks & Pick<RunSpec, 'allowModules' | 'writerConsent'> = {},
): Promise<{ directory: RunDirectory; state: RunState }> {
  const { spec: asked, source, sources = {}, data, created } = readRecord(directory);
  // Versions that kept no day told templates the one on which they ran.
  const spec: RunSpec = { ...asked, chatDate: asked.chatDate ?? created.slice(0, 10), allowModules, writerConsent };
  const waiting = clockFrom();
  if (readState(directory).status === 'ended') {
    throw new TandemError('run-ended', `The run ${directory.run} has already ended.`, {
      hint: `See its report: tandem report ${directory.run}`,
    });
  }
  requireOwnStarts(directory, spec);
  return alone(directory.workspace, spec, hooks, async () => {
    requireSameData(directory, data);
    const { config } = readState(directory);
    const answerEnds = config && (config.answerEnds ?? 'as-ever');
    const { signal, onBusy, ask } = hooks;
    const interrupt: Interrupt = { check: () => signal?.throwIfAborted() };
    const writer = await openWriter(spec, { mustAnswer: false, ask, signal, onBusy });
    const session = await openSession(spec, {
      source,
      sources,
      forgetful: true,
      onBusy,
      signal,
      interrupt,
      ...(answerEnds && { answerEnds }),
    });
    const waited = (): number => waiting() - session.fetching;
    try {
      requireSameModel(directory, session);
      noteResumed(directory);
      return await work(directory, spec, session, { ...hooks, interrupt, waited, writer });
    } finally {
      await session.dispose();
    }
  });
}

/** What cannot be tidied away is no reason not to run. */
async function tidy({ workspace }: RunDirectory, { keepRuns }: RunSpec, { warn }: Session): Promise<void> {
  try {
    await pruneWorkspace(workspace, { keep: keepRuns });
  } catch (error) {
    warn(`Old runs could not be removed: ${describeError(explainedError(error)).split('\n', 1)[0]}`);
  }
}

/** Two runs would share the machine's cores and memory, and be slower than one after the other; each would mismeasure its rate. */
async function alone<T>(workspace: string, { prompt }: RunSpec, { onBusy, signal }: RunHooks, work: () => Promise<T>): Promise<T> {
  const release = await acquireLock(workspaceLock(workspace), {
    work: `the run of ${portable(workspace, prompt)}`,
    rule: 'Only one run at a time can work in a workspace.',
    ...(onBusy && { onWait: onBusy }),
    ...(signal && { signal }),
  });
  try {
    return await work();
  } finally {
    release();
  }
}

/** How the run is driven, beside what its surroundings hear of it. */
interface Working extends RunHooks, Pick<Execution, 'interrupt' | 'waited'> {
  /** Where it has been measured already. */
  readonly rate?: Rate;
  readonly writer?: RunWriter;
}

async function work(
  directory: RunDirectory,
  spec: RunSpec,
  session: Session,
  hooks: Working,
): Promise<{ directory: RunDirectory; state: RunState }> {
  hooks.onOpened?.(directory);
  requireRunFolders(directory);
  const warm = await warmStartFor(session, spec);
  const optimizer = openOptimizer(session, spec, warm);
  const { coordinator, trainer, objective, attribute, program } = optimizer;
  const onLine = (line: JournalLine, replayed: boolean): void => {
    if (line.type === 'candidateProposed') writeCandidate(directory, session, line.candidate, line.prompt);
    hooks.onLine?.(line, replayed);
  };
  const { data } = readRecord(directory);
  const testRows = (opener: string, most: number): Row[] => atMost(session.openTest(`${opener} of run ${directory.run}`), most);
  const { interrupt, waited, rate, writer } = hooks;
  let state: RunState;
  try {
    state = await executeRun({
      directory,
      config: configOf(directory, spec, session, optimizer.coordinatorName, writer),
      notices: [
        ...session.notices,
        ...fewRows(session),
        ...optimizer.notices,
        ...controlNotices(spec, session),
        ...writerNotices(spec, session, writer),
      ],
      coordinator,
      leastMeasurements: leastMeasurements(spec, session.file),
      context: {
        evaluator: session.evaluator,
        trainer,
        ...(program && { program }),
        adapters: adapterFolder(directory.adapters, session.modelSource),
        prompt: session.file.prompt,
        ...(session.adapter && { start: session.adapter }),
        trainset: session.trainset,
        valset: session.valset,
        objective,
        worth: worthOf(spec, session.file),
        seed: spec.seed,
      },
      measureRate: async () => rate ?? measureRate(session, optimizer, spec.tune),
      ...(session.testSize > 0 && {
        test: {
          rows: (most) => testRows('the end', most),
          attribute,
        },
      }),
      price: session.price,
      ...(canHaveControls(spec, session) && {
        controls: {
          names: controlNames,
          choose: (name, valOf) => {
            const { coordinator, ...chosen } = chooseControl(name, valOf);
            // Weights that are tuned alone have the same learned start to probe as the run had.
            return { ...chosen, coordinator: withWarmStart(coordinator, chosen.target === 'weights' ? warm : undefined) };
          },
          measure: (context, rows, run, control) => measureControl(context, testRows('the controls', rows), run, control),
        },
      }),
      forget: session.forget,
      ...(writer && { writer }),
      lateNotices: () => changedFiles(directory, data).map(changeNotice),
      onLine,
      ...(hooks.signal && { signal: hooks.signal }),
      ...(interrupt && { interrupt }),
      ...(waited && { waited }),
    });
  } catch (error) {
    // Report what stopped the run, even if the report cannot be written either.
    try {
      if (existsSync(directory.journal)) writeReport(directory, readState(directory));
    } catch {
      // `tandem report` writes it from the journal.
    }
    throw error;
  }
  writeReport(directory, readState(directory));
  return { directory, state };
}

function configOf(
  directory: RunDirectory,
  spec: RunSpec,
  session: Session,
  coordinator: CoordinatorName,
  writer: RunWriter | undefined,
): RunConfig {
  const { model, evaluator, trainset, valset, testSize } = session;
  return {
    run: directory.run,
    prompt: portable(directory.workspace, spec.prompt),
    data: Object.keys(session.dataHashes),
    model: { name: model.name, fingerprint: model.fingerprint },
    metric: evaluator.task.metric.name,
    seed: spec.seed,
    budget: spec.budget,
    ...(coordinator !== 'alternating' && { coordinator }),
    ...(spec.soft && { soft: spec.soft }),
    schedule: spec.schedule,
    strategy: spec.strategy ?? 'default',
    tune: spec.tune,
    ...(spec.curriculum && spec.curriculum !== 'none' && { curriculum: curriculumOf(spec) }),
    ...(canHaveControls(spec, session) && { controls: controlNames }),
    ...(hasStepAdapters(spec, session) && { adapters: 'per-step' }),
    ...(session.answerEnds.some((ends) => ends) && { answerEnds: session.answerEnds }),
    ...(session.chatDate !== undefined && { chatDate: session.chatDate }),
    ...(spec.lora && { lora: spec.lora }),
    worth: worthOf(spec, session.file),
    ...(writer && { writer: { name: writer.writer.name, budget: writer.budget } }),
    splits: { train: trainset.length, val: valset.length, test: testSize },
    limits: spec.rows,
    executor: spec.executor,
    threads: session.threads,
    versions: { tandem: manifest.version, node: process.version, platform: `${process.platform} ${process.arch}` },
    startedAt: new Date().toISOString(),
  };
}

const hasStepAdapters = ({ adapters }: RunSpec, { adapter, programEvaluator }: Session): boolean =>
  (programEvaluator?.steps.length ?? 1) > 1 && (adapter?.steps !== undefined || adapters === 'per-step');

/** Controls are those of one prompt, and they are compared on test rows. */
const canHaveControls = ({ controls }: RunSpec, { testSize, program }: Session): boolean => controls === true && testSize > 0 && !program;

function fewRows({ valset }: Session): string[] {
  const notice = fewRowsNotice({ val: valset.length });
  return notice === undefined ? [] : [notice];
}

function controlNotices(spec: RunSpec, session: Session): string[] {
  if (!spec.controls || canHaveControls(spec, session)) return [];
  const why = session.program
    ? 'Controls work for a single prompt, not for a program'
    : 'There are no held-out test rows on which to compare the run with its controls';
  return [`${why}, so no controls are run.`];
}

function writerNotices(spec: RunSpec, session: Session, writer: RunWriter | undefined): string[] {
  if (spec.writer && !writer) return ['Only the weights are tuned, so the writer is not used.'];
  if (writer && canHaveControls(spec, session)) return ['The controls do not use the writer: its budget belongs to the run.'];
  return [];
}

/** A candidate as a whole prompt file, for people to open; of a program a file for each step: `3.1.summary.prompt.md`. */
function writeCandidate(directory: RunDirectory, { file, program }: Session, candidate: string, prompt: Prompt): void {
  const files = program?.steps ?? [file];
  for (const [step, own] of stepsOf(prompt).entries()) {
    const { path, settings } = files[step];
    const name = candidateFile(candidate, path, program && settings.output);
    writeFileAtomically(join(directory.candidates, name), candidateText(files[step], own));
  }
}

function candidateText(file: PromptFile, prompt: Prompt): string {
  try {
    return applyPrompt(file, prompt, { output: file.settings.output });
  } catch {
    return prompt.body;
  }
}

/** The texts of a program's prompt files as the run begins with them. */
function sourcesOf({ program }: Session): { sources?: Readonly<Record<string, string>> } {
  return program ? { sources: Object.fromEntries(program.steps.map(({ path, text }) => [path, text])) } : {};
}

/** The files of the record that are not what they were, by their absolute paths. */
function changedFiles({ workspace }: RunDirectory, data: Readonly<Record<string, string>>): string[] {
  return Object.entries(data)
    .map(([path, hash]) => ({ file: resolve(workspace, path), hash }))
    .filter(({ file, hash }) => !existsSync(file) || hashText(readFileBytes(file)) !== hash)
    .map(({ file }) => file);
}

const changeNotice = (file: string): string =>
  `${file} changed during the run. The run's numbers are for the file as it was at the start; the current file would give different numbers.`;

function requireSameData(directory: RunDirectory, data: Readonly<Record<string, string>>): void {
  const [file] = changedFiles(directory, data);
  if (file === undefined) return;
  const what = isModule(file) ? 'metric' : 'data';
  throw new TandemError('data-changed', `The ${what} has changed since the run began.`, {
    where: { file },
    hint: 'Restore the file, or start a new run.',
  });
}

/** Adapters and answers of the former half would be of another model. */
function requireSameModel(directory: RunDirectory, { model }: Session): void {
  const began = readState(directory).config?.model;
  if (!began || began.fingerprint === model.fingerprint) return;
  throw new TandemError('model-changed', `The model ${model.name} has changed since the run began.`, {
    hint: 'Restore the model, or start a new run.',
  });
}

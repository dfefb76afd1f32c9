/** @file Starts and resumes runs in this process, for the worker and for users of the API. */
import { describeError, TandemError } from '../errors.ts';
import { checkedLora } from '../model/adapter.ts';
import { requireSameData, requireSameModel } from './changedInputs.ts';
import { requireBudgetForStep, requireBudgetForWords } from './leastBudget.ts';
import { openOptimizer } from './optimizer.ts';
import { openWriter } from './openWriter.ts';
import { keepStarts, requireOwnStarts } from './ownStarts.ts';
import { measureRate } from './rate.ts';
import { explainedError } from './record/fileErrors.ts';
import { clockFrom } from './record/journal.ts';
import { acquireLock } from './record/lock.ts';
import { pruneWorkspace } from './record/pruneRuns.ts';
import {
  createRun,
  noteResumed,
  portable,
  readRecord,
  readSource,
  readState,
  workspaceLock,
  type RunDirectory,
} from './record/runDirectory.ts';
import type { RunState } from './record/state.ts';
import { workspaceOf } from './record/tandemFolder.ts';
import { atMost } from './rowPlan.ts';
import { runInSession, type RunHooks } from './runInSession.ts';
import { defaultThreads, openSession, type Session, type SessionOptions } from './session.ts';
import { checkedBudget, type RunSpec } from './spec.ts';
import type { Interrupt } from './worker/interrupt.ts';
import { whatToTune } from './whatToTune.ts';
import { checkedGate } from './worthAsked.ts';

/** A new run from start to end. @throws TandemError whatever is wrong with prompt, data or model, before a directory is made */
export async function startRun(asked: RunSpec, hooks: RunHooks = {}): Promise<{ directory: RunDirectory; state: RunState }> {
  const waiting = clockFrom(asked.used);
  checkedLora(asked.lora ?? {});
  checkedGate(asked.gate ?? {});
  const budget = checkedBudget(asked.budget);
  const source = readSource(asked.prompt);
  const spec = { ...asked, tune: whatToTune(asked), budget, threads: asked.threads ?? defaultThreads() };
  return alone(workspaceOf(spec.prompt), spec, hooks, async () => {
    const { signal, onBusy, ask, models } = hooks;
    const interrupt: Interrupt = { check: () => signal?.throwIfAborted() };
    const writer = await openWriter(spec, { mustAnswer: true, ask, signal, onBusy });
    const onRead: SessionOptions['onRead'] = (read) => requireBudgetForWords(spec, read);
    const session = await openSession(spec, { source, forgetful: true, onBusy, models, signal, interrupt, onRead });
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
      return await runInSession(directory, spec, session, { ...hooks, interrupt, waited, rate, writer });
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
  // Versions that stored no date gave templates the current date.
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
    const { signal, onBusy, ask, models } = hooks;
    const interrupt: Interrupt = { check: () => signal?.throwIfAborted() };
    const writer = await openWriter(spec, { mustAnswer: false, ask, signal, onBusy });
    const session = await openSession(spec, {
      source,
      sources,
      forgetful: true,
      onBusy,
      models,
      signal,
      interrupt,
      ...(answerEnds && { answerEnds }),
    });
    const waited = (): number => waiting() - session.fetching;
    try {
      requireSameModel(directory, session);
      noteResumed(directory);
      return await runInSession(directory, spec, session, { ...hooks, interrupt, waited, writer });
    } finally {
      await session.dispose();
    }
  });
}

/** A failure to tidy up is no reason not to run. */
async function tidy({ workspace }: RunDirectory, { keepRuns }: RunSpec, { warn }: Session): Promise<void> {
  try {
    await pruneWorkspace(workspace, { keep: keepRuns });
  } catch (error) {
    warn(`Old runs could not be removed: ${describeError(explainedError(error)).split('\n', 1)[0]}`);
  }
}

/** Two runs would share the machine's cores and memory and be slower than one after the other. Each would also mismeasure its rate. */
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

/** The texts of a program's prompt files at the beginning of the run. */
function sourcesOf({ program }: Session): { sources?: Readonly<Record<string, string>> } {
  return program ? { sources: Object.fromEntries(program.steps.map(({ path, text }) => [path, text])) } : {};
}

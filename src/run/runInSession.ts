/** @file Drives a run in an open session: combines what the session and the run's folder provide, and writes the report at the end. */
import { existsSync } from 'node:fs';
import type { Row } from '../data/dataset.ts';
import { chooseControl, measureControl } from '../optimize/baselines/controls.ts';
import { controlNames } from '../optimize/baselines/names.ts';
import { withWarmStart } from '../optimize/warmStart.ts';
import { changeNotices } from './changedInputs.ts';
import { leastMeasurements } from './coordinators.ts';
import type { AskHost } from './editorWriter.ts';
import { executeRun, type Execution, type RunWriter } from './execute.ts';
import { openOptimizer } from './optimizer.ts';
import { measureRate, type Rate } from './rate.ts';
import { adapterFolder } from './record/adapterFolder.ts';
import type { JournalLine } from './record/events.ts';
import { readRecord, readState, requireRunFolders, type RunDirectory } from './record/runDirectory.ts';
import type { RunState } from './record/state.ts';
import { atMost } from './rowPlan.ts';
import { canHaveControls, configOf, runNotices } from './runConfig.ts';
import type { Session } from './session.ts';
import type { RunSpec } from './spec.ts';
import { warmStartFor } from './warmStarts.ts';
import type { ModelKeeper } from './worker/modelKeeper.ts';
import { writeReport } from './words/reportFile.ts';
import { worthOf } from './worthAsked.ts';
import { writeCandidate } from './writeCandidate.ts';

export interface RunHooks {
  readonly onOpened?: (directory: RunDirectory) => void;
  readonly onLine?: (line: JournalLine, replayed: boolean) => void;
  readonly onBusy?: (what: string, share?: number) => void;
  /** What already holds the model, or keeps it for later. */
  readonly models?: ModelKeeper;
  /** Asks the process that started this one, for a writer of the editor. */
  readonly ask?: AskHost;
  /** Aborting it ends the run. What was accepted so far is kept. */
  readonly signal?: AbortSignal;
}

/** How the run is driven, apart from what is reported about it. */
export interface Driven extends RunHooks, Pick<Execution, 'interrupt' | 'waited'> {
  /** Given if the rate was already measured. */
  readonly rate?: Rate;
  readonly writer?: RunWriter;
}

/** Drives the run from its current position to its end and its report. */
export async function runInSession(
  directory: RunDirectory,
  spec: RunSpec,
  session: Session,
  hooks: Driven,
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
      notices: runNotices(spec, session, optimizer, writer),
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
            // The probe of the weights alone uses the same learned start as the run.
            return { ...chosen, coordinator: withWarmStart(coordinator, chosen.target === 'weights' ? warm : undefined) };
          },
          measure: (context, rows, run, control) => measureControl(context, testRows('the controls', rows), run, control),
        },
      }),
      forget: session.forget,
      ...(writer && { writer }),
      lateNotices: () => changeNotices(directory, data),
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

/** @file The process that works on one run, or measures again and again: the entry of dist/worker.js. */
import { exportAdapter } from './exportAdapter.ts';
import { sessionHeadroom } from './headroom.ts';
import { measureLines, measurePrompt, type PromptMeasureOptions } from './measure.ts';
import { listRows } from './measuredRows.ts';
import { keepOneModel } from './modelKeeper.ts';
import type { MeasureParams, Notification, RunResult } from './protocol.ts';
import { findRun } from './runDirectory.ts';
import { serve } from './serve.ts';
import { openSession, type Session } from './session.ts';
import type { Split } from './spec.ts';
import { resumeRun, startRun, type RunHooks } from './startRun.ts';

type Tell = (notification: Notification) => void;

const models = keepOneModel();

serve({
  optimize: async ({ spec }, tell, signal) => {
    await models.dispose();
    return resultOf(await startRun(spec, hooksFor(tell, signal)));
  },
  resume: async ({ directory, allowModules }, tell, signal) => {
    await models.dispose();
    return resultOf(await resumeRun(findRun(directory, directory), { ...hooksFor(tell, signal), allowModules }));
  },
  evaluate: (params, tell, signal) => inSession(measurePrompt, params, tell, signal),
  attribute: (params, tell, signal) => inSession(measureLines, params, tell, signal),
  export: ({ spec }, tell) => exportAdapter(spec, busyTeller(tell)),
  headroom: async ({ spec }, tell, signal) => {
    const onBusy = busyTeller(tell);
    const session = await openSession(spec, { models, onBusy, signal });
    try {
      return await sessionHeadroom(session, spec, { onBusy, signal });
    } finally {
      await session.dispose();
    }
  },
  rows: ({ spec, most }) => listRows(spec, most),
});

const resultOf = ({ directory }: { directory: { path: string } }): RunResult => ({ directory: directory.path });

function hooksFor(tell: Tell, signal: AbortSignal): RunHooks {
  return {
    onOpened: ({ path }) => tell({ type: 'runOpened', directory: path }),
    onLine: (line, replayed) => tell({ type: 'line', line, replayed }),
    onBusy: busyTeller(tell),
    signal,
  };
}

const busyTeller =
  (tell: Tell) =>
  (what: string, share?: number): void =>
    tell({ type: 'busy', what, ...(share !== undefined && { share }) });

async function inSession<T>(
  measure: (session: Session, split: Split, options: PromptMeasureOptions) => Promise<T>,
  { spec, split, lines }: MeasureParams,
  tell: Tell,
  signal: AbortSignal,
): Promise<T> {
  const onBusy = busyTeller(tell);
  const session = await openSession(spec, { models, onBusy, signal });
  try {
    return await measure(session, split, { onBusy, signal, ...(lines && { lines }) });
  } finally {
    await session.dispose();
  }
}

/** @file What the worker does for each of its methods. A measurement leaves its model loaded for the next one, or for a run. */
import { answerRow } from '../answerRow.ts';
import type { AskHost } from '../editorWriter.ts';
import { exportAdapter } from '../exportAdapter.ts';
import { sessionPreflight } from '../preflight.ts';
import { measureLines, measurePrompt, type MeasureOptions } from '../measure.ts';
import { listRows } from '../measuredRows.ts';
import type { PromptTexts } from '../openPrompt.ts';
import type { ModelKeeper } from './modelKeeper.ts';
import type { Notification, RunResult } from './protocol.ts';
import { renderPrompt } from '../render.ts';
import { findRun } from '../record/runDirectory.ts';
import type { Handlers } from './serve.ts';
import { openSession, type Session } from '../session.ts';
import type { SessionSpec } from '../spec.ts';
import type { RunHooks } from '../runInSession.ts';
import { resumeRun, startRun } from '../startRun.ts';
import { writerExample } from '../writerExample.ts';

type Tell = (notification: Notification) => void;

export const handlersWith = (models: ModelKeeper): Handlers => ({
  optimize: async ({ spec }, tell, signal, ask) => resultOf(await startRun(spec, { ...hooksFor(tell, signal, ask), models })),
  resume: async ({ directory, allowModules, writerConsent }, tell, signal, ask) => {
    const hooks = { ...hooksFor(tell, signal, ask), models, allowModules, writerConsent };
    return resultOf(await resumeRun(findRun(directory, directory), hooks));
  },
  evaluate: ({ spec, split, lines }, tell, signal) =>
    inSession(models, spec, tell, signal, (session, options) => measurePrompt(session, split, { ...options, ...(lines && { lines }) })),
  attribute: ({ spec, split }, tell, signal) =>
    inSession(models, spec, tell, signal, (session, options) => measureLines(session, split, options)),
  preflight: ({ spec, within }, tell, signal) =>
    inSession(models, spec, tell, signal, (session, options) =>
      sessionPreflight(session, spec, { ...options, ...(within !== undefined && { within }) }),
    ),
  export: ({ spec }, tell) => exportAdapter(spec, busyTeller(tell)),
  answer: ({ spec, values, weights, ...texts }, tell, signal) =>
    inSession(
      models,
      spec,
      tell,
      signal,
      (session) => {
        tell({ type: 'busy', what: 'Answering' });
        return answerRow(session, { values, weights }, { signal, onText: (weights, text) => tell({ type: 'written', weights, text }) });
      },
      texts,
    ),
  rows: ({ spec, ...options }) => listRows(spec, options),
  writerExample: ({ spec }) => writerExample(spec),
  render: ({ spec, ...options }, tell, signal) => renderPrompt(spec, options, { models, onBusy: busyTeller(tell), signal }),
});

const resultOf = ({ directory }: { directory: { path: string } }): RunResult => ({ directory: directory.path });

function hooksFor(tell: Tell, signal: AbortSignal, ask: AskHost): RunHooks {
  return {
    onOpened: ({ path }) => tell({ type: 'runOpened', directory: path }),
    onLine: (line, replayed) => tell({ type: 'line', line, replayed }),
    onBusy: busyTeller(tell),
    ask,
    signal,
  };
}

const busyTeller =
  (tell: Tell) =>
  (what: string, share?: number): void =>
    tell({ type: 'busy', what, ...(share !== undefined && { share }) });

/** Works in a session, and reports its notices. */
async function inSession<T>(
  models: ModelKeeper,
  spec: SessionSpec,
  tell: Tell,
  signal: AbortSignal,
  work: (session: Session, options: MeasureOptions) => Promise<T>,
  texts: PromptTexts = {},
): Promise<T> {
  const options = { onBusy: busyTeller(tell), signal };
  const session = await openSession(spec, { models, ...texts, ...options });
  try {
    const result = await work(session, options);
    for (const message of session.notices) tell({ type: 'noticed', message });
    return result;
  } finally {
    await session.dispose();
  }
}

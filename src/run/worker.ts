/** @file The process that works on one run: the entry of dist/worker.js. */
import type { Notification, RunResult } from './protocol.ts';
import { findRun } from './runDirectory.ts';
import { serve } from './serve.ts';
import { resumeRun, startRun, type RunHooks } from './startRun.ts';

type Tell = (notification: Notification) => void;

serve({
  optimize: async ({ spec }, tell, signal) => resultOf(await startRun(spec, hooksFor(tell, signal))),
  resume: async ({ directory }, tell, signal) => resultOf(await resumeRun(findRun(directory, directory), hooksFor(tell, signal))),
});

const resultOf = ({ directory }: { directory: { path: string } }): RunResult => ({ directory: directory.path });

function hooksFor(tell: Tell, signal: AbortSignal): RunHooks {
  return {
    onOpened: ({ path }) => tell({ type: 'runOpened', directory: path }),
    onLine: (line, replayed) => tell({ type: 'line', line, replayed }),
    onBusy: (what) => tell({ type: 'busy', what }),
    signal,
  };
}

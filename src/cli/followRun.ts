/** @file Follows a run in a worker process: shows its progress, handles Ctrl-C and prints a summary at the end. */
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TandemError } from '../errors.ts';
import { unifiedDiff } from '../prompt/hunks.ts';
import { accept, proposalsOf, type Accepted } from '../run/accept.ts';
import { startWorker, stopPatience, type WorkerClient } from '../run/worker/client.ts';
import type { Notification, RunResult } from '../run/worker/protocol.ts';
import { changeLines, outcomeLines } from '../run/words/outcomeText.ts';
import { findRun, portable, readState, type RunDirectory } from '../run/record/runDirectory.ts';
import { shellWord } from '../run/words/shellWord.ts';
import { workspaceOf } from '../run/record/tandemFolder.ts';
import type { RunState } from '../run/record/state.ts';
import { headline, nothingText } from '../run/words/words.ts';
import { colouredDiff, coloursFor } from './colours.ts';
import { exitCodes } from './exitCodes.ts';
import { makeProgress } from './progress.ts';
import { stderr, stdout } from './terminal.ts';

export interface FollowOptions {
  /** Print the events instead of progress and summary. */
  readonly json?: boolean;
  /** Write the accepted prompt and adapter. */
  readonly apply?: boolean;
}

/** The worker is built beside this file. */
export const workerFile = (): string => fileURLToPath(new URL('./worker.js', import.meta.url));

/** Sets the exit code. @throws what the run threw */
export async function followRun(
  begin: (client: WorkerClient) => Promise<RunResult>,
  { json = false, apply = false }: FollowOptions,
): Promise<void> {
  const progress = makeProgress(stderr, { quiet: json });
  let opened = false;
  const onNotification = (notification: Notification): void => {
    if (notification.type === 'runOpened') opened = true;
    if (notification.type === 'busy') progress.busy(notification.what, notification.share);
    if (notification.type !== 'line') return;
    progress.event(notification.line, notification.replayed);
    if (json) stdout.json(notification.line, 0);
  };
  const client = startWorker({ file: workerFile(), onNotification });
  progress.watch(client.vitality);
  const interrupts = hearInterrupts({
    first: () => {
      progress.note(
        'Stopping. Accepted changes, if any, are now measured on the test rows. Press Ctrl-C again to skip this; `tandem resume` then continues the run.',
      );
      client.stop(stopPatience.run);
    },
    second: () => {
      progress.close();
      void client.dispose().then(() => process.exit(exitCodes.interrupted));
    },
  });
  try {
    const { directory: path } = await begin(client);
    progress.close();
    const directory = findRun(path, path);
    const state = readState(directory);
    const accepted = apply && state.start ? accept(proposalsOf(directory, state)) : undefined;
    if (!json) stdout.say(summary(directory, state, accepted));
    if (interrupts.heard()) process.exitCode = exitCodes.interrupted;
  } catch (error) {
    // Ctrl-C also reaches the worker, which dies if it is still loading. Then there is no run to continue.
    const reason = error instanceof TandemError ? error.reason : undefined;
    if (!interrupts.heard() || !(reason === 'stopped' || (reason === 'worker-died' && !opened))) throw error;
    progress.note('Stopped before the run began.');
    process.exitCode = exitCodes.interrupted;
  } finally {
    progress.close();
    interrupts.close();
    await client.dispose();
  }
}

/** How to name the run to a command given in this folder. */
export function runArgument({ workspace, path, run }: RunDirectory, cwd = process.cwd()): string {
  return shellWord(workspaceOf(`${cwd}/_`) === workspace ? run : relative(cwd, path));
}

/** What a run found and which files were written. If nothing was written yet, it shows the changes and how to accept them. */
export function summary(directory: RunDirectory, state: RunState, accepted?: Accepted): string {
  if (!state.start) return `${headline(state)}\nReport: ${relative(process.cwd(), directory.report)}\n`;
  const proposals = proposalsOf(directory, state);
  const lines = outcomeLines(directory, state);
  lines.push(`Report: ${relative(process.cwd(), directory.report)}`);
  if (proposals.every(({ before, after }) => before === after)) lines.push(nothingText(state));
  else if (accepted) lines.push(...(accepted.written.length > 0 ? changeLines(directory, state) : []), ...acceptedLines(accepted));
  else {
    const diffs = proposals.map(({ file, before, after }) => unifiedDiff(portable(directory.workspace, file), before, after).trimEnd());
    const colours = coloursFor(stdout);
    lines.push(
      '',
      ...diffs.filter((diff) => diff !== '').map((diff) => colouredDiff(diff, colours)),
      '',
      ...changeLines(directory, state),
      acceptHint(directory),
    );
  }
  return lines.join('\n') + '\n';
}

/** How to accept the run from here: in a task of the editor, with npm in a checkout, or with the command itself. */
function acceptHint(directory: RunDirectory): string {
  if (process.env.TANDEM_EDITOR) return 'Review it:  run Tandem: Review Changes from the Command Palette';
  return `Accept it:  ${tandemHere()} accept ${runArgument(directory)}`;
}

/** How to call the command from here. */
export const tandemHere = (): string => (process.env.npm_package_name === 'tandem' ? 'npm run tandem --' : 'tandem');

function acceptedLines({ written, leftOut }: Accepted): string[] {
  const changes = `${leftOut} ${leftOut === 1 ? 'change' : 'changes'}`;
  return [
    written.length > 0 ? `Written: ${written.map((path) => relative(process.cwd(), path)).join(' and ')}` : 'Nothing left to write.',
    ...(leftOut > 0 ? [`Left out: ${changes} that you rejected in the editor. To accept rejected changes, use Review Changes there.`] : []),
  ];
}

function hearInterrupts({ first, second }: { first: () => void; second: () => void }): { heard(): boolean; close(): void } {
  let times = 0;
  const listener = (): void => (++times === 1 ? first() : second());
  process.on('SIGINT', listener);
  process.on('SIGTERM', listener);
  return {
    heard: () => times > 0,
    close: () => {
      process.off('SIGINT', listener);
      process.off('SIGTERM', listener);
    },
  };
}

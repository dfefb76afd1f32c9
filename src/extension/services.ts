/** @file What the surfaces share. */
import * as vscode from 'vscode';
import { makeEngine, type Engine } from './core/engine.ts';
import { makeLog } from './log.ts';
import { watchPrompts, type Prompts } from './prompts.ts';
import { watchReviews, type Reviews } from './reviews.ts';
import { watchRuns, type Runs } from './runs.ts';
import type { CommandId } from './ids.ts';

export interface Services extends vscode.Disposable {
  readonly engine: Engine;
  readonly prompts: Prompts;
  readonly runs: Runs;
  readonly reviews: Reviews;
  readonly log: vscode.LogOutputChannel;
  /** Whether the manifest has the command. */
  readonly offers: (command: CommandId) => boolean;
}

export function openServices({ extensionUri, extension }: vscode.ExtensionContext): Services {
  const engine = makeEngine({ workerFile: vscode.Uri.joinPath(extensionUri, 'dist', 'worker.js').fsPath });
  const log = makeLog(engine);
  const prompts = watchPrompts(log);
  const runs = watchRuns(engine, prompts, log);
  const reviews = watchReviews(prompts, runs, log);
  const { contributes } = extension.packageJSON as { contributes: { commands: readonly { command: string }[] } };
  const commands = new Set(contributes.commands.map(({ command }) => command));
  // The results are written when a measurement is over; the watcher sees only those in the workspace.
  const listener = engine.onDidChange(({ status, measured }) => status === 'done' && measured && prompts.refresh());
  return {
    engine,
    prompts,
    runs,
    reviews,
    log,
    offers: (command) => commands.has(command),
    dispose: () => {
      vscode.Disposable.from(listener, reviews, runs, prompts, { dispose: () => void engine.dispose() }, log).dispose();
    },
  };
}

/** @file What the surfaces share. */
import * as vscode from 'vscode';
import { makeEngine, type Engine } from './core/engine.ts';
import { makeRowLister, type RowLister } from './core/rowLister.ts';
import { makeSamples, type Samples } from './core/dataSample.ts';
import { makeSidePanels, type SidePanels } from './core/sidePanels.ts';
import { writeWithEditor } from './editorModels.ts';
import { watchLibrary, type Library } from './library.ts';
import { makeLog } from './log.ts';
import { watchModels, type Models } from './models.ts';
import { watchPrompts, type Prompts } from './prompts.ts';
import { watchReviews, type Reviews } from './reviews.ts';
import { watchRuns, type Runs } from './runs.ts';
import type { CommandId } from './ids.ts';

export interface Services extends vscode.Disposable {
  readonly engine: Engine;
  readonly prompts: Prompts;
  readonly library: Library;
  readonly models: Models;
  readonly runs: Runs;
  readonly reviews: Reviews;
  readonly log: vscode.LogOutputChannel;
  readonly rowLister: RowLister;
  readonly samples: Samples;
  readonly sidePanels: SidePanels<vscode.WebviewPanel>;
  /** Whether the manifest has the command. */
  readonly offers: (command: CommandId) => boolean;
}

export function openServices({ extensionUri, extension }: vscode.ExtensionContext): Services {
  const workerFile = vscode.Uri.joinPath(extensionUri, 'dist', 'worker.js').fsPath;
  const engine = makeEngine({ workerFile, host: { write: writeWithEditor } });
  const rowLister = makeRowLister({ workerFile });
  const log = makeLog(engine);
  const prompts = watchPrompts(log);
  const library = watchLibrary(prompts, log);
  const models = watchModels();
  const runs = watchRuns(engine, prompts, log);
  const reviews = watchReviews(prompts, runs, log);
  const { contributes } = extension.packageJSON as { contributes: { commands: readonly { command: string }[] } };
  const commands = new Set(contributes.commands.map(({ command }) => command));
  // The results are written when a measurement is over; the watcher sees only those in the workspace.
  const listener = engine.onDidChange(({ status, measured }) => status === 'done' && measured && prompts.refresh());
  return {
    engine,
    prompts,
    library,
    models,
    runs,
    reviews,
    log,
    rowLister,
    samples: makeSamples(),
    sidePanels: makeSidePanels(vscode.ViewColumn.Beside),
    offers: (command) => commands.has(command),
    dispose: () => {
      const engines = { dispose: () => void engine.dispose() };
      vscode.Disposable.from(listener, reviews, runs, models, library, prompts, rowLister, engines, log).dispose();
    },
  };
}

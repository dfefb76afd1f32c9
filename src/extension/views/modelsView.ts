/** @file The view of the models that are installed, the one that comes with Tandem first. */
import type * as vscode from 'vscode';
import { modelRow } from '../core/rows.ts';
import { viewIds } from '../ids.ts';
import type { Services } from '../services.ts';
import { registerRowsView } from './rowsView.ts';

export function registerModelsView({ engine, models }: Services): vscode.Disposable {
  return registerRowsView<string>(viewIds.models, {
    rows: async () => (await models.list()).map((model) => [model.name, modelRow(model)] as const),
    // The first job on a model may have downloaded it.
    changes: [models.onDidChange, (listener) => engine.onDidChange(({ status }) => status === 'done' && listener(undefined))],
  });
}

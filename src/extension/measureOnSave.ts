/** @file Measures a prompt when it is saved, where the settings say so. */
import * as vscode from 'vscode';
import { settingIds } from './ids.ts';
import type { Services } from './services.ts';
import { sessionSpec, setting } from './settings.ts';
import { folderOf } from './work.ts';

export function registerMeasureOnSave({ engine, prompts }: Services): vscode.Disposable {
  return vscode.workspace.onDidSaveTextDocument((document) => {
    const { uri } = document;
    const known = prompts.of(document);
    if (!known?.file.hasSettings) return;
    const wanted = setting<'off' | 'prompt' | 'lines'>(settingIds.onSave, uri);
    if (wanted === 'off' || known.file.problems.some(({ severity }) => severity === 'error')) return;
    const measured = wanted === 'lines' ? known.results?.lines : known.results?.evaluation;
    if (measured && !known.stale) return;
    // How it fails is for the log: nobody asked for it just now.
    engine.start(folderOf(uri), {
      kind: wanted === 'lines' ? 'attribute' : 'evaluate',
      prompt: uri.fsPath,
      spec: sessionSpec(uri),
      split: 'val',
    });
  });
}

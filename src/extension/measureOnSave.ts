/** @file Measures a prompt or a program when it, or a prompt file of its steps, is saved, where the settings say so. */
import * as vscode from 'vscode';
import type { MeasuredFile } from './core/measuredFile.ts';
import { settingIds } from './ids.ts';
import { asNow } from './prompts.ts';
import type { Services } from './services.ts';
import { sessionSpec, setting } from './settings.ts';
import { folderOf } from './folderOf.ts';

export function registerMeasureOnSave({ engine, prompts, library }: Services): vscode.Disposable {
  const measure = (known: MeasuredFile): void => {
    // A text may be saved sooner than it is looked at.
    const { file, results, stale } = asNow(known);
    const uri = vscode.Uri.file(file.path);
    const set = setting<'off' | 'prompt' | 'lines'>(settingIds.onSave, uri);
    if (!file.hasSettings || set === 'off' || file.problems.some(({ severity }) => severity === 'error')) return;
    const wanted = set === 'lines' ? 'lines' : 'evaluation';
    if (results?.[wanted] && !stale) return;
    // How it fails is for the log: nobody asked for it just now.
    engine.start(folderOf(uri), {
      kind: wanted === 'lines' ? 'attribute' : 'evaluate',
      prompt: uri.fsPath,
      spec: sessionSpec(uri),
      split: 'val',
    });
  };
  return vscode.workspace.onDidSaveTextDocument((document) => {
    const known = prompts.of(document);
    if (!known) return;
    measure(known);
    void library.programsWith(known.file.path).then((programs) => programs.forEach(measure));
  });
}

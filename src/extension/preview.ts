/** @file The rendered prompt: a read-only document beside a prompt file with what the model is asked for a row, renewed as the file is edited. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { describeError, TandemError } from '../errors.ts';
import { choosePrompt } from './choosePrompt.ts';
import { renderedText } from './core/renderedText.ts';
import { stayInFolder } from './folderOf.ts';
import { commandIds } from './ids.ts';
import { isTunable, textsNow } from './prompts.ts';
import type { Services } from './services.ts';
import { sessionSpec } from './settings.ts';

/** Of the documents; their query is the path of the prompt file. */
const scheme = 'tandem-rendered';

/** Milliseconds that typing may pause before the text is rendered. */
const pause = 300;

export function registerPreview(services: Services): vscode.Disposable {
  const { rowLister, prompts } = services;
  const changed = new vscode.EventEmitter<vscode.Uri>();
  /** The row that is shown, by the address of its document; from 1. */
  const rows = new Map<string, number>();
  const counts = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;

  const shown = (): vscode.Uri[] => vscode.workspace.textDocuments.map(({ uri }) => uri).filter((uri) => uri.scheme === scheme);
  const renew = (): void => shown().forEach((uri) => changed.fire(uri));
  const later = (): void => {
    clearTimeout(timer);
    timer = setTimeout(renew, pause);
  };
  const step = (by: number) => (): void => {
    const uri = vscode.window.activeTextEditor?.document.uri;
    if (uri?.scheme !== scheme) return;
    const key = uri.toString();
    const next = (rows.get(key) ?? 1) + by;
    rows.set(key, Math.min(Math.max(1, next), counts.get(key) ?? Infinity));
    changed.fire(uri);
  };

  const provider: vscode.TextDocumentContentProvider = {
    onDidChange: changed.event,
    async provideTextDocumentContent(uri) {
      const prompt = vscode.Uri.file(uri.query);
      const key = uri.toString();
      try {
        stayInFolder(prompt);
        const rendered = await rowLister.render(sessionSpec(prompt), {
          ...textsNow(prompt.fsPath),
          split: 'val',
          row: rows.get(key) ?? 1,
          download: false,
        });
        counts.set(key, rendered.rows);
        return renderedText(rendered);
      } catch (error) {
        if (!(error instanceof TandemError)) throw error;
        return describeError(error);
      }
    },
  };

  return vscode.Disposable.from(
    vscode.workspace.registerTextDocumentContentProvider(scheme, provider),
    vscode.commands.registerCommand(commandIds.previewPrompt, async (target?: unknown) => {
      const active = vscode.window.activeTextEditor?.document.uri;
      // A step is shown as itself, not as its program.
      const own = target instanceof vscode.Uri ? target : active && isTunable(active) ? active : undefined;
      const prompt = own ?? (await choosePrompt(undefined, services))?.uri;
      if (!prompt || !isTunable(prompt)) return;
      const uri = vscode.Uri.from({ scheme, path: `/${basename(prompt.fsPath)} (rendered)`, query: prompt.fsPath });
      const document = await vscode.workspace.openTextDocument(uri);
      const viewColumn = vscode.ViewColumn.Beside;
      await vscode.window.showTextDocument(document, { viewColumn, preserveFocus: true, preview: false });
    }),
    vscode.commands.registerCommand(commandIds.previewNextRow, step(1)),
    vscode.commands.registerCommand(commandIds.previewPreviousRow, step(-1)),
    vscode.workspace.onDidChangeTextDocument(({ document }) => isTunable(document.uri) && later()),
    vscode.workspace.onDidSaveTextDocument(({ uri }) => uri.scheme === 'file' && later()),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => rows.delete(uri.toString())),
    vscode.workspace.onDidGrantWorkspaceTrust(renew),
    prompts.onDidRefresh(later),
    changed,
    { dispose: () => clearTimeout(timer) },
  );
}
